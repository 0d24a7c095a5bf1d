//! The boards under `firmware/boards`, and how to get an image of each.
//!
//! They are outside of the workspace, so that Cargo does not build them for the tests by itself.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The Cortex-M3 in QEMU's machine `lm3s6965evb`.
pub static LM3S6965: Board = Board {
    folder: "lm3s6965",
    target: "thumbv7m-none-eabi",
    emulator: "qemu-system-arm",
    machine: "lm3s6965evb",
    image: OnceLock::new(),
};

/// A board that QEMU can emulate.
pub struct Board {
    folder: &'static str,
    target: &'static str,
    emulator: &'static str,
    machine: &'static str,
    image: OnceLock<Result<PathBuf, String>>,
}

impl Board {
    /// The QEMU program that emulates this board.
    #[must_use]
    pub fn emulator(&self) -> &str {
        self.emulator
    }

    /// What that program calls this board.
    #[must_use]
    pub fn machine(&self) -> &str {
        self.machine
    }

    /// The ELF file of the board's release build; the first call in a process builds it.
    ///
    /// # Errors
    /// What Cargo printed, when it failed.
    pub fn image(&self) -> Result<&Path, String> {
        let image = self.image.get_or_init(|| self.build());
        image.as_deref().map_err(String::clone)
    }

    fn build(&self) -> Result<PathBuf, String> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target_folder = repository.join("target/boards").join(self.folder);
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--release", "--target-dir"])
            .arg(&target_folder)
            .current_dir(repository.join("firmware/boards").join(self.folder))
            // Flags meant for the tests would replace those that link the image.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("CARGO_BUILD_TARGET")
            .output()
            .map_err(|error| format!("cargo does not start: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(target_folder.join(self.target).join("release/calculator"))
    }

    /// What keeps this board from being built here, and how to get it.
    #[must_use]
    pub fn missing_target(&self) -> Option<String> {
        let target = self.target;
        let libraries = Command::new("rustc")
            .args(["--print", "target-libdir", "--target", target])
            .output()
            .ok()
            .filter(|output| output.status.success())
            .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        match libraries {
            Some(folder) if folder.is_dir() => None,
            _ => Some(format!(
                "Rust's target {target} is not installed: rustup target add {target}"
            )),
        }
    }

    /// What keeps this board from being emulated here, and how to get it.
    #[must_use]
    pub fn missing_emulator(&self) -> Option<String> {
        let emulator = self.emulator;
        match Command::new(emulator).arg("--version").output() {
            Ok(output) if output.status.success() => None,
            _ => Some(format!(
                "{emulator} is not installed: sudo apt install {emulator}"
            )),
        }
    }
}
