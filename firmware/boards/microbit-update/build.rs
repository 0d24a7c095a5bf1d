//! Puts `partitions.x` into the linker's search path, and for each program the `memory.x` that
//! says which partition is its own; cortex-m-rt's linker script `link.x` includes it.

fn main() {
    let package = env!("CARGO_MANIFEST_DIR");
    println!("cargo::rustc-link-search={package}");
    // Or the headers of the file become a segment of their own, in front of a partition.
    println!("cargo::rustc-link-arg-bins=--nmagic");
    for (program, folder) in [("loader", "loader"), ("calculator", "application")] {
        println!("cargo::rustc-link-arg-bin={program}=-L{package}/{folder}");
        println!("cargo::rerun-if-changed={folder}/memory.x");
    }
    println!("cargo::rerun-if-changed=partitions.x");
}
