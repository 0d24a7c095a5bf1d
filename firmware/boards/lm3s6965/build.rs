//! Puts `memory.x` into the linker's search path, where cortex-m-rt's linker script `link.x`
//! includes it from. The linker also looks in its current directory, but Cargo starts it elsewhere
//! when the package is not built from its own folder.

use std::path::Path;

const LOGGING: &str = "src/bin/console.rs";

fn main() {
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed=memory.x");
    // For the one program that logs (a copy of this folder may lack it): places defmt's strings
    // outside the flash.
    println!("cargo::rerun-if-changed={LOGGING}");
    if Path::new(LOGGING).exists() {
        println!("cargo::rustc-link-arg-bin=console=-Tdefmt.x");
    }
}
