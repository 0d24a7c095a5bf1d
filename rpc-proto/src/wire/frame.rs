//! Bytes to frames and back (PROTOCOL.md, "Frames").
//!
//! A frame is `COBS(payload ++ CRC-32(payload)) ++ 0x00`. Both directions touch each byte once:
//! the [`Encoder`] checks and stuffs bytes as a serialiser produces them, the [`Accumulator`]
//! unstuffs and checks them as the line delivers them. Neither needs a second buffer, and
//! neither looks at a byte again, so a frame's cost is spread over its arrival.

use crate::wire::crc::Crc32;
use core::hash::{Hash, Hasher};
use core::mem;
use postcard::ser_flavors::Flavor;
use serde::Serialize;

/// The byte that ends every frame and occurs nowhere inside one.
pub const DELIMITER: u8 = 0;

/// How many bytes of checksum follow a payload.
pub const CRC_LEN: usize = 4;

/// The most bytes that a COBS block carries besides its code.
const BLOCK: usize = 254;

/// The longest frame, delimiter included, that a payload of `payload` bytes can become.
///
/// ```
/// // A header, a procedure number and two one-byte arguments.
/// assert_eq!(rpc_proto::wire::frame::max_encoded_len(4), 10);
/// ```
pub const fn max_encoded_len(payload: usize) -> usize {
    let data = payload + CRC_LEN;
    data + data.div_ceil(BLOCK) + 1
}

/// The longest payload whose frame is sure to be no longer than `frame`, delimiter included.
///
/// ```
/// assert_eq!(rpc_proto::wire::frame::max_payload_len(10), 4);
/// ```
pub const fn max_payload_len(frame: usize) -> usize {
    let mut payload = frame.saturating_sub(max_encoded_len(frame) - frame);
    // What was taken off is for a payload as long as the frame, which may need a block more.
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
/// Whether everything fitted is asked once, at the end: that keeps every step free of error paths.
///
/// ```
/// use rpc_proto::wire::frame::Encoder;
/// let mut buffer = [0; 16];
/// let mut encoder = Encoder::new(&mut buffer);
/// encoder.push(0x42);
/// encoder.value(&(2_i32, "hi"));
/// let len = encoder.finish()?;
/// assert_eq!(buffer[len - 1], 0);
/// # Ok::<(), rpc_proto::wire::frame::Full>(())
/// ```
#[derive(Debug)]
pub struct Encoder<'b> {
    buffer: &'b mut [u8],
    /// Where the code of the open block goes once its length is known.
    code_at: usize,
    /// Where the next byte goes; beyond the buffer if the frame does not fit.
    end: usize,
    crc: Crc32,
}

impl<'b> Encoder<'b> {
    /// Begins a frame at the start of `buffer`.
    pub fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer,
            code_at: 0,
            end: 1,
            crc: Crc32::new(),
        }
    }

    /// Where the frame stands, to come back to.
    pub(crate) const fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            code_at: self.code_at,
            end: self.end,
            crc: self.crc,
        }
    }

    /// Takes back what was added since. What is in the buffer behind it will be written over.
    pub(crate) const fn rewind(&mut self, to: Checkpoint) {
        self.code_at = to.code_at;
        self.end = to.end;
        self.crc = to.crc;
    }

    /// Whether `more` bytes of payload still fit, and what ends the frame.
    pub(crate) const fn has_room(&self, more: usize) -> bool {
        let data = more + CRC_LEN;
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
    /// Everything that goes into a frame comes through here, its checksum too. That is checksummed
    /// in turn, which nobody reads, but a second loop for it would cost more flash.
    // Inlined into every place where a value is serialised, it would be most of a small image.
    #[inline(never)]
    pub fn extend(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.crc = self.crc.then_byte(byte);
            // A full block is closed only when another byte comes: closing it at once would add an
            // empty block to a frame that ends there.
            if self.end - self.code_at > BLOCK {
                self.next_block();
                self.end += 1;
            }
            self.put(self.end, byte);
            if byte == DELIMITER {
                // Its place is that of the next block's code.
                self.next_block();
            }
            self.end += 1;
        }
    }

    /// Adds the postcard encoding of an unsigned integer of up to 32 bits to the payload.
    ///
    /// The same as [`value`](Self::value), for the protocol's own fields: one function for all of
    /// them instead of a copy for each.
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

    /// Makes the frame one that does not fit.
    pub(crate) const fn refuse(&mut self) {
        if self.end < self.buffer.len() {
            self.end = self.buffer.len();
        }
    }

    /// Adds the checksum and the delimiter and tells the frame's length.
    ///
    /// # Errors
    /// [`Full`] when the buffer had no room for all of it, or a value refused to be serialised.
    #[inline(never)]
    pub fn finish(&mut self) -> Result<usize, Full> {
        self.extend(&self.crc.value().to_le_bytes());
        let end = self.end;
        self.next_block();
        *self.buffer.get_mut(end).ok_or(Full)? = DELIMITER;
        Ok(end + 1)
    }

    /// Writes the code of the open block and opens one whose code goes where the next byte would.
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

/// A place in a frame that is being built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkpoint {
    code_at: usize,
    end: usize,
    crc: Crc32,
}

