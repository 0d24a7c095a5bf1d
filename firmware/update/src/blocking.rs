//! A flash whose driver is async, for code that waits.

use embassy_futures::block_on;
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use embedded_storage_async::nor_flash::{NorFlash as AsyncNorFlash, ReadNorFlash as AsyncRead};

/// Waits for an async flash by polling it. Interrupts go on meanwhile, and with them the receiving of
/// bytes; other tasks of the executor wait.
#[derive(Clone, Debug)]
pub struct Blocking<F>(pub F);

impl<F: AsyncRead> ErrorType for Blocking<F> {
    type Error = F::Error;
}

impl<F: AsyncRead> ReadNorFlash for Blocking<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        block_on(self.0.read(offset, bytes))
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: AsyncNorFlash> NorFlash for Blocking<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        block_on(self.0.erase(from, to))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        block_on(self.0.write(offset, bytes))
    }
}
