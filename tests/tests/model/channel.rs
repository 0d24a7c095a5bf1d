//! One direction of the link: the bytes that were sent and have not arrived, first in, first out.

use rpc_proto::wire::frame::{Accumulator, Candidate, DELIMITER, Encoder};
use rpc_proto::wire::message::{Header, Kind};
use rpc_proto::wire::seal::{Seal, TRAILER_LEN};
use serde::Serialize;

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

    /// Creates a chunk with a delimiter and a frame.
    pub fn frame<B: Serialize>(header: Header, body: &B, seal: Seal) -> Self {
        let mut bytes = [DELIMITER; MAX_CHUNK];
        let mut encoder = Encoder::new(&mut bytes[1..]);
        encoder.value(body);
        let len = encoder.finish(header, seal).expect("no frame is that long");
        Self::new(&bytes[..1 + len])
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
                let place = self.bytes.len().saturating_sub(1 + TRAILER_LEN + 1);
                let byte = &mut self.bytes[place];
                *byte ^= if *byte == 1 { 2 } else { 1 };
            }
            Fate::Joined => {
                self.bytes.pop();
            }
        }
        Some(self)
    }

    /// The frame without the delimiter before it.
    pub fn frame_in(&self) -> &[u8] {
        self.bytes.strip_prefix(&[DELIMITER]).unwrap_or(&self.bytes)
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

/// Calls `at` with a frame, of any session.
fn look<T>(frame: &[u8], at: impl FnOnce(Candidate<'_>) -> T) -> Option<T> {
    let mut accumulator = Accumulator::<FRAME>::new();
    let (last, bytes) = frame.split_last()?;
    for &byte in bytes {
        accumulator.push(byte);
    }
    Some(at(accumulator.push(*last)?.ok()?))
}

/// Returns the nonce of a frame that accepts a session.
pub fn accepted_in(frame: &[u8]) -> Option<u32> {
    let nonce = |candidate: Candidate<'_>| {
        let body = candidate.open(Seal::NONE)?;
        let (_, nonce) = postcard::take_from_bytes::<(u8, u32)>(body).ok()?.0;
        (candidate.header().kind == Kind::Accept).then_some(nonce)
    };
    look(frame, nonce)?
}

/// Returns the call in a frame, if it has one: the argument that comes after header and procedure.
pub fn call_in(frame: &[u8]) -> Option<u8> {
    let call = |candidate: Candidate<'_>| {
        let is_call = candidate.header().kind == Kind::Call;
        is_call.then(|| candidate.unchecked_body().last().copied())?
    };
    look(frame, call)?
}
