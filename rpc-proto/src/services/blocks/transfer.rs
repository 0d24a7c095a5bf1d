//! Transfers of a whole block through any caller. They are as fast as the link, resume after a failure,
//! and are checked at the end.

use super::{
    BlockError, BlocksBegin, BlocksChecksum, BlocksFind, BlocksFinish, BlocksRead, BlocksWrite,
    Found,
};
use crate::client::{Answer, CallError, Caller, Calls, read};
use crate::services::pieces::{self, ATTEMPTS, Pieces, forget_all, submit, wait, window};
use crate::time::Duration;
use crate::wire::crc::Crc32;
use crate::wire::frame::max_payload_len;
use core::fmt;
use core::ops::ControlFlow;
use heapless::Deque;

/// The number of bytes per request for a checksum: at a few dozen cycles a byte, the device needs less
/// time for it than any call has.
const CHECKED_AT_ONCE: u32 = 16 * 1024;

/// Calls of blocks get the time that the caller gives to any call.
const ANY_TIME: Duration = Duration::from_micros(0);

/// The reason why a transfer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TransferError {
    /// A call failed.
    Call(CallError<BlockError>),
    /// The block was changed by someone else again and again while it was read.
    Changed,
    /// The data to write is longer than a block can be.
    TooLong,
    /// Whoever gets the bytes takes no more.
    Stopped,
}

type BlockResult<T> = Result<T, CallError<BlockError>>;

impl From<CallError<BlockError>> for TransferError {
    fn from(error: CallError<BlockError>) -> Self {
        Self::Call(error)
    }
}

impl fmt::Display for TransferError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(CallError::Error(error)) => formatter.write_str(match error {
                BlockError::NoSuchBlock => "the device has no such block",
                BlockError::ReadOnly => "the block can only be read",
                BlockError::TooLong => "the block cannot have that many bytes",
                BlockError::OutOfRange => "the bytes lie behind the end of the block",
                BlockError::NotBegun => "the device was reset while the block was written",
                BlockError::Gap => "the block was written by someone else at the same time",
                BlockError::Differs => "what the device wrote is not what was sent",
                BlockError::Failed => "the device's memory failed",
            }),
            Self::Call(error) => error.fmt(formatter),
            Self::Changed => formatter.write_str("the block changed whenever it was read"),
            Self::TooLong => formatter.write_str("no block can be that long"),
            Self::Stopped => formatter.write_str("the transfer was stopped"),
        }
    }
}

impl core::error::Error for TransferError {}

/// Returns how many bytes of a block to read at a time from a device with frames of up to that length.
///
/// ```
/// // Header, length, code, checksum and delimiter.
/// assert_eq!(rpc_proto::services::blocks::read_size(64), 64 - 8);
/// ```
pub const fn read_size(max_frame: usize) -> u16 {
    const HEADER: usize = 1;
    pieces::piece(max_payload_len(max_frame).saturating_sub(HEADER))
}

/// Returns the CRC-32 of the first `length` bytes of a block, as the device reads it.
fn checksum_at_device<C: Caller>(caller: &mut C, block: u8, length: u32) -> BlockResult<u32> {
    let mut crc = 0;
    let mut offset = 0;
    while offset < length {
        let step = CHECKED_AT_ONCE.min(length - offset);
        crc = caller.call::<BlocksChecksum>(&(block, offset, step, crc))?;
        offset += step;
    }
    Ok(crc)
}

/// Reads a block. If [`run`](Self::run) fails, it can be run again and resumes where it was.
#[derive(Clone, Debug)]
pub struct Get<'n> {
    name: &'n str,
    total: u32,
    done: u32,
    crc: Crc32,
    attempts: u32,
}

impl<'n> Get<'n> {
    /// Creates a transfer that reads the block with that name.
    pub const fn new(name: &'n str) -> Self {
        Self {
            name,
            total: 0,
            done: 0,
            crc: Crc32::new(),
            attempts: 0,
        }
    }

    /// Returns how many bytes have arrived.
    pub const fn done(&self) -> u32 {
        self.done
    }

