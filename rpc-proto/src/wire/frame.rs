//! Bytes to frames and back (PROTOCOL.md, "Frames").
//!
//! A frame is `COBS(payload ++ trailer) ++ 0x00`. The [`Encoder`] seals and stuffs bytes as a
//! serialiser produces them. The [`Accumulator`] keeps bytes as the line delivers them and unstuffs
//! them in place when the frame is complete; a [`Candidate`] is then checked with the seal that its
//! receiver expects. Neither needs a second buffer.

use crate::wire::message::Header;
use crate::wire::seal::{Seal, TRAILER_LEN};
use core::mem;
use postcard::ser_flavors::Flavor;
use serde::Serialize;

/// The byte that ends every frame and occurs nowhere inside one.
pub const DELIMITER: u8 = 0;

/// The maximum number of bytes in a COBS block, without its code.
const BLOCK: usize = 254;

/// Returns the longest frame, delimiter included, for a payload of `payload` bytes.
///
/// ```
/// // A header, a procedure number and two one-byte arguments.
/// assert_eq!(rpc_proto::wire::frame::max_encoded_len(4), 10);
/// ```
pub const fn max_encoded_len(payload: usize) -> usize {
    let data = payload + TRAILER_LEN;
    data + data.div_ceil(BLOCK) + 1
}

/// Returns the longest payload that certainly fits a frame of `frame` bytes, delimiter included.
///
/// ```
/// assert_eq!(rpc_proto::wire::frame::max_payload_len(10), 4);
/// ```
pub const fn max_payload_len(frame: usize) -> usize {
    let mut payload = frame.saturating_sub(max_encoded_len(frame) - frame);
    // The overhead was computed for a payload as long as the frame, which may need one more block.
    while max_encoded_len(payload + 1) <= frame {
        payload += 1;
    }
    payload
}

/// The frame does not fit its buffer, or a value refused to be serialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Full;

/// Builds one frame in a buffer, a byte of payload at a time.
///
/// Only [`finish`](Self::finish) checks that everything fitted, so the other steps have no error paths.
///
/// ```
/// use rpc_proto::wire::frame::Encoder;
/// use rpc_proto::wire::message::{Header, Kind, Seq};
/// use rpc_proto::wire::seal::Seal;
/// let mut buffer = [0; 16];
/// let header = Header { kind: Kind::Return, seq: Seq::FIRST };
/// let mut encoder = Encoder::new(&mut buffer, header, Seal::of_session(1));
/// encoder.value(&(2_i32, "hi"));
/// let len = encoder.finish()?;
/// assert_eq!(buffer[len - 1], 0);
/// # Ok::<(), rpc_proto::wire::frame::Full>(())
/// ```
#[derive(Debug)]
pub struct Encoder<'b> {
    buffer: &'b mut [u8],
    /// The position for the code of the open block, written once its length is known.
    code_at: usize,
    /// The position of the next byte; beyond the buffer if the frame does not fit.
    end: usize,
    seal: Seal,
}

impl<'b> Encoder<'b> {
    /// Begins a frame at the start of `buffer`, with that header and that seal.
    pub fn new(buffer: &'b mut [u8], header: Header, seal: Seal) -> Self {
        let mut encoder = Self::without_header(buffer, seal);
        encoder.push(header.to_byte());
        encoder
    }

    /// Creates an encoder as [`new`](Self::new) does, for a frame whose header is pushed later.
    pub(crate) const fn without_header(buffer: &'b mut [u8], seal: Seal) -> Self {
        Self {
            buffer,
            code_at: 0,
            end: 1,
            seal,
        }
    }

