//! Tests "Your own firmware in ten minutes" of `firmware/README.md` as a newcomer would: it runs
//! the commands, writes the files, and compares the output.
//!
//! It is ignored, and says why, unless `SERIAL_RPC_BOARDS=all` is set, and if QEMU or the board's Rust
//! target is missing; see `tests::ignorable`.
#![cfg(unix)]

use libtest_mimic::{Arguments, Failed};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::iter;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use tests::board::LM3S6965;
use tests::ignorable;
use tests::program::program;

/// The root of the repository; the README assumes the folder `serial-rpc`.
const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

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
    let newcomer = Newcomer::new()?;
    let mut board = None;
    let (mut files, mut answers) = (0, 0);
    for block in blocks(section(&readme, "Your own firmware in ten minutes")?) {
        match (block.language, block.text) {
            // Commands that only change the machine, and those that only set the port in a shell.
            ("sh", text) if text.contains("cargo install") || text.starts_with("export") => {}
            ("sh", text) if text.contains("mkdir") => newcomer.make_folders(text)?,
            ("sh", text) => board = Some(newcomer.start_board(text)?),
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

/// A person with a clone of the repository, and a folder beside it.
struct Newcomer {
    folder: PathBuf,
    path: OsString,
}

impl Newcomer {
    fn new() -> Result<Self, Failed> {
        // Always the same, so that earlier builds for it can be used again.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("own-firmware");
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => fs::create_dir(&folder)?,
        }
        symlink(fs::canonicalize(REPOSITORY)?, folder.join("serial-rpc"))?;
        let installed = program().parent().ok_or("the program is in no folder")?;
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = iter::once(installed.to_owned()).chain(env::split_paths(&path));
        let path = env::join_paths(folders)?;
        Ok(Self { folder, path })
    }

    /// Returns the folder that the README tells them to create.
    fn sign(&self) -> PathBuf {
        self.folder.join("sign")
    }

    fn shell(&self, commands: &str, folder: &Path) -> Command {
        let mut shell = Command::new("sh");
        shell
            .args(["-e", "-c", commands])
            .current_dir(folder)
            .env("PATH", &self.path)
            // Flags for the tests would replace those that link the image.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            // Most of it is already built there, for the tests.
            .env(
                "CARGO_TARGET_DIR",
                concat!(env!("CARGO_TARGET_TMPDIR"), "/.."),
            )
            .env("XDG_CACHE_HOME", self.folder.join("cache"));
        shell
    }

    fn make_folders(&self, commands: &str) -> Result<(), Failed> {
        let made = self.shell(commands, &self.folder).output()?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned().into());
        }
        // The versions with which everything else here is tested.
        fs::copy(
            Path::new(REPOSITORY).join("Cargo.lock"),
            self.sign().join("Cargo.lock"),
        )?;
        Ok(())
    }

    /// Runs the command that runs the board, and waits until it prints the port.
    fn start_board(&self, command: &str) -> Result<Running, Failed> {
        // This replaces the shell, so that the emulator itself will be killed.
        let command = command.replace("cargo run", "exec cargo run");
        let mut process = self
            .shell(&command, &self.sign())
            .stdout(Stdio::piped())
            .spawn()?;
        let printed = process.stdout.take();
        let mut board = Running {
            process,
            port: String::new(),
        };
        for line in BufReader::new(printed.ok_or("it is piped")?).lines() {
            if let Some((_, rest)) = line?.split_once("--port ") {
                board.port = rest.split(' ').next().unwrap_or_default().to_owned();
                return Ok(board);
            }
        }
        Err("the board has printed no port".into())
    }

    /// Returns a command's output, after a line with its exit code if that is not 0.
    fn see(&self, command: &str, board: &Running) -> Result<String, Failed> {
        let output = self
            .shell(&format!("exec 2>&1; {command}"), &self.sign())
            .env("SERIAL_RPC_PORT", &board.port)
            .output()?;
        let printed = String::from_utf8(output.stdout)?;
        Ok(match output.status.code() {
            Some(0) => printed,
            Some(code) => format!("? {code}\n{printed}"),
            None => return Err(format!("{command}: {}", output.status).into()),
        })
    }
}

/// The emulated board, until this is dropped.
struct Running {
    process: Child,
    port: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Either fails only if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A code block of the README.
struct Block<'t> {
    language: &'t str,
    text: &'t str,
    /// The first text in backquotes in the paragraph before it.
    file: Option<&'t str>,
}

/// Returns the text below a heading, up to the next one of its kind.
fn section<'t>(text: &'t str, heading: &str) -> Result<&'t str, String> {
    let (_, rest) = text
        .split_once(&format!("\n## {heading}\n"))
        .ok_or_else(|| format!("there is no section {heading:?}"))?;
    Ok(rest.split("\n## ").next().unwrap_or(rest))
}

fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    // Prose and code take turns.
    let pieces: Vec<_> = text.split("```").collect();
    let blocks: Vec<_> = pieces
        .chunks_exact(2)
        .filter_map(|piece| {
            let (language, text) = piece[1].split_once('\n')?;
            let paragraph = piece[0].trim_end().rsplit("\n\n").next()?;
            let file = paragraph.split('`').nth(1);
            Some(Block {
                language,
                text,
                file,
            })
        })
        .collect();
    blocks.into_iter()
}

/// Returns the commands of a terminal session, each with its expected output.
fn session(text: &str) -> impl Iterator<Item = (&str, String)> {
    text.split("$ ").skip(1).filter_map(|piece| {
        let (command, printed) = piece.split_once('\n')?;
        Some((command, format!("{}\n", printed.trim_end())))
    })
}
