//! `serial-rpc stubs`: writes a stub file for Python's type checkers.
//!
//! The Python package writes it, because that is what gives the types their names in Python.

use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::interface::Source;
use crate::output;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The interpreter that has the package: that of the virtual environment, if one is active.
const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// Write a stub file, by which type checkers of Python know the procedures.
///
/// Editors use it as well. The Python package serial_rpc writes it, and has to be installed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc stubs rig.pyi
  serial-rpc stubs --cached=lamp rig.pyi")]
pub struct Stubs {
    /// File to write; stdout if it is left out.
    file: Option<PathBuf>,

    #[command(flatten)]
    source: Source,
}

/// Gives the description to Python, and writes what it makes of it.
pub fn run(context: &Context, stubs: &Stubs) -> Result<(), Failure> {
    let bytes = stubs.source.bytes(context)?;
    let written = python(&bytes).map_err(|error| {
        Failure::new(Class::Usage, format!("cannot run {PYTHON}: {error}")).hint(INSTALL)
    })?;
    if !written.status.success() {
        let told = String::from_utf8_lossy(&written.stderr);
        let last = told.trim_end().lines().next_back().unwrap_or_default();
        let message = format!("{PYTHON} wrote no stub file: {last}");
        return Err(Failure::new(Class::Usage, message).hint(INSTALL));
    }
    match &stubs.file {
        None => output::write_data(&written.stdout),
        Some(file) => fs::write(file, written.stdout)
            .map_err(|error| Failure::unwritable(file.display(), error)),
    }
}

const INSTALL: &str =
    "the Python package is installed by `pip install ./host-cli/python` in a clone";

fn python(description: &[u8]) -> io::Result<Output> {
    let mut python = Command::new(PYTHON)
        .args(["-m", "serial_rpc.stubs", "--description", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = python.stdin.take() {
        // If it does not read to the end, it says why.
        let _ = stdin.write_all(description);
    }
    python.wait_with_output()
}
