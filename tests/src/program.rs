//! Runs the program `serial-rpc`, built by Cargo as it would be for a user.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The outcome of a run of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code.
    pub code: Option<i32>,
    /// The text on stdout.
    pub stdout: String,
    /// The text on stderr.
    pub stderr: String,
}

/// Runs `serial-rpc --port PORT WORDS…`.
///
/// # Panics
/// Panics if the program cannot be built or started.
pub fn serial_rpc(port: &str, words: &[&str]) -> Outcome {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(program())
        // The test must not depend on the user's cache, or leave anything in it.
        .args(["--no-cache", "--port", port])
        .args(words)
        .output()
        .expect("the program starts");
    Outcome {
        code: status.code(),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// Returns the path of the program; the first call in a process builds it.
///
/// # Panics
/// Panics if it cannot be built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            // As `cargo test` builds it for the program's own tests: with features of another selection of
            // packages, most of it would be built twice.
            .args(["test", "--no-run", "--test", "command_line"])
            .args(["--message-format", "json"])
            .current_dir(repository)
            .output()
            .expect("cargo starts");
        let printed = String::from_utf8_lossy(&output.stdout);
        // The test is an executable, too.
        let path = printed
            .lines()
            .filter(|line| line.contains("\"kind\":[\"bin\"]"))
            .filter_map(|line| line.split_once("\"executable\":\""))
            .filter_map(|(_, rest)| rest.split_once('"'))
            .map(|(path, _)| PathBuf::from(path))
            .next_back();
        path.unwrap_or_else(|| {
            panic!(
                "the program is not built: {}",
                String::from_utf8_lossy(&output.stderr)
            )
        })
    })
}
