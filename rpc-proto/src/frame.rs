//! Bytes to frames and back (PROTOCOL.md, "Frames").
//!
//! A frame is `COBS(payload ++ CRC-32(payload)) ++ 0x00`. Both directions touch each byte once:
//! the [`Encoder`] checks and stuffs bytes as a serialiser produces them, the [`Accumulator`]
//! unstuffs and checks them as the line delivers them. Neither needs a second buffer, and
//! neither looks at a byte again, so a frame's cost is spread over its arrival.

use crate::crc::Crc32;
use core::hash::{Hash, Hasher};
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
/// assert_eq!(rpc_proto::frame::max_encoded_len(4), 10);
/// ```
pub const fn max_encoded_len(payload: usize) -> usize {
    let data = payload + CRC_LEN;
    data + data.div_ceil(BLOCK) + 1
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
/// use rpc_proto::frame::Encoder;
/// let mut buffer = [0; 16];
/// let mut encoder = Encoder::new(&mut buffer);
/// encoder.push(0x42);
/// encoder.value(&(2_i32, "hi"));
/// let len = encoder.finish()?;
/// assert_eq!(buffer[len - 1], 0);
/// # Ok::<(), rpc_proto::frame::Full>(())
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
    #[inline(never)]
    pub fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer,
            code_at: 0,
            end: 1,
            crc: Crc32::new(),
        }
    }

    /// Begins anew, as if nothing had been added.
    pub(crate) fn restart(&mut self) {
        self.code_at = 0;
        self.end = 1;
        self.crc = Crc32::new();
    }

    /// Adds a byte of payload.
    // Inlined into every place where a value is serialised, it would be most of a small image.
    #[inline(never)]
    pub fn push(&mut self, byte: u8) {
        self.crc = self.crc.then_byte(byte);
        self.stuff(byte);
    }

    /// Adds the postcard encoding of an unsigned integer of up to 32 bits to the payload.
    ///
    /// The same as [`value`](Self::value), for the protocol's own fields: one function for all of
    /// them instead of a copy for each.
    #[inline(never)]
    pub fn varint(&mut self, mut value: u32) {
        while value > 0x7F {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    /// Adds the postcard encoding of `value` to the payload.
    pub fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        let mut serializer = postcard::Serializer {
            output: Payload(self),
        };
        if value.serialize(&mut serializer).is_err() {
            self.end = self.buffer.len();
        }
    }

    /// Adds the checksum and the delimiter and tells the frame's length.
    ///
    /// # Errors
    /// [`Full`] when the buffer had no room for all of it, or a value refused to be serialised.
    #[inline(never)]
    pub fn finish(&mut self) -> Result<usize, Full> {
        for byte in self.crc.value().to_le_bytes() {
            self.stuff(byte);
        }
        self.close_block();
        self.put(self.end, DELIMITER);
        if self.end < self.buffer.len() {
            Ok(self.end + 1)
        } else {
            Err(Full)
        }
    }

    /// Takes one byte of payload or checksum into the open block.
    ///
    /// A full block is closed only when another byte comes: closing it at once would add an
    /// empty block to a frame that ends there.
    fn stuff(&mut self, byte: u8) {
        if self.end - self.code_at > BLOCK {
            self.next_block();
        }
        if byte == DELIMITER {
            self.next_block();
        } else {
            self.put(self.end, byte);
            self.end += 1;
        }
    }

    fn next_block(&mut self) {
        self.close_block();
        self.code_at = self.end;
        self.end += 1;
    }

    fn close_block(&mut self) {
        // At most BLOCK + 1, so it fits a byte.
        let code = (self.end - self.code_at) as u8;
        self.put(self.code_at, code);
    }

    fn put(&mut self, index: usize, byte: u8) {
        if let Some(place) = self.buffer.get_mut(index) {
            *place = byte;
        }
    }
}

/// What postcard writes goes into the payload, byte by byte.
struct Payload<'e, 'b>(&'e mut Encoder<'b>);

