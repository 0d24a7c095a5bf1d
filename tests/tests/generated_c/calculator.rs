//! The code of the calculator in `firmware/c` is generated, and not written by hand.

use crate::generated;
use libtest_mimic::Failed;
use std::fs;
use std::path::Path;

pub fn is_generated() -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/c/calculator");
    for file in generated("firmware/src/demonstration.rs") {
        let there = fs::read_to_string(folder.join(&file.name))?;
        assert!(
            there == file.text,
            "{} is not what this writes: cargo run -p host-cli -- generate c firmware/src/demonstration.rs --out \
             firmware/c/calculator --client",
            file.name
        );
    }
    Ok(())
}
