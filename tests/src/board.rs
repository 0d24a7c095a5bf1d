//! The boards under `firmware/boards` that QEMU can emulate.

use crate::image::Images;
use std::path::PathBuf;
use std::process::Command;

/// The Cortex-M3 in QEMU's machine `lm3s6965evb`.
pub static LM3S6965: Board = Board {
    images: Images::of("firmware/boards/lm3s6965", "thumbv7m-none-eabi"),
    emulator: "qemu-system-arm",
    machine: "lm3s6965evb",
};

/// A board that QEMU can emulate.
pub struct Board {
    images: Images,
    emulator: &'static str,
    machine: &'static str,
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
    pub fn image(&self) -> Result<PathBuf, String> {
        self.binary("calculator")
    }

    /// The same of another of the board's programs.
    ///
    /// # Errors
    /// What Cargo printed, when it failed.
    pub fn binary(&self, name: &str) -> Result<PathBuf, String> {
        self.images.image(name)
    }

    /// What keeps this board from being built here, and how to get it.
    #[must_use]
    pub fn missing_target(&self) -> Option<String> {
        self.images.missing_target()
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