    /// Returns a checkpoint to rewind to.
    pub(crate) const fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            code_at: self.code_at,
            end: self.end,
            seal: self.seal,
        }
    }

    /// Removes everything added since. The bytes left in the buffer will be overwritten.
    pub(crate) const fn rewind(&mut self, to: Checkpoint) {
        self.code_at = to.code_at;
        self.end = to.end;
        self.seal = to.seal;
    }

    /// Returns true if `more` bytes of payload still fit, together with the trailer and delimiter.
    pub(crate) const fn has_room(&self, more: usize) -> bool {
        let data = more + TRAILER_LEN;
        let full_block = (self.end - self.code_at + data > BLOCK) as usize;
        self.end + data + full_block < self.buffer.len()
    }

    /// Adds a byte of payload.
    #[inline(never)]
    pub fn push(&mut self, byte: u8) {
        self.extend(&[byte]);
    }

    /// Adds bytes of payload.
    ///
    /// All bytes of a frame pass through here, including its trailer. Sealing the trailer is useless,
    /// but a second loop for it would take more flash.
    // Inlined into every place where a value is serialised, it would be most of a small image.
    #[inline(never)]
    pub fn extend(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.seal = self.seal.then_byte(byte);
            // A full block is closed only before another byte: closing it at once would add an empty
            // block to a frame that ends there.
            if self.end - self.code_at > BLOCK {
                self.next_block();
                self.end += 1;
            }
            self.put(self.end, byte);
            if byte == DELIMITER {
                // The next block's code takes the position of the byte.
                self.next_block();
            }
            self.end += 1;
        }
    }

    /// Adds the postcard encoding of an unsigned integer of up to 32 bits to the payload.
    ///
    /// Writes the same as [`value`](Self::value), for the protocol's own fields: one function for all
    /// of them instead of a copy for each.
    #[inline(never)]
    pub fn varint(&mut self, mut value: u32) {
        loop {
            let more = value >> 7;
            let byte = value as u8 & 0x7F;
            if more == 0 {
                return self.push(byte);
            }
            self.push(byte | 0x80);
            value = more;
        }
    }

    /// Adds the postcard encoding of `value` to the payload.
    pub fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        let mut serializer = postcard::Serializer {
            output: Payload(self),
        };
        if value.serialize(&mut serializer).is_err() {
            self.refuse();
        }
    }

    /// Marks the frame as one that does not fit.
    pub(crate) const fn refuse(&mut self) {
        if self.end < self.buffer.len() {
            self.end = self.buffer.len();
        }
    }

    /// Adds the trailer and the delimiter, and returns the frame's length.
    ///
    /// # Errors
    /// Returns [`Full`] if the buffer had no room for all of it, or a value refused to be serialised.
    #[inline(never)]
    pub fn finish(&mut self) -> Result<usize, Full> {
        self.extend(&self.seal.trailer());
        let end = self.end;
        self.next_block();
        *self.buffer.get_mut(end).ok_or(Full)? = DELIMITER;
        Ok(end + 1)
    }

    /// Writes the code of the open block, and opens a new one at the position of the next byte.
    fn next_block(&mut self) {
        // At most BLOCK + 1, so it fits a byte.
        let code = (self.end - self.code_at) as u8;
        self.put(self.code_at, code);
        self.code_at = self.end;
    }

    fn put(&mut self, index: usize, byte: u8) {
        if let Some(place) = self.buffer.get_mut(index) {
            *place = byte;
        }
    }
}

/// A position in a frame that is being built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkpoint {
    code_at: usize,
    end: usize,
    seal: Seal,
}

/// Puts the bytes that postcard writes into the payload, one by one.
struct Payload<'e, 'b>(&'e mut Encoder<'b>);

impl Flavor for Payload<'_, '_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// The reason why bytes between two delimiters are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Broken {
    /// They do not decode, or their checksum is wrong.
    Corrupt,
    /// They are more than the buffer holds.
    TooLong,
}

/// The bytes between two delimiters, decoded but not yet checked, because the seal depends on the
/// header. They are longer than a trailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'f>(&'f [u8]);

impl<'f> Candidate<'f> {
    /// Returns the header, if the candidate turns out to be a frame.
    pub fn header(self) -> Header {
        Header::from_byte(self.0.first().copied().unwrap_or_default())
    }

    /// Returns the trailer, if the candidate turns out to be a frame.
    pub fn trailer(self) -> [u8; TRAILER_LEN] {
        let trailer = self.0.get(self.0.len() - TRAILER_LEN..);
        // `last_chunk` would add a null check, which takes 12 bytes more.
        let trailer = trailer.and_then(|trailer| trailer.try_into().ok());
        trailer.unwrap_or_default()
    }

    /// Returns the first byte behind the header, if the candidate turns out to be a frame with a body.
    pub fn code(self) -> Option<u8> {
        self.0.get(1).copied()
    }

    /// Returns the body, for an observer that cannot check it.
    pub fn unchecked_body(self) -> &'f [u8] {
        self.0
            .get(1..self.0.len() - TRAILER_LEN)
            .unwrap_or_default()
    }

    /// Returns the body, if the candidate is a frame with that seal.
    pub fn open(self, seal: Seal) -> Option<&'f [u8]> {
        seal.checks(self.0).then(|| self.unchecked_body())
    }
}

