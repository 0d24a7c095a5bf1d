//! A storage for tests: blocks of any content in memory that may outlive a reset.

use rpc_proto::services::blocks::{Block, BlocksService, Failed, Storage, Stored};

/// The largest size of a block of the shelf in bytes.
pub const CAPACITY: usize = 64 * 1024;

/// A device with two blocks: `data`, and `fixed`, which can only be read.
#[derive(Clone, Debug)]
pub struct Shelf {
    data: Vec<u8>,
    /// The bytes being written, in memory of their own.
    written: Vec<u8>,
    fixed: Vec<u8>,
    /// The number of writes, repeats not included.
    pub writes: u32,
    /// The number of reads after which the block changes.
    pub changes_every: Option<u32>,
    reads: u32,
}

/// The interface of such a device.
pub type ShelfService = BlocksService<Stored<Shelf>>;

impl Shelf {
    /// Creates a device whose `data` has that many bytes.
    #[must_use]
    pub fn with(length: usize) -> Self {
        Self {
            data: pattern(length),
            written: Vec::new(),
            fixed: pattern(100),
            writes: 0,
            changes_every: None,
            reads: 0,
        }
    }

    /// Returns the block that can be written.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Forgets the bytes being written, as a device does that keeps them in RAM.
    pub fn forget_written(&mut self) {
        self.written.clear();
    }
}

/// Returns bytes of which no two pieces are alike, zeros among them.
#[must_use]
pub fn pattern(length: usize) -> Vec<u8> {
    let byte = |index: u32| (index.wrapping_mul(0x9E37_79B1) >> 21) as u8;
    (0..length as u32).map(byte).collect()
}

impl Storage for Shelf {
    fn block(&self, number: u8) -> Option<Block<'_>> {
        match number {
            0 => Some(Block {
                name: "data",
                length: self.data.len() as u32,
                capacity: CAPACITY as u32,
            }),
            1 => Some(Block {
                name: "fixed",
                length: self.fixed.len() as u32,
                capacity: 0,
            }),
            _ => None,
        }
    }

    fn read_at(&mut self, number: u8, offset: u32, _most: usize) -> &[u8] {
        self.reads += 1;
        if self
            .changes_every
            .is_some_and(|every| self.reads.is_multiple_of(every))
        {
            self.data.iter_mut().for_each(|byte| *byte = !*byte);
        }
        let block = match number {
            0 if !self.written.is_empty() => &self.written,
            0 => &self.data,
            _ => &self.fixed,
        };
        block.get(offset as usize..).unwrap_or_default()
    }

    fn begin(&mut self, _number: u8, _total: u32) -> Result<(), Failed> {
        self.written.clear();
        Ok(())
    }

    fn resume(&mut self, _number: u8, offset: u32) -> bool {
        offset as usize <= self.written.len()
    }

    fn write_at(&mut self, _number: u8, offset: u32, bytes: &[u8]) -> Result<(), Failed> {
        self.writes += 1;
        self.written.truncate(offset as usize);
        self.written.extend(bytes);
        Ok(())
    }

    fn finish(&mut self, _number: u8, length: u32) -> Result<(), Failed> {
        // Otherwise it was finished before.
        if self.written.len() == length as usize {
            self.data = std::mem::take(&mut self.written);
        }
        Ok(())
    }
}
