//! Bytes to frames and back (PROTOCOL.md, "Frames").
//!
//! A frame is `COBS(payload ++ trailer) ++ 0x00`. The [`Encoder`] keeps bytes as a serialiser produces
//! them, and seals and stuffs them in place in the end. The [`Accumulator`] keeps bytes as the line delivers them and unstuffs
//! them in place when the frame is complete; a [`Candidate`] is then checked with the seal that its
//! receiver expects. Neither needs a second buffer.

use crate::wire::crc::Engine;
use crate::wire::encode::Sink;
use crate::wire::message::Header;
use crate::wire::seal::{Seal, TRAILER_LEN};
use core::mem;
use core::sync::atomic::{Ordering, compiler_fence};
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

/// Where the body begins in a frame, behind the first code and the header.
const BODY: usize = 2;

/// Builds one frame in a buffer: puts the body where it belongs, and seals and stuffs it in the end.
///
/// Only [`finish`](Self::finish) checks that everything fitted, so the other steps have no error paths.
///
/// ```
/// use rpc_proto::wire::frame::Encoder;
/// use rpc_proto::wire::message::{Header, Kind, Seq};
/// use rpc_proto::wire::seal::Seal;
/// let mut buffer = [0; 16];
/// let mut encoder = Encoder::new(&mut buffer);
/// encoder.value(&(2_i32, "hi"));
/// let header = Header { kind: Kind::Return, seq: Seq::FIRST };
/// let len = encoder.finish(header, Seal::of_session(1))?;
/// assert_eq!(buffer[len - 1], 0);
/// # Ok::<(), rpc_proto::wire::frame::Full>(())
/// ```
#[derive(Debug)]
pub struct Encoder<'b> {
    buffer: &'b mut [u8],
    /// The end of the body; beyond the buffer if it does not fit.
    end: usize,
}

impl<'b> Encoder<'b> {
    /// Begins a frame at the start of `buffer`.
    pub const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, end: BODY }
    }

    /// Returns the end of the body, for [`close`] or to rewind to.
    pub(crate) const fn end(&self) -> usize {
        self.end
    }

    /// Removes everything added since the body ended there.
    pub(crate) const fn rewind(&mut self, end: usize) {
        self.end = end;
    }

    /// Returns true if `more` bytes of payload still fit, even if the frame has all codes that it can.
    pub(crate) const fn has_room(&self, more: usize) -> bool {
        max_encoded_len(self.end - 1 + more) <= self.buffer.len()
    }

    /// Adds a byte to the body.
    #[inline(never)]
    pub fn push(&mut self, byte: u8) {
        match self.buffer.get_mut(self.end) {
            Some(place) => {
                *place = byte;
                self.end += 1;
            }
            None => self.refuse(),
        }
    }

    /// Adds bytes to the body.
    #[inline(never)]
    pub fn extend(&mut self, bytes: &[u8]) {
        let rest = self.buffer.get_mut(self.end..);
        let Some(places) = rest.and_then(|rest| rest.get_mut(..bytes.len())) else {
            return self.refuse();
        };
        for (place, &byte) in places.iter_mut().zip(bytes) {
            *place = byte;
            // Otherwise this is a call of `memcpy`, which takes 300 bytes of flash.
            compiler_fence(Ordering::SeqCst);
        }
        self.end += bytes.len();
    }

    /// Adds the encoding of `value` to the body.
    pub fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        if Sink::value(self, value).is_err() {
            self.refuse();
        }
    }

    /// Marks the frame as one that does not fit.
    pub(crate) const fn refuse(&mut self) {
        self.end = self.buffer.len() + 1;
    }

    /// Adds header, trailer and delimiter, and returns the frame's length.
    ///
    /// # Errors
    /// Returns [`Full`] if the buffer had no room for all of it, or a value refused to be serialised.
    pub fn finish<E: Engine + Copy>(self, header: Header, seal: Seal<E>) -> Result<usize, Full> {
        close::<{ usize::MAX }, _>(self.buffer, self.end, header, seal)
    }
}

/// Encodes a value at the beginning of `place`, without a frame. Returns its length, or None if it does
/// not fit.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T, place: &mut [u8]) -> Option<usize> {
    let mut encoder = Encoder {
        buffer: place,
        end: 0,
    };
    encoder.value(value);
    (encoder.end <= encoder.buffer.len()).then_some(encoder.end)
}

/// Makes a frame of at most `FRAME` bytes of the body that an [`Encoder`] has put into `buffer`, up to
/// `end`, and returns its length.
pub(crate) fn close<const FRAME: usize, E: Engine + Copy>(
    buffer: &mut [u8],
    end: usize,
    header: Header,
    seal: Seal<E>,
) -> Result<usize, Full> {
    if let Some(place) = buffer.get_mut(BODY - 1) {
        *place = header.to_byte();
    }
    seal_and_stuff::<FRAME, E>(buffer, end, seal)
}

/// Makes a frame whose body is a code.
#[inline(never)]
pub(crate) fn close_code<const FRAME: usize, E: Engine + Copy>(
    buffer: &mut [u8],
    code: u8,
    header: Header,
    seal: Seal<E>,
) {
    if let [_, header_place, code_place, ..] = buffer {
        (*header_place, *code_place) = (header.to_byte(), code);
        let _fits = seal_and_stuff::<FRAME, E>(buffer, BODY + 1, seal);
    }
}

