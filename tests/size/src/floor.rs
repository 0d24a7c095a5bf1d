//! The floor under the figures of a bare device: its work written by hand for a few procedures, without any
//! generality. `tests/tests/floor.rs` compares its answers with those of the real one, byte for byte.
//!
//! It does what PROTOCOL.md demands of a device: it unstuffs and checks frames, runs calls once and in order, keeps
//! the last reply and sends it again, refuses the rest, and begins a session with every Connect. It leaves out
//!
//! - the library: it is one function for one UART, which never returns and sends a reply before it receives again,
//!   so it has no state of a frame in part and no errors of a link;
//! - any window but 1, any other length of frames, and with it COBS blocks of 254 bytes;
//! - the caller's `max_frame` and the fault ReplyTooLarge: every reply of its procedures fits;
//! - types: it reads arguments and writes values by code for these alone, without serde;
//! - the counters of the link.
//!
//! It is written for few instructions, with the algorithms of the real one. A received byte is unstuffed and added
//! to the checksum as it comes in, by the same table of 16 entries, so there is one loop over a frame where the
//! library has two. A value is sealed and stuffed as it is written. All of a call is inlined into one function, which
//! is why it takes more flash than the library.

use crate::Uart;
use core::mem;
use core::slice;
use embedded_io::{Read, Write};
use rpc_proto::wire::crc::Crc32;
use rpc_proto::wire::message::{Fault, Header, Kind, NakReason, Seq, VERSION};

/// The longest frame, as in the images that it is compared with.
const FRAME: usize = 64;
/// The most bytes that one decodes to: all but a code and the delimiter.
const DECODED: usize = FRAME - 2;
const TRAILER: usize = 4;

/// The procedures of a device.
pub trait Procedures {
    /// What an answer carries. It can be the code of an error or of a fault.
    type Body: From<u8>;
    /// The fingerprint that the device claims.
    const FINGERPRINT: u32;

    /// Runs a procedure, and returns the kind of the answer.
    fn run(procedure: u32, arguments: &[u8]) -> (Kind, Self::Body);

    /// Writes an answer.
    fn write(body: Self::Body, reply: &mut Frame<'_>);
}

/// Answers a call that cannot be carried out.
#[inline(always)]
pub fn fault<B: From<u8>>(fault: Fault) -> (Kind, B) {
    (Kind::Fault, (fault as u8).into())
}

/// Takes a varint of up to 32 bits.
#[inline(always)]
pub fn varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    if let [byte @ ..0x80, rest @ ..] = bytes {
        return Some(((*byte).into(), rest));
    }
    let (value, len) = long_varint(bytes);
    match bytes.get(len..) {
        Some(rest) if len > 0 => Some((value, rest)),
        _ => None,
    }
}

/// Returns a varint and its length; 0 if it is none. Two numbers are returned in registers.
#[inline(never)]
fn long_varint(bytes: &[u8]) -> (u32, usize) {
    let mut value = 0;
    for (at, &byte) in (0..5).zip(bytes) {
        value |= u32::from(byte & 0x7F) << (7 * at);
        if byte < 0x80 {
            if at == 4 && byte >= 0x10 {
                break;
            }
            return (value, at + 1);
        }
    }
    (0, 0)
}

/// A frame that is being written. Everything that is written here has room.
pub struct Frame<'a> {
    crc: Crc32,
    /// The place of the last code, and its value so far.
    code: &'a mut u8,
    block: usize,
    /// The places behind what is written.
    rest: slice::IterMut<'a, u8>,
}

impl<'a> Frame<'a> {
    #[inline(always)]
    fn new(place: &'a mut [u8; FRAME], seal: Crc32, kind: Kind, seq: u8) -> Self {
        let [code, rest @ ..] = place;
        let mut frame = Self {
            crc: seal,
            code,
            block: 1,
            rest: rest.iter_mut(),
        };
        let seq = Seq::new(seq);
        frame.push(Header { kind, seq }.to_byte());
        frame
    }

    /// Adds a byte.
    #[inline(always)]
    pub fn push(&mut self, byte: u8) {
        self.crc = self.crc.then_byte(byte);
        self.put(byte);
    }

