//! Walks through a README as a newcomer would: runs its commands, writes its files, compares its output.

use crate::program::program;
use libtest_mimic::Failed;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::iter;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The root of the repository; the READMEs assume the folder `serial-rpc`.
pub const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A person with a clone of the repository, and a folder beside it.
pub struct Newcomer {
    folder: PathBuf,
    target: PathBuf,
    path: OsString,
}

impl Newcomer {
    /// Creates one, with an empty folder of that name below Cargo's folder for tests.
    ///
    /// # Errors
    /// Fails if the folder cannot be made.
    pub fn new(tests: &Path, name: &str) -> Result<Self, Failed> {
        // Always the same, so that earlier builds for it can be used again.
        let folder = tests.join(name);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => fs::create_dir(&folder)?,
        }
        symlink(fs::canonicalize(REPOSITORY)?, folder.join("serial-rpc"))?;
        let installed = program().parent().ok_or("the program is in no folder")?;
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = iter::once(installed.to_owned()).chain(env::split_paths(&path));
        let path = env::join_paths(folders)?;
        Ok(Self {
            folder,
            target: tests.join(".."),
            path,
        })
    }

    /// Returns the folder in which they begin.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the folder that the README tells them to create.
    #[must_use]
    pub fn sign(&self) -> PathBuf {
        self.folder.join("sign")
    }

    /// Returns the command that runs these in a folder.
    #[must_use]
    pub fn shell(&self, commands: &str, folder: &Path) -> Command {
        let mut shell = Command::new("sh");
        shell
            .args(["-e", "-c", commands])
            .current_dir(folder)
            .env("PATH", &self.path)
            // Flags for the tests would replace those that link the image.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            // Most of it is already built there, for the tests.
            .env("CARGO_TARGET_DIR", &self.target)
            .env("XDG_CACHE_HOME", self.folder.join("cache"));
        shell
    }

    /// Runs commands, which must succeed.
    ///
    /// # Errors
    /// Fails with what they print if they do not.
    pub fn run(&self, commands: &str, folder: &Path) -> Result<(), Failed> {
        let ran = self.shell(commands, folder).output()?;
        if ran.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&ran.stderr).into_owned().into())
    }

    /// Runs the commands that start a device, and waits until they print the port.
    ///
    /// # Errors
    /// Fails if they end before.
    pub fn start(&self, commands: &str) -> Result<Running, Failed> {
        let mut process = self
            .shell(commands, &self.sign())
            .stdout(Stdio::piped())
            // A group of its own, so that all that it starts can be ended.
            .process_group(0)
            .spawn()?;
        let printed = process.stdout.take();
        let mut device = Running {
            process,
            port: String::new(),
        };
        for line in BufReader::new(printed.ok_or("it is piped")?).lines() {
            if let Some((_, rest)) = line?.split_once("--port ") {
                device.port = rest.split(' ').next().unwrap_or_default().to_owned();
                return Ok(device);
            }
        }
        Err("the device has printed no port".into())
    }

    /// Returns a command's output, after a line with its exit code if that is not 0.
    ///
    /// # Errors
    /// Fails if it does not start, prints something other than text, or is killed.
    pub fn see(&self, command: &str, device: &Running) -> Result<String, Failed> {
        let output = self
            .shell(&format!("exec 2>&1; {command}"), &self.sign())
            .env("SERIAL_RPC_PORT", &device.port)
            .output()?;
        let printed = String::from_utf8(output.stdout)?;
        Ok(match output.status.code() {
            Some(0) => printed,
            Some(code) => format!("? {code}\n{printed}"),
            None => return Err(format!("{command}: {}", output.status).into()),
        })
    }
}

/// A device that was started, until this is dropped.
pub struct Running {
    process: Child,
    port: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        // Either fails only if it has ended already.
        let _: io::Result<_> = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}

/// A code block of the README.
pub struct Block<'t> {
    /// Its language.
    pub language: &'t str,
    /// Its content.
    pub text: &'t str,
    /// The first text in backquotes in the paragraph before it.
    pub file: Option<&'t str>,
}

/// Returns the text below a heading, up to the next one of its kind.
///
/// # Errors
/// Fails if there is no such heading.
pub fn section<'t>(text: &'t str, heading: &str) -> Result<&'t str, String> {
    let (_, rest) = text
        .split_once(&format!("\n## {heading}\n"))
        .ok_or_else(|| format!("there is no section {heading:?}"))?;
    Ok(rest.split("\n## ").next().unwrap_or(rest))
}

/// Returns the code blocks of a text.
pub fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
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
pub fn session(text: &str) -> impl Iterator<Item = (&str, String)> {
    text.split("$ ").skip(1).filter_map(|piece| {
        let (command, printed) = piece.split_once('\n')?;
        Some((command, format!("{}\n", printed.trim_end())))
    })
}