/// Adds trailer and delimiter to the payload in `buffer`, which begins at 1 and ends at `end`, and
/// replaces zeros by codes. It goes through the bytes once: with a loop for the seal and one for the
/// codes, a device would run 3 instructions more for each. Only a unit of the chip gets them at once.
#[inline(never)]
fn seal_and_stuff<const FRAME: usize, E: Engine + Copy>(
    buffer: &mut [u8],
    mut end: usize,
    mut seal: Seal<E>,
) -> Result<usize, Full> {
    if Seal::<E>::AT_ONCE {
        seal = seal.then(buffer.get(1..end).ok_or(Full)?);
    }
    let (mut code_at, mut at) = (0, 1);
    let mut is_sealed = false;
    'blocks: loop {
        let block_end = match has_full_blocks(FRAME) {
            true => end.min(code_at + BLOCK + 1),
            false => end,
        };
        let block = buffer.get_mut(..block_end).ok_or(Full)?;
        while let Some(&byte) = block.get(at) {
            if !Seal::<E>::AT_ONCE {
                // Sealing the trailer is useless, but a second loop for it would take more flash.
                seal = seal.then_byte(byte);
            }
            if byte == DELIMITER {
                put_code(block, code_at, at);
                code_at = at;
                at += 1;
                // With the next byte in the same loop, it would take 3 instructions more for each.
                continue 'blocks;
            }
            at += 1;
        }
        if at < end {
            // Another byte follows, so a full block is closed before it. Closing it at once would add an
            // empty block to a frame that ends there.
            if at - code_at > BLOCK {
                let mut carried = 0;
                for place in buffer.get_mut(at..=end).ok_or(Full)? {
                    mem::swap(place, &mut carried);
                }
                put_code(buffer, code_at, at);
                code_at = at;
                at += 1;
                end += 1;
            }
        } else if !is_sealed {
            let place = buffer.get_mut(end..).and_then(<[u8]>::first_chunk_mut);
            *place.ok_or(Full)? = seal.trailer();
            end += TRAILER_LEN;
            is_sealed = true;
        } else {
            put_code(buffer, code_at, end);
            *buffer.get_mut(end).ok_or(Full)? = DELIMITER;
            return Ok(end + 1);
        }
    }
}

/// Writes the code of the block that begins with it and ends at `end`.
fn put_code(buffer: &mut [u8], code_at: usize, end: usize) {
    if let Some(place) = buffer.get_mut(code_at) {
        // At most BLOCK + 1, so it fits a byte.
        *place = (end - code_at) as u8;
    }
}

/// Returns true if a frame of up to `frame` bytes can have some after a full block. Devices have
/// shorter frames, and none of the code for it.
const fn has_full_blocks(frame: usize) -> bool {
    frame > BLOCK + 2
}

impl Sink for Encoder<'_> {
    fn push(&mut self, byte: u8) {
        self.push(byte);
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.extend(bytes);
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
/// header. The payload is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'f> {
    payload: &'f [u8],
    /// Not borrowed, because a comparison with the trailer in place would take 32 bytes more.
    trailer: [u8; TRAILER_LEN],
}

impl<'f> Candidate<'f> {
    /// Returns the header, if the candidate turns out to be a frame.
    pub fn header(self) -> Header {
        Header::from_byte(self.payload.first().copied().unwrap_or_default())
    }

    /// Returns the trailer, if the candidate turns out to be a frame.
    pub const fn trailer(self) -> [u8; TRAILER_LEN] {
        self.trailer
    }

    /// Returns the first byte behind the header, if the candidate turns out to be a frame with a body.
    pub fn code(self) -> Option<u8> {
        self.payload.get(1).copied()
    }

    /// Returns the body, for an observer that cannot check it.
    pub fn unchecked_body(self) -> &'f [u8] {
        self.payload.get(1..).unwrap_or_default()
    }

    /// Returns the body, if the candidate is a frame with that seal.
    pub fn open<E: Engine + Copy>(self, seal: Seal<E>) -> Option<&'f [u8]> {
        seal.checks(self.payload, self.trailer)
            .then(|| self.unchecked_body())
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
/// let len = Encoder::new(&mut buffer).finish(header, Seal::of_session(1))?;
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
        let mut byte = Some(byte);
        self.fill(|| byte.take().ok_or(())).ok()?
    }

    /// Takes bytes like [`push`](Self::push), until there is a delimiter or none comes. It keeps the place
    /// of the next one in a register, which saves 8 instructions for each byte; one pointer in place of base
    /// and count is 2 of them, for 80 bytes of flash.
    pub(crate) fn fill<E>(
        &mut self,
        mut next: impl FnMut() -> Result<u8, E>,
    ) -> Result<Option<Result<Candidate<'_>, Broken>>, E> {
        let free = self.bytes.get_mut(usize::from(self.len)..);
        let mut free = free.unwrap_or_default().iter_mut();
        let ended = loop {
            match next() {
                Ok(DELIMITER) => break Ok(()),
                Ok(byte) => {
                    if let Some(place) = free.next() {
                        *place = byte;
                    }
                }
                Err(error) => break Err(error),
            }
        };
        // At most `FRAME`, which fits.
        self.len = (FRAME - free.len()) as u16;
        ended?;
        Ok(self.end())
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
        let decoded = decoded.filter(|decoded| decoded.len() > TRAILER_LEN);
        let parts = decoded.and_then(|decoded| decoded.split_last_chunk());
        let candidate = parts.map(|(payload, &trailer)| Candidate { payload, trailer });
        Some(candidate.ok_or(Broken::Corrupt))
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
        if has_full_blocks(FRAME) {
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
