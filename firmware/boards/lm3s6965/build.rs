//! Puts `memory.x` where cortex-m-rt's linker script `link.x` includes it from: the linker looks
//! in the directory it is started in and in its search path, and Cargo starts it elsewhere when
//! the package is not built from its own folder.

use std::path::Path;

const LOGGING: &str = "src/bin/console.rs";

fn main() {
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed=memory.x");
    // The one program that logs, unless a copy of this folder is without it: where defmt's strings
    // go, which is nowhere in the flash.
    println!("cargo::rerun-if-changed={LOGGING}");
    if Path::new(LOGGING).exists() {
        println!("cargo::rustc-link-arg-bin=console=-Tdefmt.x");
    }
}
