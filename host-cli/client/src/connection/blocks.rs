//! Whole blocks, through whatever happens to the device and its cable meanwhile.

use super::{Connection, ConnectionCaller};
use rpc_proto::client::{CallError, IntoCaller};
use rpc_proto::services::blocks::{Get, Put, TransferError};

/// How often in a row a transfer is taken up again that gets nowhere: as long as it takes to plug a
/// cable in again, each taking the time that a call has.
const ATTEMPTS: u32 = 5;

impl Connection {
    /// Reads a block, such as `notes`, and checks it as a whole. `progress` is told how many bytes have
    /// come, and of how many.
    ///
    /// It goes on where it was after a reset of the device and when a port that was unplugged is back.
    ///
    /// ```
    /// use serial_rpc::Connection;
    /// use serial_rpc_simulator::SimulatedDevice;
    ///
    /// let device = Connection::to(SimulatedDevice::new());
    /// device.put_block("notes", b"hello", |_, _| ())?;
    /// assert_eq!(device.get_block("notes", |_, _| ())?, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the device has no such block, or a call fails and goes on failing.
    pub fn get_block(
        &self,
        name: &str,
        mut progress: impl FnMut(u32, u32),
    ) -> Result<Vec<u8>, TransferError> {
        let mut get = Get::new(name);
        let mut bytes = Vec::new();
        self.transfer(|caller| {
            let result = get.run(caller, |offset, piece, total| {
                // It may begin anew.
                bytes.truncate(offset as usize);
                bytes.extend_from_slice(piece);
                progress(offset + piece.len() as u32, total);
            });
            (result, get.done())
        })?;
        Ok(bytes)
    }

    /// Writes a block, which changes its length when the device has found all bytes right. `progress` is
    /// told how many bytes the device has taken, and of how many.
    ///
    /// It goes on where it was when a port that was unplugged is back, and after a reset of the device
    /// as far as its memory has kept what was written.
    ///
    /// # Errors
    /// When the device has no such block, it cannot be written, or a call fails and goes on failing.
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

    /// Runs a transfer, which tells how many bytes are done, until it ends for good.
    fn transfer<'d>(
        &'d self,
        mut run: impl FnMut(&mut ConnectionCaller<'d>) -> (Result<(), TransferError>, u32),
    ) -> Result<(), TransferError> {
        let cancellations = self.cancellations();
        let mut caller = self.into_caller();
        let mut before = 0;
        let mut attempts = 0;
        loop {
            let (result, done) = run(&mut caller);
            let may_pass = matches!(
                result,
                Err(TransferError::Call(
                    CallError::Timeout | CallError::Disconnected | CallError::OutcomeUnknown(_)
                ))
            );
            attempts = if done > before { 1 } else { attempts + 1 };
            before = done;
            // A device that has never answered is not there.
            let hopeless = done == 0 || attempts >= ATTEMPTS;
            if !may_pass || hopeless || self.cancellations() != cancellations {
                return result;
            }
        }
    }
}
