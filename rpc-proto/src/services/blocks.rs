//! Blocks: large data with names, read and written piece by piece, and checked as a whole
//! (PROTOCOL.md, "Blocks").
//!
//! A device offers a [`BlocksService`] of [`Blocks`], which wraps a [`Storage`] that holds the bytes. A
//! caller reads and writes a whole block with [`Get`] and [`Put`], which keep the link busy and resume
//! after a failure.

mod transfer;

pub use super::pieces::write_size;
pub use transfer::{Get, Put, TransferError, read_size};

use crate::Schema;
use crate::wire::crc::Crc32;
use heapless::String;
use serde::{Deserialize, Serialize};

/// The longest name of a block, in bytes.
pub const MAX_NAME: usize = 32;

/// Named data that is read and written a piece at a time. Pieces name a block by its number.
#[crate::service]
pub trait Blocks {
    /// The blocks, in the order of their numbers, which begin at 0.
    fn list(&mut self) -> impl Iterator<Item = BlockInfo>;

    /// The block of that name.
    #[idempotent]
    fn find(&mut self, name: &str) -> Result<Found, BlockError>;

    /// The bytes of a block from `offset` on: up to `most`, and none at its end.
    #[idempotent]
    fn read(&mut self, block: u8, offset: u32, most: u16) -> Result<&[u8], BlockError>;

    /// The CRC-32 of bytes whose own is `before` (0 for none) and `length` bytes of a block from
    /// `offset` on, which may lie behind its end.
    #[idempotent]
    fn checksum(
        &mut self,
        block: u8,
        offset: u32,
        length: u32,
        before: u32,
    ) -> Result<u32, BlockError>;

    /// Begins to write a block that will have `total` bytes. The first `offset` of them are there
    /// already, and their CRC-32 is `before`: both are 0 unless writing was interrupted. Then `checksum`
    /// must have been asked for those bytes last, from the first on.
    #[idempotent]
    fn begin(&mut self, block: u8, total: u32, offset: u32, before: u32) -> Result<(), BlockError>;

    /// Writes the next bytes of the block that was begun; those at `offset` that are there already
    /// are not written again.
    #[idempotent]
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), BlockError>;

    /// Ends writing, if all bytes are there and `crc` is their CRC-32: only then does the block
    /// change its length.
    #[idempotent]
    fn finish(&mut self, crc: u32) -> Result<(), BlockError>;
}

/// A listed block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct BlockInfo {
    /// The name by which it is found.
    pub name: String<MAX_NAME>,
    /// The number of bytes in it.
    pub length: u32,
    /// The maximum number of bytes, or 0 if it is read-only.
    pub capacity: u32,
}

/// A block that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Found {
    /// Its number.
    pub block: u8,
    /// The number of bytes in it.
    pub length: u32,
    /// The maximum number of bytes, or 0 if it is read-only.
    pub capacity: u32,
}

/// The reason why a block cannot be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BlockError {
    /// There is no block of that name or number.
    NoSuchBlock,
    /// It cannot be written.
    ReadOnly,
    /// It cannot hold that many bytes.
    TooLong,
    /// The bytes lie behind the end of the block.
    OutOfRange,
    /// No write has begun since the device was started, or not all bytes before the offset are there.
    NotBegun,
    /// These are not the next bytes; some before them are missing.
    Gap,
    /// The checksum differs from that of the written bytes.
    Differs,
    /// The memory that holds it failed.
    Failed,
}

/// A block of a [`Storage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Block<'s> {
    /// Its name, at most [`MAX_NAME`] bytes long.
    pub name: &'s str,
    /// The number of bytes in it.
    pub length: u32,
    /// The maximum number of bytes, or 0 if it is read-only.
    pub capacity: u32,
}

/// The memory failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Failed;

/// The memory of a device's blocks: the part that a firmware author writes.
///
/// Its methods are only called for pieces that lie inside their block.
pub trait Storage {
    /// Returns the block with that number, or None behind the last.
    fn block(&self, number: u8) -> Option<Block<'_>>;