/// Finds the frames in a stream of bytes. `FRAME` is the longest, delimiter included.
///
/// The bytes between two delimiters are one candidate: it is returned whole, or reported broken once.
/// The end of a dropped frame is thus never mistaken for a frame.
///
/// ```
/// use rpc_proto::wire::frame::{Accumulator, Encoder};
/// use rpc_proto::wire::message::{Header, Kind, Seq};
/// use rpc_proto::wire::seal::Seal;
/// let mut buffer = [0; 16];
/// let header = Header { kind: Kind::Return, seq: Seq::FIRST };
/// let len = Encoder::new(&mut buffer, header, Seal::of_session(1)).finish()?;
///
/// let mut accumulator = Accumulator::<16>::new();
/// for &byte in &buffer[..len - 1] {
///     assert_eq!(accumulator.push(byte), None);
/// }
/// let candidate = accumulator.push(0).unwrap().unwrap();
/// assert_eq!(candidate.header(), header);
/// assert_eq!(candidate.open(Seal::of_session(1)), Some(&[][..]));
/// # Ok::<(), rpc_proto::wire::frame::Full>(())
/// ```
#[derive(Clone, Debug)]
pub struct Accumulator<const FRAME: usize> {
    /// The candidate received so far.
    bytes: [u8; FRAME],
    /// The number of its bytes, or `FRAME` if the candidate is too long.
    len: u16,
}

impl<const FRAME: usize> Accumulator<FRAME> {
    /// True if a frame can have bytes after a full block, so that a code has to be removed from the
    /// middle. Devices have shorter frames and none of this code.
    const HAS_FULL_BLOCKS: bool = FRAME > BLOCK + 2;

    /// Creates an accumulator that waits for the first byte of a frame.
    pub const fn new() -> Self {
        const {
            assert!(FRAME > TRAILER_LEN + 2, "no frame is that short");
            assert!(
                FRAME <= u16::MAX as usize,
                "a frame's length must fit 16 bits"
            );
        };
        Self {
            bytes: [0; FRAME],
            len: 0,
        }
    }

    /// Takes one received byte. At a delimiter, returns the candidate that it ends, or an error if that
    /// is broken. Repeated delimiters end nothing.
    pub fn push(&mut self, byte: u8) -> Option<Result<Candidate<'_>, Broken>> {
        if byte == DELIMITER {
            return self.end();
        }
        if let Some(place) = self.bytes.get_mut(usize::from(self.len)) {
            *place = byte;
            self.len += 1;
        }
        None
    }

    /// Returns true if a part of a possible frame has been received.
    pub const fn is_decoding(&self) -> bool {
        self.len > 0 && !self.is_too_long()
    }

    const fn is_too_long(&self) -> bool {
        self.len as usize >= FRAME
    }

    fn end(&mut self) -> Option<Result<Candidate<'_>, Broken>> {
        let len = usize::from(mem::take(&mut self.len));
        if len == 0 {
            return None;
        }
        if len >= FRAME {
            return Some(Err(Broken::TooLong));
        }
        let bytes = self.bytes.get_mut(..len)?;
        let decoded = unstuff::<FRAME>(bytes).and_then(|len| bytes.get(1..len));
        let candidate = decoded.filter(|decoded| decoded.len() > TRAILER_LEN);
        Some(candidate.map(Candidate).ok_or(Broken::Corrupt))
    }
}

/// Undoes COBS in place: the bytes stay, and each code but the first becomes the zero that it stands
/// for. Returns their end.
fn unstuff<const FRAME: usize>(bytes: &mut [u8]) -> Option<usize> {
    let mut taken_out = 0;
    let mut is_behind_full = false;
    let mut at = 0;
    loop {
        let code = mem::take(bytes.get_mut(at)?);
        let next = at + usize::from(code);
        if Accumulator::<FRAME>::HAS_FULL_BLOCKS {
            // No zero follows a full block, so the bytes behind it move up.
            let first = at + usize::from(is_behind_full);
            taken_out += first - at;
            is_behind_full = usize::from(code) > BLOCK;
            if taken_out > 0 {
                for index in first..next {
                    let byte = *bytes.get(index)?;
                    *bytes.get_mut(index - taken_out)? = byte;
                }
            }
        }
        if next == bytes.len() {
            return Some(next - taken_out);
        }
        at = next;
    }
}

/// Hashes the bytes of the candidate, unless it will be dropped.
#[cfg(feature = "model-check")]
impl<const FRAME: usize> core::hash::Hash for Accumulator<FRAME> {
    fn hash<H: core::hash::Hasher>(&self, hasher: &mut H) {
        self.is_too_long().hash(hasher);
        if !self.is_too_long() {
            self.bytes.get(..usize::from(self.len)).hash(hasher);
        }
    }
}

impl<const FRAME: usize> Default for Accumulator<FRAME> {
    fn default() -> Self {
        Self::new()
    }
}
