//! The shared code of the targets: inputs as pieces, so that a fuzzer gets past the checksum.

use rpc_proto::wire::frame::Encoder;
use rpc_proto::wire::message::{Header, Kind};
use rpc_proto::wire::seal::Seal;

/// The longest frame of the two ends, in bytes.
pub const FRAME: usize = 64;

/// The nonce of the session that frames belong to.
pub const SESSION: u32 = 7;

/// A part of the input: some bytes, and flags for their use.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// True if they are the payload of a valid frame; otherwise they are sent as they are.
    pub is_payload: bool,
    /// True if time passes afterwards.
    pub then_wait: bool,
}

/// Cuts an input into pieces: a byte with two flags and a length, then as many bytes.
pub fn pieces(mut input: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        let (&first, rest) = input.split_first()?;
        let len = usize::from(first >> 2).min(rest.len());
        let (bytes, rest) = rest.split_at(len);
        input = rest;
        Some(Piece {
            bytes,
            is_payload: first & 1 == 1,
            then_wait: first & 2 == 2,
        })
    })
}

impl Piece<'_> {
    /// Returns the bytes on the line. A payload that is too long for a frame is sent as it is.
    pub fn to_bytes(self) -> Vec<u8> {
        let framed = if self.is_payload {
            frame(self.bytes)
        } else {
            None
        };
        framed.unwrap_or_else(|| self.bytes.to_vec())
    }
}

/// Returns the frame with that payload, if it fits and has a header.
pub fn frame(payload: &[u8]) -> Option<Vec<u8>> {
    let (&header, body) = payload.split_first()?;
    let header = Header::from_byte(header);
    let mut buffer = [0; FRAME];
    let mut encoder = Encoder::new(&mut buffer);
    encoder.extend(body);
    let len = encoder.finish(header, seal(header)).ok()?;
    Some(buffer[..len].to_vec())
}

/// The seal of a frame with that header.
pub fn seal(header: Header) -> Seal {
    match header.kind {
        Kind::Connect | Kind::Accept => Seal::NONE,
        _ => Seal::of_session(SESSION),
    }
}