    /// Returns how many bytes the block has, once that is known.
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// Reads until all bytes have been passed to `sink` and checked. Each piece comes with its offset
    /// and the length of the block. The pieces come in order, and from the beginning again if the block
    /// changed meanwhile. `sink` ends the transfer with [`ControlFlow::Break`].
    ///
    /// # Errors
    /// Returns the reason if the transfer failed.
    pub fn run<C: Caller>(
        &mut self,
        caller: &mut C,
        mut sink: impl FnMut(u32, &[u8], u32) -> ControlFlow<()>,
    ) -> Result<(), TransferError> {
        loop {
            let found = caller.call::<BlocksFind>(&(self.name,))?;
            if found.length != self.total {
                self.begin_anew(found.length);
            }
            if self.total == 0 && sink(0, &[], 0).is_break() {
                return Err(TransferError::Stopped);
            }
            let mut pieces = Deque::new();
            let read = self.pieces(caller, found, &mut pieces, &mut sink);
            forget_all(caller, &mut pieces);
            match read {
                Ok(()) => {
                    let crc = checksum_at_device(caller, found.block, self.total);
                    match crc {
                        Ok(crc) if crc == self.crc.value() => return Ok(()),
                        // The block has become shorter.
                        Ok(_) | Err(CallError::Error(BlockError::OutOfRange)) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Err(TransferError::Call(CallError::Error(BlockError::OutOfRange))) => {}
                Err(error) => return Err(error),
            }
            self.begin_anew(0);
            self.attempts += 1;
            if self.attempts == ATTEMPTS {
                return Err(TransferError::Changed);
            }
        }
    }

    fn begin_anew(&mut self, total: u32) {
        self.total = total;
        self.done = 0;
        self.crc = Crc32::new();
    }

    fn pieces<C: Caller>(
        &mut self,
        caller: &mut C,
        found: Found,
        pieces: &mut Pieces,
        sink: &mut impl FnMut(u32, &[u8], u32) -> ControlFlow<()>,
    ) -> Result<(), TransferError> {
        let mut next = self.done;
        while self.done < self.total {
            let size = read_size(caller.with(|calls, _| calls.max_frame()));
            while next < self.total && pieces.len() < window(caller) {
                let most = (self.total - next).min(u32::from(size)) as u16;
                let arguments = (found.block, next, most);
                let call = submit::<BlocksRead>(caller, pieces, &arguments, ANY_TIME)?;
                let Some(call) = call else {
                    break;
                };
                // The window was checked before, so there is room.
                let _ = pieces.push_back((next, most, call));
                next += u32::from(most);
            }
            let Some((offset, most, call)) = pieces.pop_front() else {
                return Err(CallError::ReplyTooLarge.into());
            };
            // A piece behind a short one is void.
            let taken = match offset == self.done {
                true => self.take(wait(caller, call), sink)?,
                false => wait(caller, call).map_or(most, |_| most),
            };
            if taken < most {
                next = self.done;
            }
        }
        Ok(())
    }

    /// Takes the bytes of the next piece and returns how many there are.
    fn take(
        &mut self,
        answer: Result<Answer<'_>, CallError>,
        sink: &mut impl FnMut(u32, &[u8], u32) -> ControlFlow<()>,
    ) -> Result<u16, TransferError> {
        let bytes = read::<BlocksRead>(answer.map_err(CallError::widen)?)?;
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if bytes.is_empty() {
            return Err(CallError::Error(BlockError::OutOfRange).into());
        }
        if len > self.total - self.done {
            return Err(CallError::BadReply.into());
        }
        if sink(self.done, bytes, self.total).is_break() {
            return Err(TransferError::Stopped);
        }
        self.crc = self.crc.then(bytes);
        self.done += len;
        Ok(len as u16)
    }
}

/// Writes a block. If [`run`](Self::run) fails, it can be run again and resumes after the bytes that
/// the device has kept.
#[derive(Clone, Debug)]
pub struct Put<'n> {
    name: &'n str,
    bytes: &'n [u8],
    /// The number of bytes that the device has taken, and their checksum.
    done: u32,
    crc: Crc32,
}

impl<'n> Put<'n> {
    /// Creates a transfer that writes `bytes` to the block with that name.
    pub const fn new(name: &'n str, bytes: &'n [u8]) -> Self {
        Self {
            name,
            bytes,
            done: 0,
            crc: Crc32::new(),
        }
    }

    /// Returns how many bytes the device has taken.
    pub const fn done(&self) -> u32 {
        self.done
    }

    /// Writes until the device has all bytes and their checksum is right. `progress` is called with the
    /// number of bytes that it has whenever it has taken some, or lost some in a reset.
    ///
    /// # Errors
    /// Returns the reason if the transfer failed.
    pub fn run<C: Caller>(
        &mut self,
        caller: &mut C,
        mut progress: impl FnMut(u32),
    ) -> Result<(), TransferError> {
        let total = u32::try_from(self.bytes.len()).map_err(|_| TransferError::TooLong)?;
        let mut attempts = 0;
        loop {
            let before = self.done;
            match self.attempt(caller, total, &mut progress) {
                // The device was reset.
                Err(CallError::Error(BlockError::NotBegun)) if attempts < ATTEMPTS => {
                    attempts = match self.done > before {
                        true => 0,
                        false => attempts + 1,
                    };
                }
                end => return end.map_err(TransferError::Call),
            }
        }
    }

    fn attempt<C: Caller>(
        &mut self,
        caller: &mut C,
        total: u32,
        progress: &mut impl FnMut(u32),
    ) -> BlockResult<()> {
        let found = caller.call::<BlocksFind>(&(self.name,))?;
        if self.done > 0 {
            match checksum_at_device(caller, found.block, self.done) {
                Ok(kept) if kept == self.crc.value() => {}
                Ok(_) | Err(CallError::Error(_)) => self.begin_anew(),
                Err(error) => return Err(error),
            }
        }
        match self.begin(caller, found.block, total) {
            // The bytes are those of the block as it was before.
            Err(CallError::Error(BlockError::NotBegun)) if self.done > 0 => {
                self.begin_anew();
                self.begin(caller, found.block, total)?;
            }
            begun => begun?,
        }
        progress(self.done);
        let Self {
            bytes, done, crc, ..
        } = self;
        let next = *done;
        let taken = |piece: &[u8], end| {
            *crc = crc.then(piece);
            *done = end;
            progress(end);
        };
        pieces::write::<BlocksWrite>(caller, bytes, next, ANY_TIME, taken)?;
        caller.call::<BlocksFinish>(&(self.crc.value(),))
    }

    fn begin_anew(&mut self) {
        self.done = 0;
        self.crc = Crc32::new();
    }

    /// Begins to write behind the bytes that the device has.
    fn begin<C: Caller>(&self, caller: &mut C, block: u8, total: u32) -> BlockResult<()> {
        caller.call::<BlocksBegin>(&(block, total, self.done, self.crc.value()))
    }
}