    /// Adds a varint.
    #[inline(always)]
    pub fn varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    /// Adds bytes. Their place in the block is only reckoned where one is zero.
    #[inline(always)]
    pub fn extend(&mut self, bytes: &[u8]) {
        let rest = mem::take(&mut self.rest).into_slice();
        let Some((places, rest)) = rest.split_at_mut_checked(bytes.len()) else {
            return;
        };
        self.rest = rest.iter_mut();
        let mut code_at = self.block.wrapping_neg();
        for (at, (place, &byte)) in places.iter_mut().zip(bytes).enumerate() {
            self.crc = self.crc.then_byte(byte);
            *place = byte;
            if byte == 0 {
                *mem::replace(&mut self.code, place) = at.wrapping_sub(code_at) as u8;
                code_at = at;
            }
        }
        self.block = bytes.len().wrapping_sub(code_at);
    }

    /// Puts a byte into the frame, or ends a block in its stead.
    #[inline(always)]
    fn put(&mut self, byte: u8) {
        if let Some(place) = self.rest.next() {
            *place = byte;
            if byte == 0 {
                *mem::replace(&mut self.code, place) = self.block as u8;
                self.block = 0;
            }
            self.block += 1;
        }
    }

    /// Puts the bytes of a trailer, all of them at once if none is zero.
    #[inline(always)]
    fn put_trailer(&mut self, trailer: u32) {
        let has_zero = trailer.wrapping_sub(0x0101_0101) & !trailer & 0x8080_8080 != 0;
        if has_zero {
            return self.put_stuffed_trailer(trailer);
        }
        let rest = mem::take(&mut self.rest).into_slice();
        if let Some((places, rest)) = rest.split_first_chunk_mut() {
            *places = trailer.to_le_bytes();
            self.rest = rest.iter_mut();
            self.block += TRAILER;
        }
    }

    fn put_stuffed_trailer(&mut self, mut trailer: u32) {
        for _ in 0..TRAILER {
            self.put(trailer as u8);
            trailer >>= 8;
        }
    }

    /// Adds trailer and delimiter, and returns the length.
    #[inline(always)]
    fn end(mut self) -> usize {
        self.put_trailer(self.crc.value());
        // The delimiter is the end of a block without the zero that it stands for.
        self.put(0);
        *self.code = 0;
        FRAME - self.rest.len()
    }
}

#[inline(always)]
fn read() -> u8 {
    let mut byte = [0];
    let Ok(_) = Uart.read(&mut byte);
    byte[0]
}

/// Sends the first bytes of a place.
#[inline(never)]
fn send(place: &[u8; FRAME], len: usize) {
    for &byte in place.get(..len).unwrap_or_default() {
        let Ok(_) = Uart.write(&[byte]);
    }
}

