//! The boards under `firmware/boards` and `firmware/c/boards`, and the emulators for those that have one.

use crate::image::Images;
use crate::simavr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The binary of every board's package.
pub const IMAGE: &str = "calculator";

/// Every board that can be emulated.
pub static BOARDS: [&Board; 8] = [
    &LM3S6965,
    &LM3S6965_IN_C,
    &MICROBIT,
    &NUCLEO_F4,
    &HIFIVE1,
    &PICO,
    &PICO_EMBASSY,
    &PICO_USB,
];

/// A Cortex-M3 that only QEMU knows how to start.
pub static LM3S6965: Board = Board {
    name: "lm3s6965",
    images: Images::of("firmware/boards/lm3s6965", "thumbv7m-none-eabi"),
    emulator: Emulation::qemu_arm("lm3s6965evb", 0),
    never_panics: true,
    is_deaf_at_first: false,
};

/// The same, with the firmware in C.
pub static LM3S6965_IN_C: Board = Board {
    name: "lm3s6965-in-c",
    images: Images::in_c("firmware/c/boards/lm3s6965"),
    emulator: Emulation::qemu_arm("lm3s6965evb", 0),
    never_panics: false,
    is_deaf_at_first: false,
};

/// The nRF51 of a BBC micro:bit.
pub static MICROBIT: Board = Board {
    name: "microbit",
    images: Images::of("firmware/boards/microbit", "thumbv6m-none-eabi"),
    emulator: Emulation::qemu_arm("microbit", 0),
    never_panics: true,
    is_deaf_at_first: true,
};

/// The same with a boot loader: the image alone does not start. The arithmetic of its signatures can
/// panic, as far as the compiler sees.
pub static MICROBIT_UPDATE: Board = Board {
    name: "microbit-update",
    images: Images::of("firmware/boards/microbit-update", "thumbv6m-none-eabi"),
    emulator: Emulation::qemu_arm("microbit", 0),
    never_panics: false,
    is_deaf_at_first: true,
};

/// The STM32F401 of a Nucleo board, on an STM32F405, which has everything that it has.
pub static NUCLEO_F4: Board = Board {
    name: "nucleo-f4",
    images: Images::of("firmware/boards/nucleo-f4", "thumbv7em-none-eabihf"),
    emulator: Emulation::qemu_arm("netduinoplus2", 1),
    never_panics: true,
    is_deaf_at_first: false,
};

/// The RISC-V of a HiFive1 Rev B.
pub static HIFIVE1: Board = Board {
    name: "hifive1",
    images: Images::of("firmware/boards/hifive1", "riscv32imac-unknown-none-elf"),
    emulator: Emulation::Qemu {
        program: "qemu-system-riscv32",
        package: "qemu-system-misc",
        machine: "sifive_e,revb=true",
        uart: 0,
    },
    never_panics: false,
    is_deaf_at_first: false,
};

/// The RP2040 of a Raspberry Pi Pico.
pub static PICO: Board = Board {
    name: "pico",
    images: Images::of("firmware/boards/pico", "thumbv6m-none-eabi"),
    emulator: Emulation::Rp2040 { link: "uart" },
    never_panics: false,
    is_deaf_at_first: false,
};

/// The same, with an async runtime.
pub static PICO_EMBASSY: Board = Board {
    name: "pico-embassy",
    images: Images::of("firmware/boards/pico-embassy", "thumbv6m-none-eabi"),
    emulator: Emulation::Rp2040 { link: "uart" },
    never_panics: false,
    is_deaf_at_first: false,
};

/// The same, over its USB.
pub static PICO_USB: Board = Board {
    name: "pico-usb",
    images: Images::of("firmware/boards/pico-usb", "thumbv6m-none-eabi"),
    emulator: Emulation::Rp2040 { link: "usb" },
    never_panics: false,
    is_deaf_at_first: false,
};

/// The ATmega2560 of an Arduino Mega, with the example sketch of the C library: a lamp, not a calculator.
///
/// It does not run in QEMU: as of version 7.2, an interrupt that becomes due while interrupts are masked is not taken when
/// `out` or `sei` unmasks them, only when `reti` does. Arduino's core masks them for each byte that it sends. A byte that
/// comes meanwhile waits for its interrupt, and so do all behind it.
pub static ARDUINO_MEGA: Board = Board {
    name: "arduino-mega",
    images: Images::of_sketch("firmware/c/arduino"),
    emulator: Emulation::Simavr,
    never_panics: false,
    is_deaf_at_first: false,
};

/// The nRF52840 of a development kit, whose USB has no emulator.
pub static NRF52840_DK: Images = Images::of("firmware/boards/nrf52840-dk", "thumbv7em-none-eabihf");

