//! Tests "Your own firmware in ten minutes" of `firmware/README.md` as a newcomer would: it runs
//! the commands, writes the files, and compares the output.
//!
//! It is ignored, and says why, unless `SERIAL_RPC_BOARDS=all` is set, and if QEMU or the board's Rust
//! target is missing; see `tests::ignorable`.
#![cfg(unix)]

use libtest_mimic::{Arguments, Failed};
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use tests::board::LM3S6965;
use tests::ignorable;
use tests::newcomer::{Newcomer, REPOSITORY, blocks, section, session};

fn main() -> ExitCode {
    let missing = || {
        LM3S6965
            .missing_target()
            .or_else(|| LM3S6965.missing_emulator())
    };
    let trial = ignorable::slow_trial(
        "a_newcomer_who_follows_the_readme_has_firmware_that_answers",
        missing,
        a_newcomer_who_follows_the_readme_has_firmware_that_answers,
    );
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn a_newcomer_who_follows_the_readme_has_firmware_that_answers() -> Result<(), Failed> {
    let readme = fs::read_to_string(Path::new(REPOSITORY).join("firmware/README.md"))?;
    let newcomer = Newcomer::new(Path::new(env!("CARGO_TARGET_TMPDIR")), "own-firmware")?;
    let mut board = None;
    let (mut files, mut answers) = (0, 0);
    for block in blocks(section(&readme, "Your own firmware in ten minutes")?) {
        match (block.language, block.text) {
            // Commands that only change the machine, and those that only set the port in a shell.
            ("sh", text) if text.contains("cargo install") || text.starts_with("export") => {}
            ("sh", text) if text.contains("mkdir") => {
                newcomer.run(text, newcomer.folder())?;
                // The versions with which everything else here is tested.
                let lock = Path::new(REPOSITORY).join("Cargo.lock");
                fs::copy(lock, newcomer.sign().join("Cargo.lock"))?;
            }
            ("sh", text) => board = Some(newcomer.start(text)?),
            ("rust", text) => {
                let file = block
                    .file
                    .ok_or("no file is named before a block of Rust")?;
                fs::write(newcomer.sign().join(file), text)?;
                files += 1;
            }
            ("console", text) => {
                let board = board.as_ref().ok_or("the board is not started yet")?;
                for (command, printed) in session(text) {
                    assert_eq!(newcomer.see(command, board)?, printed, "{command}");
                    answers += 1;
                }
            }
            (language, _) => return Err(format!("a block of {language}").into()),
        }
    }
    // Checks that everything was found.
    assert_eq!((files, answers), (4, 5));
    for folder in ["interface", "host", "board"] {
        let formatted = newcomer
            .shell("cargo fmt --check", &newcomer.sign().join(folder))
            .output()?;
        assert!(formatted.status.success(), "{folder}: {formatted:?}");
    }
    Ok(())
}