    /// Returns the bytes from `offset` on, at least one and up to `most`. While they are being written,
    /// they may lie behind the block's length, but not its capacity.
    fn read_at(&mut self, number: u8, offset: u32, most: usize) -> &[u8];

    /// Prepares to write the block from its beginning, for example by erasing it.
    ///
    /// # Errors
    /// Fails if the memory fails.
    fn begin(&mut self, number: u8, total: u32) -> Result<(), Failed> {
        let _ = (number, total);
        Ok(())
    }

    /// Returns true if an interrupted write can go on behind its first `offset` bytes, which are those
    /// that [`read_at`](Self::read_at) returns. As it is, a write begins anew.
    fn resume(&mut self, number: u8, offset: u32) -> bool {
        let _ = (number, offset);
        false
    }

    /// Writes bytes; those before them were written already.
    ///
    /// # Errors
    /// Fails if the memory fails.
    fn write_at(&mut self, number: u8, offset: u32, bytes: &[u8]) -> Result<(), Failed>;

    /// Sets the block's length to `length`: all its bytes have been written and checked. It is called
    /// again if the caller missed the answer and no other write has begun since.
    ///
    /// # Errors
    /// Fails if the memory fails.
    fn finish(&mut self, number: u8, length: u32) -> Result<(), Failed>;
}

/// [`Blocks`] made of a [`Storage`]: it checks requests and tracks the progress of a write.
#[derive(Clone, Debug, Default)]
pub struct Stored<S> {
    storage: S,
    writing: Writing,
    checked: Checked,
}

/// The first bytes of a block, as the device itself has checked them last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Checked {
    block: u8,
    length: u32,
    crc: u32,
}

/// A write. All zeroes if none has begun, so that a device's blocks take no flash for their initial
/// values.
#[derive(Clone, Copy, Debug, Default)]
struct Writing {
    progress: Progress,
    block: u8,
    total: u32,
    written: u32,
    /// The checksum of the bytes written so far.
    crc: u32,
}

impl Writing {
    /// Returns true if this write has begun and is where `begun` is.
    fn is_at(&self, begun: &Self) -> bool {
        self.progress != Progress::NotBegun
            && (self.block, self.total) == (begun.block, begun.total)
            && (self.written, self.crc) == (begun.written, begun.crc)
    }
}

/// The progress of a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    NotBegun,
    Begun,
    Finished,
}

impl<S> Stored<S> {
    /// Creates blocks that are stored in `storage`.
    pub const fn new(storage: S) -> Self {
        Self {
            storage,
            writing: Writing {
                progress: Progress::NotBegun,
                block: 0,
                total: 0,
                written: 0,
                crc: 0,
            },
            checked: Checked {
                block: 0,
                length: 0,
                crc: 0,
            },
        }
    }

    /// Returns the storage, for use by the rest of the firmware.
    pub const fn storage(&mut self) -> &mut S {
        &mut self.storage
    }
}

impl<S: Storage> Stored<S> {
    fn block(&self, number: u8) -> Result<Block<'_>, BlockError> {
        self.storage.block(number).ok_or(BlockError::NoSuchBlock)
    }

    /// Returns the write that has begun.
    const fn writing(&mut self) -> Result<&mut Writing, BlockError> {
        match self.writing.progress {
            Progress::NotBegun => Err(BlockError::NotBegun),
            Progress::Begun | Progress::Finished => Ok(&mut self.writing),
        }
    }
}

impl<S: Storage> Blocks for Stored<S> {
    fn list(&mut self) -> impl Iterator<Item = BlockInfo> {
        let blocks = (0..=u8::MAX).map_while(|number| self.storage.block(number));
        blocks.map(|block| {
            BlockInfo {
                // A name that does not fit is left out.
                name: String::try_from(block.name).unwrap_or_default(),
                length: block.length,
                capacity: block.capacity,
            }
        })
    }

