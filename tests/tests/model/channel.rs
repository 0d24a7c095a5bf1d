//! One direction of the link: the bytes that were sent and have not arrived, first in, first out.

use rpc_proto::wire::frame::{Accumulator, CRC_LEN, DELIMITER};
use rpc_proto::wire::message::{Header, Kind};

/// The longest frame of either end.
pub const FRAME: usize = 32;

/// A frame after a delimiter.
pub const MAX_CHUNK: usize = 1 + FRAME;

/// Bytes that arrive together: a frame, with the delimiter that flushes noise if there is one, or
/// a part of a frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chunk {
    bytes: heapless::Vec<u8, MAX_CHUNK>,
    /// True if the first copy of a call begins in it.
    pub first_copy: bool,
}

impl Chunk {
    /// Creates a chunk of bytes that are no first copy of a call.
    pub fn new(bytes: &[u8]) -> Self {
        Self {
            bytes: heapless::Vec::from_slice(bytes).expect("no frame is that long"),
            first_copy: false,
        }
    }

    /// Returns the noise of an idle line: bytes, and one that looks like a delimiter.
    pub fn noise() -> Self {
        Self::new(&[0x55, DELIMITER])
    }

    /// Returns the chunk that arrives after that fate.
    pub fn after(mut self, fate: Fate) -> Option<Self> {
        match fate {
            Fate::Whole => {}
            Fate::Lost => return None,
            Fate::Corrupt => {
                // In a frame, the last byte of the body: the call, or its number of runs.
                let place = self.bytes.len().saturating_sub(1 + CRC_LEN + 1);
                let byte = &mut self.bytes[place];
                *byte ^= if *byte == 1 { 2 } else { 1 };
            }
            Fate::Joined => {
                self.bytes.pop();
            }
        }
        Some(self)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The fate of a chunk on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Whole,
    /// It does not.
    Lost,
    /// A byte changes.
    Corrupt,
    /// The delimiter is lost: the bytes after it are taken for more of it.
    Joined,
}

/// The chunks in transit.
pub type Channel = std::collections::VecDeque<Chunk>;

/// Returns the payload of a frame.
fn payload_of(frame: &[u8]) -> Option<heapless::Vec<u8, FRAME>> {
    let mut accumulator = Accumulator::<FRAME>::new();
    frame.iter().find_map(|&byte| {
        let payload = accumulator.push(byte)?.ok()?;
        heapless::Vec::from_slice(payload).ok()
    })
}

/// Returns the header of a frame, if it is a whole one.
pub fn header_of(frame: &[u8]) -> Option<Header> {
    Some(Header::from_byte(*payload_of(frame)?.first()?))
}

/// Returns the call in a frame, if it has one: the argument that comes after header and procedure.
pub fn call_in(frame: &[u8]) -> Option<u8> {
    let payload = payload_of(frame)?;
    let is_call = Header::from_byte(*payload.first()?).kind == Kind::Call;
    is_call.then(|| payload.last().copied())?
}
