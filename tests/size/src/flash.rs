//! The flash of an LM3S6965, as plain as possible.

use core::convert::Infallible;
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// A part of the flash.
pub struct Flash {
    start: u32,
    length: u32,
}

impl Flash {
    /// Returns the part from `start` on.
    pub const fn new(start: u32, length: u32) -> Self {
        Self { start, length }
    }
}

const ADDRESS: *mut u32 = 0x400F_D000 as *mut u32;
const DATA: *mut u32 = 0x400F_D004 as *mut u32;
const CONTROL: *mut u32 = 0x400F_D008 as *mut u32;
const KEY: u32 = 0xA442_0000;
const WRITE: u32 = 1;
const ERASE: u32 = 2;

fn operate(address: u32, data: u32, operation: u32) {
    // SAFETY: these registers are there on every LM3S6965.
    unsafe {
        ADDRESS.write_volatile(address);
        DATA.write_volatile(data);
        CONTROL.write_volatile(KEY | operation);
        while CONTROL.read_volatile() & operation != 0 {}
    }
}

/// Asks for a restart, which comes in a moment.
pub fn restart() {
    const WATCHDOG_LOAD: *mut u32 = 0x4000_0000 as *mut u32;
    // SAFETY: as above.
    unsafe { WATCHDOG_LOAD.write_volatile(500_000) }
}

impl ErrorType for Flash {
    type Error = Infallible;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
        let start = (self.start + offset) as *const u8;
        for (index, place) in bytes.iter_mut().enumerate() {
            // SAFETY: flash can be read anywhere.
            *place = unsafe { start.wrapping_add(index).read_volatile() };
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.length as usize
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 1024;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        for page in (from..to).step_by(Self::ERASE_SIZE) {
            operate(self.start + page, 0, ERASE);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
        for (address, word) in (self.start + offset..).step_by(4).zip(bytes.as_chunks().0) {
            operate(address, u32::from_le_bytes(*word), WRITE);
        }
        Ok(())
    }
}
