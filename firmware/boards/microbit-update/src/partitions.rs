//! The partitions of the flash, each a `NorFlash` of its own. `partitions.x` says where they are.
//!
//! nrf51-hal has a driver as well, but erases pages of 4 KiB, as an nRF52 has them.
#![no_std]

use core::ptr::{self, addr_of};
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use nrf51_hal::pac::{NVMC, nvmc::config::WEN_A};

unsafe extern "C" {
    static __state_start: u8;
    static __state_end: u8;
    static __active_start: u8;
    static __active_end: u8;
    static __spare_start: u8;
    static __spare_end: u8;
}

/// A partition of the flash.
pub struct Partition {
    start: u32,
    length: u32,
}

/// All of them.
pub struct Partitions {
    /// The boot loader's notes.
    pub state: Partition,
    /// The program that runs.
    pub active: Partition,
    /// The one that an update writes, or that was replaced.
    pub spare: Partition,
}

impl Partitions {
    /// Returns the partitions that the linker knows.
    #[must_use]
    pub fn linked() -> Self {
        Self {
            state: Partition::between(addr_of!(__state_start), addr_of!(__state_end)),
            active: Partition::between(addr_of!(__active_start), addr_of!(__active_end)),
            spare: Partition::between(addr_of!(__spare_start), addr_of!(__spare_end)),
        }
    }
}

impl Partition {
    fn between(start: *const u8, end: *const u8) -> Self {
        let start = start.addr() as u32;
        Self {
            start,
            length: end.addr() as u32 - start,
        }
    }

    /// Returns the address of the first byte.
    #[must_use]
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// Does something to the flash, which is read-only before and after.
    fn change(change: WEN_A, action: impl FnOnce(&NVMC)) {
        // SAFETY: only this uses the controller, and interrupts only read the flash.
        let controller = unsafe { nrf51_hal::pac::Peripherals::steal() }.NVMC;
        let ready = || while controller.ready.read().ready().is_busy() {};
        controller.config.write(|w| w.wen().variant(change));
        ready();
        action(&controller);
        ready();
        controller.config.write(|w| w.wen().ren());
        ready();
    }
}

impl ErrorType for Partition {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Partition {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        let from = (self.start + offset) as *const u8;
        // SAFETY: the bytes are within the partition, and no reference to it exists.
        unsafe { ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.length as usize
    }
}

impl NorFlash for Partition {
    const WRITE_SIZE: usize = 4;

    const ERASE_SIZE: usize = 1024;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        for page in (from..to).step_by(Self::ERASE_SIZE) {
            Self::change(WEN_A::EEN, |controller| {
                let address = self.start + page;
                // SAFETY: the page is within the partition.
                controller.erasepage().write(|w| unsafe { w.bits(address) });
            });
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        let words = bytes.as_chunks::<{ Self::WRITE_SIZE }>().0;
        for (address, &word) in (self.start + offset..).step_by(Self::WRITE_SIZE).zip(words) {
            // SAFETY: the word is within the partition, and aligned.
            Self::change(WEN_A::WEN, |_| unsafe {
                ptr::write_volatile(address as *mut u32, u32::from_le_bytes(word));
            });
        }
        Ok(())
    }
}
