//! A lamp whose firmware can be replaced by the program, and firmware for it.

use crate::image_files::{Elf, hex};
use crate::offered::Offered;
use crate::shelf::pattern;
use firmware_update::ed25519::Ed25519;
use rpc_proto::services::update::{ImageInfo, Unsigned, UpdateService, Updater};
use serial_rpc::link::Link;
use serial_rpc_simulator::{SimulatedSlots, UpdatableDevice};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// The address of the lamp's firmware.
pub const ADDRESS: u32 = 0x8000;

/// The time that the line takes for a byte.
const PER_BYTE: Duration = Duration::from_micros(10);

/// Returns a firmware of that length for the lamp.
///
/// # Panics
/// Panics if it has no room for its description.
#[must_use]
pub fn firmware(version: &str, length: usize) -> Vec<u8> {
    for_product("desk-lamp", version, length)
}

/// Returns one for any product.
///
/// # Panics
/// Panics if it has no room for its description.
#[must_use]
pub fn for_product(product: &str, version: &str, length: usize) -> Vec<u8> {
    let mut image = pattern(length);
    image[..4].copy_from_slice(&0x2000_4000_u32.to_le_bytes());
    image[4..8].copy_from_slice(&(ADDRESS + 0x41).to_le_bytes());
    image[64..64 + ImageInfo::LENGTH].copy_from_slice(ImageInfo::new(product, version).as_bytes());
    image
}

/// A lamp at a port that programs can open, and a folder for the files of its firmware.
pub struct Lamp {
    /// The flash of the lamp.
    pub slots: SimulatedSlots,
    /// The lamp at its port.
    pub port: Offered<Wired>,
    /// Switches it off and on.
    restart: Box<dyn Fn()>,
    folder: TempDir,
    is_mute: Arc<AtomicBool>,
}

/// The lamp behind a line that takes its time, and can be cut.
pub struct Wired {
    device: Box<dyn Link>,
    is_mute: Arc<AtomicBool>,
}

impl Lamp {
    /// Creates a lamp that runs version 1.0.0 and takes firmware from anyone.
    ///
    /// # Panics
    /// Panics if the system has no port left.
    #[must_use]
    pub fn new() -> Self {
        let slots = SimulatedSlots::new(ADDRESS, &firmware("1.0.0", 5000));
        let device = UpdatableDevice::with(slots.clone(), Arc::default(), |info, slots| {
            UpdateService(Updater::new(info, slots, Unsigned))
        });
        let restarted = device.clone();
        Self::at(slots, device, move || restarted.power_cycle())
    }

    /// Creates one that takes firmware that is signed with a key.
    ///
    /// # Panics
    /// Panics if the system has no port left.
    #[must_use]
    pub fn with_key(key: [u8; 32]) -> Self {
        let slots = SimulatedSlots::new(ADDRESS, &firmware("1.0.0", 5000));
        let device = UpdatableDevice::with(slots.clone(), Arc::default(), move |info, slots| {
            UpdateService(Updater::new(info, slots, Ed25519::new(key)))
        });
        let restarted = device.clone();
        Self::at(slots, device, move || restarted.power_cycle())
    }

    fn at(
        slots: SimulatedSlots,
        device: impl Link + 'static,
        restart: impl Fn() + 'static,
    ) -> Self {
        let is_mute = Arc::new(AtomicBool::new(false));
        Self {
            port: Offered::of(Wired {
                device: Box::new(device),
                is_mute: Arc::clone(&is_mute),
            }),
            slots,
            restart: Box::new(restart),
            folder: tempfile::tempdir().expect("a folder"),
            is_mute,
        }
    }

    /// Resets it, or cuts its power for a moment.
    pub fn reset(&self) {
        (self.restart)();
    }

    /// Cuts the line to it from now on.
    pub fn mute(&self) {
        self.is_mute.store(true, Ordering::Relaxed);
    }

    /// Waits until that many bytes of a firmware were written.
    pub fn wait_for_bytes(&self, count: usize) {
        while self.slots.written() < count {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Writes a file with those bytes, and returns its path.
    ///
    /// # Panics
    /// Panics if the disk is full.
    #[must_use]
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path: PathBuf = self.folder.path().join(name);
        fs::write(&path, bytes).expect("there is room");
        path.to_str().expect("it is text").to_owned()
    }

    /// Writes the files of a firmware: ELF, Intel HEX and BIN.
    #[must_use]
    pub fn files(&self, bytes: &[u8]) -> [String; 3] {
        let pieces = [(ADDRESS, bytes.to_vec())];
        [
            self.file("lamp.elf", &Elf::ARM.file(&pieces)),
            self.file("lamp.hex", &hex(&pieces)),
            self.file("lamp.bin", bytes),
        ]
    }
}

impl Default for Lamp {
    fn default() -> Self {
        Self::new()
    }
}

impl Link for Wired {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let count = self.device.read(buffer, timeout)?;
        match self.is_mute.load(Ordering::Relaxed) {
            true => Ok(0),
            false => Ok(count),
        }
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        if self.is_mute.load(Ordering::Relaxed) {
            return Ok(bytes.len());
        }
        thread::sleep(PER_BYTE * bytes.len() as u32);
        self.device.write(bytes, timeout)
    }
}
