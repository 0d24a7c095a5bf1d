//! Tests "Your own firmware in C in ten minutes" of `firmware/c/README.md` as a newcomer would: it runs the commands,
//! writes the files, and compares the output.
//!
//! The Python program is run if the package is installed as CONTRIBUTING.md says. If QEMU or a compiler is missing, this is
//! ignored, and says why; see `tests::ignorable`.
#![cfg(unix)]

use libtest_mimic::{Arguments, Failed};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use tests::board::LM3S6965_IN_C;
use tests::ignorable;
use tests::newcomer::{Newcomer, REPOSITORY, blocks, section, session};

fn main() -> ExitCode {
    let trial = ignorable::trial(
        "a_newcomer_who_follows_the_readme_has_firmware_in_c_that_answers",
        missing,
        a_newcomer_who_follows_the_readme_has_firmware_in_c_that_answers,
    );
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

/// Returns the reason why the README cannot be followed here.
fn missing() -> Option<String> {
    let compiles = Command::new("cc").arg("--version").output().is_ok();
    let no_compiler =
        || (!compiles).then(|| "cc is not installed: sudo apt install gcc".to_owned());
    let board = LM3S6965_IN_C.missing_target();
    board
        .or_else(|| LM3S6965_IN_C.missing_emulator())
        .or_else(no_compiler)
}

fn a_newcomer_who_follows_the_readme_has_firmware_in_c_that_answers() -> Result<(), Failed> {
    let readme = fs::read_to_string(Path::new(REPOSITORY).join("firmware/c/README.md"))?;
    let newcomer = Newcomer::new(Path::new(env!("CARGO_TARGET_TMPDIR")), "own-firmware-in-c")?;
    let mut device = None;
    let (mut files, mut starts, mut answers, mut programs) = (0, 0, 0, 0);
    for block in blocks(section(&readme, "Your own firmware in C in ten minutes")?) {
        match (block.language, block.text) {
            // Commands that only change the machine, and those that only set the port in a shell.
            ("sh", text) if text.contains("cargo install") || text.starts_with("export") => {}
            ("sh", text) if text.contains("mkdir") => newcomer.run(text, newcomer.folder())?,
            ("sh", text) if text.contains("./desktop") || text.contains(" run") => {
                drop(device.take());
                device = Some(newcomer.start(text)?);
                starts += 1;
            }
            ("sh", text) => newcomer.run(text, &newcomer.sign())?,
            ("rust" | "c" | "make", text) => {
                let file = block
                    .file
                    .ok_or("no file is named before a block of code")?;
                fs::write(newcomer.sign().join(file), text)?;
                files += 1;
            }
            ("console", text) => {
                let device = device.as_ref().ok_or("the device is not started yet")?;
                for (command, printed) in session(text) {
                    assert_eq!(newcomer.see(command, device)?, printed, "{command}");
                    answers += 1;
                }
            }
            ("python", text) => {
                let device = device.as_ref().ok_or("the device is not started yet")?;
                let python = Path::new(REPOSITORY).join("target/python/bin/python");
                fs::write(newcomer.sign().join("sign.py"), text)?;
                if python.exists() {
                    let python = fs::canonicalize(python.parent().unwrap_or(&python))?;
                    let command = format!("{}/python sign.py", python.display());
                    assert_eq!(newcomer.see(&command, device)?, "");
                }
                programs += 1;
            }
            (language, _) => return Err(format!("a block of {language}").into()),
        }
    }
    // Checks that everything was found.
    assert_eq!((files, starts, answers, programs), (6, 2, 6, 1));
    Ok(())
}