/// Receives a frame, and returns its length and the checksum of all of it.
#[inline(always)]
fn receive(place: &mut [u8; FRAME], seal: Crc32) -> Result<(usize, Crc32), NakReason> {
    let mut crc = seal;
    let (mut rest, _) = place.split_at_mut(DECODED);
    let mut code = loop {
        match read() {
            0 => {}
            code => break code,
        }
    };
    loop {
        let expected = usize::from(code) - 1;
        let (block, behind) = rest.split_at_mut(expected.min(rest.len()));
        let is_whole = block.len() == expected;
        for place in block {
            let byte = read();
            if byte == 0 {
                return Err(NakReason::Corrupt);
            }
            crc = crc.then_byte(byte);
            *place = byte;
        }
        code = read();
        if code == 0 {
            return match is_whole {
                true => Ok((DECODED - behind.len(), crc)),
                false => Err(NakReason::Corrupt),
            };
        }
        let Some((zero, behind)) = behind.split_first_mut() else {
            while read() != 0 {}
            return Err(NakReason::TooLong);
        };
        crc = crc.then_byte(0);
        *zero = 0;
        rest = behind;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    NotConnected,
    Connected,
    /// What is missing has been reported.
    GapReported,
}

/// The device. It starts as all zeroes, so that it takes no flash for its initial values.
pub struct Floor {
    received: [u8; FRAME],
    phase: Phase,
    seal: Crc32,
    /// The number of the call that runs next.
    next: u8,
    reply: [u8; FRAME],
    /// The length of the kept reply; 0 if there is none.
    reply_len: usize,
}

/// Sends a frame of a few numbers.
#[inline(never)]
fn send_numbers(place: &mut [u8; FRAME], seal: Crc32, kind: Kind, seq: u8, numbers: &[u32]) {
    let mut frame = Frame::new(place, seal, kind, seq);
    for &number in numbers {
        frame.varint(number);
    }
    let len = frame.end();
    send(place, len);
}

impl Floor {
    /// The device without a session.
    pub const START: Self = Self {
        received: [0; FRAME],
        phase: Phase::NotConnected,
        seal: Crc32::new(),
        next: 0,
        reply: [0; FRAME],
        reply_len: 0,
    };

    #[inline(never)]
    fn send_nak(&mut self, reason: NakReason, seq: u8, seal: Crc32) {
        // What was received has been read.
        send_numbers(&mut self.received, seal, Kind::Nak, seq, &[reason as u32]);
    }

    /// Reports the next call, unless that is useless or was done before.
    #[inline(never)]
    fn refuse(&mut self, reason: NakReason) {
        match (reason, self.phase) {
            (_, Phase::NotConnected) | (NakReason::OutOfOrder, Phase::GapReported) => return,
            _ => self.phase = Phase::GapReported,
        }
        self.send_nak(reason, self.next, self.seal);
    }

    /// Takes a frame of a kind that is no call.
    #[inline(never)]
    fn take_other(&mut self, kind: u8, len: usize, crc: Crc32, fingerprint: u32) {
        const CONNECT: u8 = Kind::Connect as u8;
        const ACCEPT: u8 = Kind::Accept as u8;
        let decoded = self.received.get(..len).unwrap_or_default();
        let crc = match kind {
            CONNECT | ACCEPT => Crc32::of(decoded),
            _ => crc,
        };
        if !crc.is_checked() {
            self.refuse(NakReason::Corrupt);
        } else if let (CONNECT, [_, version, rest @ .., _, _, _, _]) = (kind, decoded) {
            let (nonce, len) = long_varint(rest);
            if len > 0 && rest.get(len..).is_some_and(|rest| long_varint(rest).1 > 0) {
                self.connect(*version, nonce, fingerprint);
            }
        }
    }

    /// Begins a session.
    fn connect(&mut self, version: u8, nonce: u32, fingerprint: u32) {
        self.phase = match version {
            VERSION => Phase::Connected,
            _ => Phase::NotConnected,
        };
        self.seal = Crc32::of(&nonce.to_le_bytes());
        self.next = 0;
        self.reply_len = 0;
        let fields = [VERSION.into(), nonce, 1, FRAME as u32, 0, fingerprint];
        // No reply is kept, so its place is free.
        send_numbers(&mut self.reply, Crc32::new(), Kind::Accept, 0, &fields);
    }

    /// Serves the procedures.
    pub fn serve<P: Procedures>(&mut self) -> ! {
        const CALL: u8 = Kind::Call as u8;
        let Ok(_) = Uart.write(&[0]);
        loop {
            let (len, crc) = match receive(&mut self.received, self.seal) {
                Ok(received) => received,
                Err(reason) => {
                    self.refuse(reason);
                    continue;
                }
            };
            let decoded = self.received.get(..len);
            let Some((&[header, ref body @ ..], &trailer)) =
                decoded.and_then(<[u8]>::split_last_chunk::<TRAILER>)
            else {
                self.refuse(NakReason::Corrupt);
                continue;
            };
            let seq = header & 0x1F;
            if header >> 5 != CALL {
                self.take_other(header >> 5, len, crc, P::FINGERPRINT);
            } else if self.phase == Phase::NotConnected {
                let trailer = u32::from_le_bytes(trailer);
                self.send_nak(NakReason::NotConnected, seq, Crc32::after(trailer));
            } else if !crc.is_checked() {
                self.refuse(NakReason::Corrupt);
            } else {
                let behind = self.next.wrapping_sub(seq) & 0x1F;
                if behind == 0 {
                    self.next = (seq + 1) & 0x1F;
                    self.phase = Phase::Connected;
                    self.reply_len = call::<P>(seq, body, self.seal, &mut self.reply);
                } else if behind != 1 || self.reply_len == 0 {
                    self.refuse(NakReason::OutOfOrder);
                    continue;
                }
                send(&self.reply, self.reply_len);
            }
        }
    }
}

/// Runs a call and makes the frame of its reply.
#[inline(always)]
fn call<P: Procedures>(seq: u8, body: &[u8], seal: Crc32, place: &mut [u8; FRAME]) -> usize {
    let (kind, body) = match varint(body) {
        Some((procedure, arguments)) => P::run(procedure, arguments),
        None => fault(Fault::BadArguments),
    };
    let mut reply = Frame::new(place, seal, kind, seq);
    P::write(body, &mut reply);
    reply.end()
}
