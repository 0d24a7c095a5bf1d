//! The code in `firmware/c` that is generated is that, and not written by hand.

use crate::described;
use libtest_mimic::Failed;
use serial_rpc_generator::generate_c;
use std::fs;
use std::path::Path;

/// Sources, the folders with the code that is generated from them, and whether clients are there.
const GENERATED: [(&str, &str, bool); 2] = [
    (
        "firmware/src/demonstration.rs",
        "firmware/c/calculator",
        true,
    ),
    (
        "firmware/c/arduino/examples/Lamp/lamp.rs",
        "firmware/c/arduino/examples/Lamp",
        false,
    ),
];

pub fn is_generated() -> Result<(), Failed> {
    for (source, folder, client) in GENERATED {
        let option = if client { " --client" } else { "" };
        for file in generate_c(&described(source), client)? {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("..")
                .join(folder);
            let there = fs::read_to_string(path.join(&file.name))?;
            assert!(
                there == file.text,
                "{folder}/{} is not what this writes: cargo run -p host-cli -- generate c {source} --out {folder}{option}",
                file.name
            );
        }
    }
    Ok(())
}
