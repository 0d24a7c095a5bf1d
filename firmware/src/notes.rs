//! A block in RAM that callers can read and write, for the demonstration device.

use rpc_proto::services::blocks::{Block, Failed, Storage};

/// The largest size of the notes in bytes.
pub const CAPACITY: usize = 2048;

/// One block, `notes`, which is lost at a reset.
#[derive(Clone, Debug)]
pub struct Notes {
    bytes: [u8; CAPACITY],
    length: u32,
}

impl Notes {
    /// Creates empty notes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: [0; CAPACITY],
            length: 0,
        }
    }
}

impl Default for Notes {
    fn default() -> Self {
        Self::new()
    }
}

impl Storage for Notes {
    fn block(&self, number: u8) -> Option<Block<'_>> {
        (number == 0).then_some(Block {
            name: "notes",
            length: self.length,
            capacity: CAPACITY as u32,
        })
    }

    fn read_at(&mut self, _number: u8, offset: u32, _most: usize) -> &[u8] {
        self.bytes.get(offset as usize..).unwrap_or_default()
    }

    fn resume(&mut self, _number: u8, _offset: u32) -> bool {
        // Bytes are written where they are read.
        true
    }

    fn write_at(&mut self, _number: u8, offset: u32, bytes: &[u8]) -> Result<(), Failed> {
        let start = offset as usize;
        let place = self.bytes.get_mut(start..start + bytes.len());
        place.ok_or(Failed)?.copy_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self, _number: u8, length: u32) -> Result<(), Failed> {
        self.length = length;
        Ok(())
    }
}
