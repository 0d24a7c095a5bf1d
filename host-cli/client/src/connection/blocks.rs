//! Transfers whole blocks, and resumes after a reset of the device or a lost cable.

use super::Connection;
use super::attempts::Attempts;
use rpc_proto::services::blocks::{Get, Put, TransferError};
use std::ops::ControlFlow;

impl Connection {
    /// Reads a block, such as `notes`, and checks it as a whole. `progress` gets the number of
    /// bytes received, and the total.
    ///
    /// It resumes after a reset of the device, and when a port that was unplugged is back.
    ///
    /// ```
    /// use serial_rpc_simulator::SimulatedDevice;
    /// use serial_rpc::Connection;
    /// let device = Connection::to(SimulatedDevice::new());
    /// device.put_block("notes", b"hello", |_, _| ())?;
    /// assert_eq!(device.get_block("notes", |_, _| ())?, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Fails if the device has no such block, or if a call keeps failing.
    pub fn get_block(
        &self,
        name: &str,
        mut progress: impl FnMut(u32, u32),
    ) -> Result<Vec<u8>, TransferError> {
        let mut bytes = Vec::new();
        self.read_block(name, |offset, piece, total| {
            bytes.truncate(offset as usize);
            bytes.extend_from_slice(piece);
            progress(offset + piece.len() as u32, total);
            ControlFlow::Continue(())
        })?;
        Ok(bytes)
    }

    /// Reads a block as [`get_block`](Self::get_block) does, and passes it on piece by piece: the offset,
    /// the bytes, and the length of the block. The pieces come in order, and from the beginning again if
    /// the block changed meanwhile. They are not known to be right before this returns.
    ///
    /// # Errors
    /// Fails if the device has no such block, if a call keeps failing, or if `take` breaks it off.
    pub fn read_block(
        &self,
        name: &str,
        mut take: impl FnMut(u32, &[u8], u32) -> ControlFlow<()>,
    ) -> Result<(), TransferError> {
        let mut get = Get::new(name);
        self.transfer(|caller| (get.run(caller, &mut take), get.done()))
    }

    /// Writes a block, whose length changes when the device has verified all bytes. `progress` gets
    /// the number of bytes that the device has taken, and the total.
    ///
    /// It resumes when a port that was unplugged is back, and after a reset of the device as far as
    /// its memory has kept the written bytes.
    ///
    /// # Errors
    /// Fails if the device has no such block, if it cannot be written, or if a call keeps failing.
    pub fn put_block(
        &self,
        name: &str,
        bytes: &[u8],
        mut progress: impl FnMut(u32, u32),
    ) -> Result<(), TransferError> {
        let total = u32::try_from(bytes.len()).map_err(|_| TransferError::TooLong)?;
        let mut put = Put::new(name, bytes);
        self.transfer(|caller| {
            let result = put.run(caller, |done| progress(done, total));
            (result, put.done())
        })
    }

    /// Runs a transfer, which reports the number of bytes done, until it ends for good.
    fn transfer(
        &self,
        mut run: impl FnMut(&mut Self) -> (Result<(), TransferError>, u32),
    ) -> Result<(), TransferError> {
        let mut caller = self.clone();
        let mut attempts = Attempts::default();
        loop {
            match run(&mut caller) {
                (Err(TransferError::Call(error)), done)
                    if attempts.go_on(error.may_pass(), done) => {}
                (end, _) => return end,
            }
        }
    }
}
