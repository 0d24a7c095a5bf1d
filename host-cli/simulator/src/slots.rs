//! A simulated flash with two slots, and the boot loader that swaps them.

use rpc_proto::services::update::{
    FlashFailed, Geometry, ImageInfo, SlotState, Slots, Which, Whole,
};
use rpc_proto::wire::crc::Crc32;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A byte of erased flash.
const ERASED: u8 = 0xff;

/// The slots of a device that can be updated. Clones are handles of the same flash, which keeps
/// what is in it while the device is off.
///
/// ```
/// use rpc_proto::services::update::ImageInfo;
/// use serial_rpc_simulator::SimulatedSlots;
///
/// let info = ImageInfo::new("desk-lamp", "1.0.0");
/// let slots = SimulatedSlots::new(0x8000, info.as_bytes());
/// assert_eq!(slots.boot().version(), "1.0.0");
/// ```
#[derive(Clone, Debug)]
pub struct SimulatedSlots(Arc<Mutex<Flash>>);

#[derive(Debug)]
struct Flash {
    address: u32,
    active: Stored,
    spare: Stored,
    trial: Trial,
    fails_trials: bool,
    /// True if the firmware has asked to be restarted.
    restarts: bool,
}

/// An image in a slot.
#[derive(Debug, Default)]
struct Stored {
    bytes: Vec<u8>,
    /// As noted when it was verified.
    whole: Whole,
}

/// The boot loader's notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trial {
    /// The active image stays. The spare slot has nothing for the boot loader.
    None,
    /// The next start is the first of the spare image.
    Pending,
    /// The active image is on trial.
    Running,
    /// It was confirmed, and the spare slot has the one before.
    Confirmed,
    /// It is to be replaced by the one before.
    Reverting,
    /// The spare image has failed.
    Failed,
}

impl SimulatedSlots {
    /// The longest image, in bytes.
    pub const CAPACITY: u32 = 1024 * 1024;
    /// The number of bytes that are erased at once.
    pub const PAGE: u32 = 4096;

    /// Creates the flash of a device that runs images at that address, with an image in it.
    #[must_use]
    pub fn new(address: u32, image: &[u8]) -> Self {
        Self(Arc::new(Mutex::new(Flash {
            address,
            active: Stored::of(image),
            spare: Stored::default(),
            trial: Trial::None,
            fails_trials: false,
            restarts: false,
        })))
    }

    /// Makes every image fail its trial from now on: it crashes before it can answer.
    pub fn fail_trials(&self) {
        self.flash().fails_trials = true;
    }

    /// Runs the boot loader, as after a reset, and returns the description of the image that it starts.
    #[must_use]
    pub fn boot(&self) -> ImageInfo {
        let mut flash = self.flash();
        flash.restarts = false;
        flash.trial = match flash.trial {
            Trial::Pending => {
                flash.swap();
                Trial::Running
            }
            Trial::Reverting => {
                flash.swap();
                Trial::Confirmed
            }
            // It was not confirmed, and had its chance.
            Trial::Running => {
                flash.swap();
                Trial::Failed
            }
            settled => settled,
        };
        if flash.trial == Trial::Running && flash.fails_trials {
            // It crashes, which is a reset.
            flash.swap();
            flash.trial = Trial::Failed;
        }
        ImageInfo::find(&flash.active.bytes).unwrap_or(ImageInfo::new("?", ""))
    }

    /// Returns the number of bytes in the spare slot.
    #[must_use]
    pub fn written(&self) -> usize {
        self.flash().spare.bytes.len()
    }

    /// Returns true once if the firmware has asked to be restarted.
    pub(crate) fn take_restart(&self) -> bool {
        mem::take(&mut self.flash().restarts)
    }

    fn flash(&self) -> MutexGuard<'_, Flash> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    fn of(image: &[u8]) -> Self {
        Self {
            bytes: image.to_vec(),
            whole: Whole {
                length: image.len() as u32,
                crc: Crc32::of(image).value(),
            },
        }
    }
}

impl Flash {
    fn swap(&mut self) {
        mem::swap(&mut self.active, &mut self.spare);
    }

    const fn slot(&self, which: Which) -> &Stored {
        match which {
            Which::Active => &self.active,
            Which::Spare => &self.spare,
        }
    }
}

impl Slots for SimulatedSlots {
    fn geometry(&self) -> Geometry {
        Geometry {
            address: self.flash().address,
            capacity: Self::CAPACITY,
            page: Self::PAGE,
        }
    }

    fn state(&mut self, which: Which) -> Result<SlotState, FlashFailed> {
        let trial = self.flash().trial;
        Ok(match which {
            Which::Active if trial == Trial::Running => SlotState::OnTrial,
            Which::Active => SlotState::Confirmed,
            Which::Spare => match trial {
                Trial::None => SlotState::Empty,
                Trial::Pending | Trial::Reverting => SlotState::Pending,
                Trial::Running | Trial::Confirmed => SlotState::Previous,
                Trial::Failed => SlotState::Failed,
            },
        })
    }

    fn whole(&mut self, which: Which) -> Result<Whole, FlashFailed> {
        Ok(self.flash().slot(which).whole)
    }

    fn read(&mut self, which: Which, offset: u32, bytes: &mut [u8]) -> Result<(), FlashFailed> {
        let flash = self.flash();
        let stored = flash.slot(which).bytes.get(offset as usize..);
        let mut stored = stored.unwrap_or_default().iter();
        bytes.fill_with(|| stored.next().copied().unwrap_or(ERASED));
        Ok(())
    }

    fn begin(&mut self, _total: u32, offset: u32) -> Result<u32, FlashFailed> {
        let mut flash = self.flash();
        flash.trial = Trial::None;
        flash.spare.whole = Whole::default();
        flash.spare.bytes.resize(offset as usize, ERASED);
        Ok(offset)
    }

    fn write(&mut self, _offset: u32, bytes: &[u8]) -> Result<(), FlashFailed> {
        self.flash().spare.bytes.extend(bytes);
        Ok(())
    }

    fn finish(&mut self, whole: Whole) -> Result<(), FlashFailed> {
        self.flash().spare.whole = whole;
        Ok(())
    }

    fn activate(&mut self) -> Result<(), FlashFailed> {
        self.flash().trial = Trial::Pending;
        Ok(())
    }

    fn confirm(&mut self) -> Result<(), FlashFailed> {
        self.flash().trial = Trial::Confirmed;
        Ok(())
    }

    fn revert(&mut self) -> Result<(), FlashFailed> {
        let mut flash = self.flash();
        flash.trial = match flash.trial {
            Trial::Pending => Trial::None,
            // The next reset brings it back anyway.
            Trial::Running => Trial::Running,
            _ => Trial::Reverting,
        };
        Ok(())
    }

    fn reboot(&mut self) {
        self.flash().restarts = true;
    }
}