/// What postcard writes goes into the payload, byte by byte.
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

/// Why bytes between two delimiters are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Broken {
    /// They do not decode, or their checksum is wrong.
    Corrupt,
    /// They are more than the buffer holds.
    TooLong,
}

/// Finds the frames in a stream of bytes, `FRAME` being the longest, delimiter included.
///
/// Whatever stands between two delimiters is one candidate: it is yielded whole and checked, or
/// reported broken once. The end of a dropped frame is thus never taken for a frame.
///
/// ```
/// use rpc_proto::wire::frame::{Accumulator, Encoder};
/// let mut buffer = [0; 16];
/// let mut encoder = Encoder::new(&mut buffer);
/// encoder.push(0x42);
/// let len = encoder.finish()?;
///
/// let mut accumulator = Accumulator::<16>::new();
/// for &byte in &buffer[..len - 1] {
///     assert_eq!(accumulator.push(byte), None);
/// }
/// assert_eq!(accumulator.push(0), Some(Ok(&[0x42][..])));
/// # Ok::<(), rpc_proto::wire::frame::Full>(())
/// ```
#[derive(Clone, Debug)]
pub struct Accumulator<const FRAME: usize> {
    /// What has been decoded of the candidate: payload, then checksum.
    decoded: [u8; FRAME],
    crc: Crc32,
    /// How many bytes that is; more than fit a frame, if the candidate is too long.
    len: u16,
    /// Bytes still to come in the open COBS block.
    left: u8,
    /// The complement of the open block's code; 0 before the first block. That of the longest block
    /// is 0 as well, and no zero stands behind either.
    not_code: u8,
}

impl<const FRAME: usize> Accumulator<FRAME> {
    /// How many decoded bytes the longest frame has: a code and the delimiter are not among them.
    const CAPACITY: u16 = FRAME as u16 - 2;

    /// An accumulator that waits for the first byte of a frame.
    pub const fn new() -> Self {
        const {
            assert!(FRAME > CRC_LEN + 2, "no frame is that short");
            assert!(
                FRAME <= u16::MAX as usize,
                "a frame's length must fit 16 bits"
            );
        };
        Self {
            decoded: [0; FRAME],
            crc: Crc32::new(),
            len: 0,
            left: 0,
            not_code: 0,
        }
    }

    /// Takes one received byte; at a delimiter, gives the payload of the frame that it ends, or
    /// says that what it ends is broken. Delimiters in a row end nothing.
    pub fn push(&mut self, byte: u8) -> Option<Result<&[u8], Broken>> {
        if byte == DELIMITER {
            return self.end();
        }
        let decoded = if self.left > 0 {
            self.left -= 1;
            byte
        } else {
            // The code of a block: what it decodes to is the zero before the block.
            self.left = byte - 1;
            if mem::replace(&mut self.not_code, !byte) == 0 {
                return None;
            }
            0
        };
        // Both are read before the place is written, which the compiler cannot tell from them.
        let (len, crc) = (self.len, self.crc);
        if let Some(place) = self.decoded.get_mut(usize::from(len)) {
            *place = decoded;
            self.len = len + 1;
            self.crc = crc.then_byte(decoded);
        }
        None
    }

    /// Whether a part of what may become a frame has come in.
    pub const fn is_decoding(&self) -> bool {
        !self.is_empty() && !self.is_too_long()
    }

    /// Whether nothing has come in: even a code alone leaves bytes to come, or a zero.
    const fn is_empty(&self) -> bool {
        self.len == 0 && self.left == 0 && self.not_code == 0
    }

    const fn is_too_long(&self) -> bool {
        self.len > Self::CAPACITY
    }

    fn end(&mut self) -> Option<Result<&[u8], Broken>> {
        let found = match self.checked() {
            Some(len) => Some(Ok(len)),
            None if self.is_empty() => None,
            None if self.is_too_long() => Some(Err(Broken::TooLong)),
            None => Some(Err(Broken::Corrupt)),
        };
        // The decoded bytes stay: clearing them would cost a pass over the buffer.
        self.crc = Crc32::new();
        self.len = 0;
        self.left = 0;
        self.not_code = 0;
        Some(found?.map(|len| self.decoded.get(..len).unwrap_or_default()))
    }

    /// The payload's length, if the candidate is a frame. A lone checksum is none.
    fn checked(&self) -> Option<usize> {
        let fits = (CRC_LEN as u16 + 1..=Self::CAPACITY).contains(&self.len);
        let whole = self.left == 0 && self.crc.is_checked();
        (fits && whole).then(|| usize::from(self.len) - CRC_LEN)
    }
}

/// What decides how it goes on: of a candidate that is too long, nothing does.
impl<const FRAME: usize> Hash for Accumulator<FRAME> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.is_too_long().hash(hasher);
        if !self.is_too_long() {
            // The checksum follows from the bytes.
            self.decoded.get(..usize::from(self.len)).hash(hasher);
            (self.left, self.not_code != 0).hash(hasher);
        }
    }
}

impl<const FRAME: usize> Default for Accumulator<FRAME> {
    fn default() -> Self {
        Self::new()
    }
}
