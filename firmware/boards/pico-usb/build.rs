//! Puts `memory.x` into the linker's search path, where cortex-m-rt's linker script `link.x`
//! includes it from. The linker also looks in its current directory, but Cargo starts it elsewhere
//! when the package is not built from its own folder.

fn main() {
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed=memory.x");
}