    fn find(&mut self, name: &str) -> Result<Found, BlockError> {
        let numbers = 0..=u8::MAX;
        let mut blocks = numbers.map_while(|number| Some((number, self.storage.block(number)?)));
        let found = blocks.find(|(_, block)| block.name == name);
        let (
            block,
            Block {
                length, capacity, ..
            },
        ) = found.ok_or(BlockError::NoSuchBlock)?;
        Ok(Found {
            block,
            length,
            capacity,
        })
    }

    fn read(&mut self, block: u8, offset: u32, most: u16) -> Result<&[u8], BlockError> {
        let left = self.block(block)?.length.checked_sub(offset);
        let left = left.ok_or(BlockError::OutOfRange)?;
        let most = usize::from(most).min(left as usize);
        if most == 0 {
            return Ok(&[]);
        }
        let bytes = self.storage.read_at(block, offset, most);
        Ok(bytes.get(..most).unwrap_or(bytes))
    }

    fn checksum(
        &mut self,
        block: u8,
        offset: u32,
        length: u32,
        before: u32,
    ) -> Result<u32, BlockError> {
        let found = self.block(block)?;
        let end = offset.checked_add(length).ok_or(BlockError::OutOfRange)?;
        if end > found.length.max(found.capacity) {
            return Err(BlockError::OutOfRange);
        }
        let mut crc = Crc32::after(before);
        let mut at = offset;
        while at < end {
            let most = (end - at) as usize;
            let bytes = self.storage.read_at(block, at, most);
            let bytes = bytes.get(..most).unwrap_or(bytes);
            if bytes.is_empty() {
                return Err(BlockError::Failed);
            }
            crc = crc.then(bytes);
            at += bytes.len() as u32;
        }
        let crc = crc.value();
        let behind = Checked {
            block,
            length: offset,
            crc: before,
        };
        if (offset, before) == (0, 0) || behind == self.checked {
            self.checked = Checked {
                block,
                length: end,
                crc,
            };
        }
        Ok(crc)
    }

    fn begin(&mut self, block: u8, total: u32, offset: u32, before: u32) -> Result<(), BlockError> {
        let found = self.block(block)?;
        if found.capacity == 0 {
            return Err(BlockError::ReadOnly);
        }
        if total > found.capacity {
            return Err(BlockError::TooLong);
        }
        if offset > total {
            return Err(BlockError::OutOfRange);
        }
        let begun = Writing {
            progress: Progress::Begun,
            block,
            total,
            written: offset,
            crc: before,
        };
        if self.writing.is_at(&begun) {
            return Ok(());
        }
        let resumed = Checked {
            block,
            length: offset,
            crc: before,
        };
        self.writing.progress = Progress::NotBegun;
        if offset > 0 && !(resumed == self.checked && self.storage.resume(block, offset)) {
            return Err(BlockError::NotBegun);
        }
        if offset == 0 {
            let begun = self.storage.begin(block, total);
            begun.map_err(|Failed| BlockError::Failed)?;
        }
        self.writing = begun;
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), BlockError> {
        let &mut Writing {
            block,
            total,
            written,
            crc,
            ..
        } = self.writing()?;
        let end = offset.checked_add(bytes.len() as u32);
        let end = end.filter(|&end| end <= total);
        let end = end.ok_or(BlockError::OutOfRange)?;
        if end <= written {
            return Ok(());
        }
        if offset != written {
            return Err(BlockError::Gap);
        }
        self.checked = Checked::default();
        let done = self.storage.write_at(block, offset, bytes);
        done.map_err(|Failed| BlockError::Failed)?;
        self.writing.written = end;
        self.writing.crc = Crc32::after(crc).then(bytes).value();
        Ok(())
    }

    fn finish(&mut self, crc: u32) -> Result<(), BlockError> {
        let writing = *self.writing()?;
        if writing.written != writing.total {
            return Err(BlockError::Gap);
        }
        if writing.crc != crc {
            return Err(BlockError::Differs);
        }
        if writing.progress != Progress::Finished {
            let finished = self.storage.finish(writing.block, writing.total);
            finished.map_err(|Failed| BlockError::Failed)?;
            self.writing.progress = Progress::Finished;
        }
        Ok(())
    }
}