impl Flavor for Payload<'_, '_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline(never)]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        for &byte in bytes {
            self.0.push(byte);
        }
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
/// use rpc_proto::frame::{Accumulator, Encoder};
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
/// # Ok::<(), rpc_proto::frame::Full>(())
/// ```
#[derive(Clone, Debug)]
pub struct Accumulator<const FRAME: usize> {
    /// What has been decoded of the candidate: payload, then checksum.
    decoded: [u8; FRAME],
    len: usize,
    crc: Crc32,
    /// Bytes still to come in the open COBS block.
    left: u8,
    /// Whether a zero stands between the open block and the one after it.
    zero: bool,
    progress: Progress,
}

/// What is known of the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Progress {
    /// No byte of it has come yet.
    Empty,
    Decoding,
    Overflowed,
}

impl<const FRAME: usize> Accumulator<FRAME> {
    /// How many decoded bytes the longest frame has: a code and the delimiter are not among them.
    const CAPACITY: usize = FRAME - 2;

    /// An accumulator that waits for the first byte of a frame.
    pub const fn new() -> Self {
        const { assert!(FRAME > CRC_LEN + 2, "no frame is that short") };
        Self {
            decoded: [0; FRAME],
            len: 0,
            crc: Crc32::UNUSED,
            left: 0,
            zero: false,
            progress: Progress::Empty,
        }
    }

    /// Takes one received byte; at a delimiter, gives the payload of the frame that it ends, or
    /// says that what it ends is broken. Delimiters in a row end nothing.
    pub fn push(&mut self, byte: u8) -> Option<Result<&[u8], Broken>> {
        if byte == DELIMITER {
            return self.end();
        }
        if self.progress == Progress::Empty {
            self.begin();
        }
        if self.left > 0 {
            self.left -= 1;
            self.decode(byte);
        } else {
            if self.zero {
                self.decode(0);
            }
            self.left = byte - 1;
            self.zero = self.left < BLOCK as u8;
        }
        None
    }

    /// Whether a part of what may become a frame has come in.
    pub fn is_decoding(&self) -> bool {
        self.progress == Progress::Decoding
    }

    /// Forgets the last frame. Its bytes stay: clearing them would cost a pass over the buffer.
    fn begin(&mut self) {
        self.progress = Progress::Decoding;
        self.len = 0;
        self.crc = Crc32::new();
        self.left = 0;
        self.zero = false;
    }

    fn decode(&mut self, byte: u8) {
        if self.len >= Self::CAPACITY {
            self.progress = Progress::Overflowed;
        } else if let Some(place) = self.decoded.get_mut(self.len) {
            *place = byte;
            self.len += 1;
            self.crc = self.crc.then_byte(byte);
        }
    }

    fn end(&mut self) -> Option<Result<&[u8], Broken>> {
        match core::mem::replace(&mut self.progress, Progress::Empty) {
            Progress::Empty => None,
            Progress::Overflowed => Some(Err(Broken::TooLong)),
            Progress::Decoding => Some(self.checked().ok_or(Broken::Corrupt)),
        }
    }

    /// The payload, if the candidate is complete, checks, and has one: a lone checksum is no frame.
    fn checked(&self) -> Option<&[u8]> {
        let whole = self.left == 0 && self.crc.is_checked();
        let payload = self.decoded.get(..self.len.checked_sub(CRC_LEN)?)?;
        (whole && !payload.is_empty()).then_some(payload)
    }
}

/// What decides how it goes on: of a candidate that is done with, nothing does.
impl<const FRAME: usize> Hash for Accumulator<FRAME> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.progress.hash(hasher);
        if self.progress != Progress::Empty {
            // The checksum follows from the bytes.
            self.decoded.get(..self.len).hash(hasher);
            (self.left, self.zero).hash(hasher);
        }
    }
}

impl<const FRAME: usize> Default for Accumulator<FRAME> {
    fn default() -> Self {
        Self::new()
    }
}