/// The ESP32-C3 of many boards, for which there is no emulator.
pub static ESP32C3: Images = Images::of("firmware/boards/esp32c3", "riscv32imc-unknown-none-elf");

/// A board that can be emulated.
pub struct Board {
    name: &'static str,
    images: Images,
    emulator: Emulation,
    never_panics: bool,
    is_deaf_at_first: bool,
}

/// The emulator that runs a board's image.
enum Emulation {
    /// QEMU.
    Qemu {
        /// The program of QEMU.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
        /// That program's name of the board.
        machine: &'static str,
        /// The number of the board's UART.
        uart: usize,
    },
    /// The npm package rp2040js, run by our script.
    Rp2040 {
        /// The script's name of what the socket is.
        link: &'static str,
    },
    /// The library simavr, in a program of ours.
    Simavr,
}

impl Emulation {
    const fn qemu_arm(machine: &'static str, uart: usize) -> Self {
        Self::Qemu {
            program: "qemu-system-arm",
            package: "qemu-system-arm",
            machine,
            uart,
        }
    }
}

impl Board {
    /// Returns the name of the board, which begins with that of its folder.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns true if the board's release build must have no panic path, as with every HAL that
    /// has none itself.
    #[must_use]
    pub fn never_panics(&self) -> bool {
        self.never_panics
    }

    /// Returns true if QEMU does not notice that the board's program has started its UART, and
    /// refuses bytes for it until something else happens. A line to its monitor, on its standard
    /// input, is enough. The program sends a byte when it has started the UART.
    #[must_use]
    pub fn is_deaf_at_first(&self) -> bool {
        self.is_deaf_at_first
    }

    /// Returns the program that emulates this board.
    #[must_use]
    pub fn emulator(&self) -> &'static str {
        match self.emulator {
            Emulation::Qemu { program, .. } => program,
            Emulation::Rp2040 { .. } => "node",
            Emulation::Simavr => "simavr",
        }
    }

    /// Returns the command that runs an image until it is killed, with further options for the
    /// emulator. The board does not boot before the Unix socket that is its UART is connected.
    ///
    /// # Errors
    /// Fails if the emulator is to be built, and cannot.
    pub fn command(&self, image: &Path, socket: &Path, options: &[&str]) -> io::Result<Command> {
        Ok(match self.emulator {
            Emulation::Qemu {
                program,
                machine,
                uart,
                ..
            } => {
                let monitor = if self.is_deaf_at_first {
                    "stdio"
                } else {
                    "none"
                };
                let mut qemu = Command::new(program);
                qemu.args(["-machine", machine, "-kernel"])
                    .arg(image)
                    .args(["-nic", "none", "-display", "none", "-monitor", monitor])
                    .args(["-semihosting-config", "enable=on,target=native"])
                    .args(options)
                    .arg("-chardev")
                    .arg(format!(
                        "socket,id=uart,path={},server=on,wait=on",
                        socket.display()
                    ));
                for _ in 0..uart {
                    qemu.args(["-serial", "null"]);
                }
                qemu.args(["-serial", "chardev:uart"]);
                qemu
            }
            Emulation::Rp2040 { link } => {
                let mut node = Command::new("node");
                node.arg(rp2040().join("emulate.js"))
                    .args([image, socket, Path::new(link)])
                    .args(options);
                node
            }
            Emulation::Simavr => {
                let mut simavr = Command::new(simavr::emulator()?);
                simavr.args([image, socket]).args(options);
                simavr
            }
        })
    }

    /// Returns the ELF file of the board's release build; the first call in a process builds it.
    ///
    /// # Errors
    /// Returns the builder's output if it fails.
    pub fn image(&self) -> Result<PathBuf, String> {
        self.images.image(IMAGE)
    }

    /// Returns the package of that image.
    #[must_use]
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// Returns the reason why this board cannot be built here, with a remedy.
    #[must_use]
    pub fn missing_target(&self) -> Option<String> {
        self.images.missing_target()
    }

    /// Returns the reason why this board cannot be emulated here, with a remedy.
    #[must_use]
    pub fn missing_emulator(&self) -> Option<String> {
        let program = self.emulator();
        let package = match self.emulator {
            Emulation::Qemu { package, .. } => package,
            Emulation::Rp2040 { .. } => "nodejs npm",
            Emulation::Simavr => return simavr::missing(),
        };
        if !runs(program) {
            return Some(format!(
                "{program} is not installed: sudo apt install {package}"
            ));
        }
        match self.emulator {
            Emulation::Rp2040 { .. } if !rp2040().join("node_modules/rp2040js").is_dir() => {
                Some("rp2040js is not installed: npm ci --prefix tests/rp2040".to_owned())
            }
            _ => None,
        }
    }
}

/// Returns the folder of the script that emulates an RP2040.
fn rp2040() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rp2040")
}

fn runs(program: &str) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}
