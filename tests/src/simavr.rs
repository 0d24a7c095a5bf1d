//! The emulator of AVR chips: a program of ours around simavr's library, since simavr's own gives nobody its UART.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{fs, io};

/// The compiler of that program.
const COMPILER: &str = "gcc";

/// Where Debian puts simavr's headers.
const HEADER: &str = "/usr/include/simavr/sim_avr.h";

/// Returns the emulator, which takes an image and the path of a socket; the first call in a process builds it.
///
/// # Errors
/// Fails if it cannot be built; the error has the compiler's output.
pub fn emulator() -> io::Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().map_err(|error| error.to_string()));
    built.clone().map_err(io::Error::other)
}

fn build() -> io::Result<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tests.join("../target/simavr");
    fs::create_dir_all(&folder)?;
    let program = folder.join("emulate");
    // Under a name of its own first, because another process of tests may be running it.
    let new = folder.join(format!("emulate-{}", std::process::id()));
    let output = Command::new(COMPILER)
        .args(["-std=gnu99", "-O2", "-Wall", "-Wextra", "-Werror"])
        .arg(tests.join("simavr/emulate.c"))
        .arg("-o")
        .arg(&new)
        .arg("-lsimavr")
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ));
    }
    fs::rename(&new, &program)?;
    Ok(program)
}

/// Returns the reason why there is no such emulator here, with a remedy.
#[must_use]
pub fn missing() -> Option<String> {
    let compiles = Command::new(COMPILER).arg("--version").output().is_ok();
    (!compiles || !Path::new(HEADER).is_file())
        .then(|| "simavr is not installed: sudo apt install gcc libsimavr-dev".to_owned())
}
