//! A lamp whose firmware can be replaced by the program, and firmware for it.

use crate::image_files::{Elf, hex};
use crate::offered::Offered;
use crate::shelf::pattern;
use firmware_update::ed25519::Ed25519;
use rpc_proto::services::update::{ImageInfo, Unsigned, UpdateService, Updater, Verifier};
use serial_rpc::link::Link;
use serial_rpc_simulator::{SimulatedSlots, UpdatableDevice};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The address of the lamp's firmware.
pub const ADDRESS: u32 = 0x8000;

/// The version that it has from the start.
const OLD: &str = "1.0.0";

/// The longest wait for something in a test, on any machine.
const PATIENCE: Duration = Duration::from_secs(100);

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
    cut: Arc<Cut>,
}

/// The line to a lamp that takes its time, and can be cut.
pub struct Wired {
    device: Box<dyn Link>,
    cut: Arc<Cut>,
}

/// The cut in the line.
#[derive(Default)]
struct Cut {
    /// True if the line is cut when other firmware starts.
    is_wanted: AtomicBool,
    is_there: AtomicBool,
}

impl Cut {
    /// Cuts the line if it is wanted.
    fn when_started(&self, info: &ImageInfo) {
        if info.version() != OLD && self.is_wanted.load(Ordering::Relaxed) {
            self.is_there.store(true, Ordering::Relaxed);
        }
    }

    fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Relaxed)
    }
}

impl Lamp {
    /// Creates a lamp that runs version 1.0.0 and takes firmware from anyone.
    ///
    /// # Panics
    /// Panics if the system has no port left.
    #[must_use]
    pub fn new() -> Self {
        Self::with(|| Unsigned)
    }

    /// Creates one that takes firmware that is signed with a key.
    ///
    /// # Panics
    /// Panics if the system has no port left.
    #[must_use]
    pub fn with_key(key: [u8; 32]) -> Self {
        Self::with(move || Ed25519::new(key))
    }

    fn with<V: Verifier + Send + 'static>(
        verifier: impl Fn() -> V + Send + Sync + 'static,
    ) -> Self {
        let slots = SimulatedSlots::new(ADDRESS, &firmware(OLD, 5000));
        let cut = Arc::new(Cut::default());
        let of_firmware = Arc::clone(&cut);
        let device = UpdatableDevice::with(slots.clone(), Arc::default(), move |info, slots| {
            of_firmware.when_started(info);
            UpdateService(Updater::new(info, slots, verifier()))
        });
        let restarted = device.clone();
        Self {
            port: Offered::of(Wired {
                device: Box::new(device),
                cut: Arc::clone(&cut),
            }),
            slots,
            restart: Box::new(move || restarted.power_cycle()),
            folder: tempfile::tempdir().expect("a folder"),
            cut,
        }
    }

    /// Resets it, or cuts its power for a moment.
    pub fn reset(&self) {
        (self.restart)();
    }

    /// Cuts the line to it for good as soon as other firmware starts.
    pub fn cut_off_when_restarted(&self) {
        self.cut.is_wanted.store(true, Ordering::Relaxed);
    }

    /// Waits until the line is cut.
    ///
    /// # Panics
    /// Panics if it takes too long.
    pub fn wait_for_cut(&self) {
        wait_until(|| self.cut.is_there());
    }

    /// Waits until that many bytes of a firmware were written, but not all of them.
    ///
    /// # Panics
    /// Panics if it takes too long.
    pub fn wait_for_bytes(&self, count: usize) {
        wait_until(|| self.slots.written() >= count);
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
        match self.cut.is_there() {
            true => Ok(0),
            false => Ok(count),
        }
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        if self.cut.is_there() {
            return Ok(bytes.len());
        }
        thread::sleep(PER_BYTE * bytes.len() as u32);
        self.device.write(bytes, timeout)
    }
}

fn wait_until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it takes too long");
        thread::sleep(Duration::from_millis(1));
    }
}
