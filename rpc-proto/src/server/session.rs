//! The device side of a session (PROTOCOL.md, "Sessions"): what each received frame means, which
//! call is to be run, and what is answered.
//!
//! It keeps the encoded replies of the last `WINDOW` calls, so that a call that is sent again is
//! answered again without running again.

mod identity;

use super::Statistics;
use crate::frame::{Broken, Encoder, Full, max_encoded_len};
use crate::message::{Accept, Fault, Header, Kind, MAX_WINDOW, NakReason, Seq};
use crate::service::{Arguments, BadArguments, Replied, Reply};

/// The longest Accept: header, version, nonce, window, frame length, buffer and fingerprint.
const MAX_ACCEPT: usize = max_encoded_len(1 + 1 + 5 + 1 + 3 + 3 + 5);

/// A Nak or a Fault: header and code.
const MAX_CODE: usize = max_encoded_len(1 + 1);

/// The state of the device's end of a link.
///
/// It starts as all zeroes, so that one in a `static` takes no flash for the values it starts with.
#[derive(Clone, Debug)]
pub struct Session<const FRAME: usize, const WINDOW: usize> {
    connected: bool,
    /// The call that runs next.
    next: Seq,
    /// Whether the caller has been told that call `next` is missing.
    gap_reported: bool,
    /// How many calls before `next` have their reply kept.
    kept: u8,
    /// Where the reply to `next` goes. The slots are counted apart from `next`, because 32 is not
    /// a multiple of every window.
    next_slot: u8,
    sending: Source,
    /// How many bytes of it are not sent yet.
    left: u16,
    buffer: u16,
    nak: Frame<MAX_CODE>,
    replies: [Frame<FRAME>; WINDOW],
    statistics: Statistics,
}

/// An encoded frame.
#[derive(Clone, Debug)]
struct Frame<const SIZE: usize> {
    /// 0 while there is none.
    len: u16,
    bytes: [u8; SIZE],
}

impl<const SIZE: usize> Frame<SIZE> {
    const EMPTY: Self = Self {
        len: 0,
        bytes: [0; SIZE],
    };
}

/// Which frame is on its way.
#[derive(Clone, Copy, Debug)]
enum Source {
    Nak,
    /// The frame in that slot.
    Reply(u8),
}

/// A call to be run, with everything that running it needs.
///
/// It counts as run from the moment it is handed out: if it is dropped before
/// [`end`](Self::end), it is not answered and does not run again.
#[derive(Debug)]
pub struct Call<'s> {
    /// The procedure's number, or the fault that there is none.
    pub procedure: Result<u16, Fault>,
    /// The encoded arguments.
    pub arguments: Arguments<'s>,
    /// What the device has seen of the link.
    pub statistics: &'s Statistics,
    seq: Seq,
    encoder: Encoder<'s>,
    len: &'s mut u16,
    left: &'s mut u16,
}

impl<'s> Call<'s> {
    /// Where the answer goes.
    pub fn reply(&mut self) -> Reply<'_, 's> {
        Reply::new(self.seq, &mut self.encoder)
    }

    /// Ends the call with the reply that was made, or with a fault.
    ///
    /// Not by value: moving a call would cost a small device a copy of it on the stack.
    pub fn end(&mut self, result: Result<Replied, Fault>) {
        let finished = match result {
            Ok(_) => self.encoder.finish().map_err(|Full| Fault::ReplyTooLarge),
            Err(fault) => Err(fault),
        };
        *self.len = match finished {
            // A device's frames are at most 65,535 bytes.
            Ok(len) => len as u16,
            Err(fault) => {
                self.encoder.restart();
                code_frame(&mut self.encoder, Kind::Fault, self.seq, fault as u8)
            }
        };
        *self.left = *self.len;
    }
}

/// Makes a frame whose body is one byte, and tells its length.
fn code_frame(encoder: &mut Encoder<'_>, kind: Kind, seq: Seq, code: u8) -> u16 {
    encoder.push(Header { kind, seq }.to_byte());
    encoder.push(code);
    finish(encoder)
}

/// The length of a frame that is sure to fit; if it did not, nothing would be sent.
fn finish(encoder: &mut Encoder<'_>) -> u16 {
    encoder.finish().unwrap_or(0) as u16
}

impl<const FRAME: usize, const WINDOW: usize> Session<FRAME, WINDOW> {
    const SLOTS: u8 = WINDOW as u8;

    /// No session yet.
    pub const fn new() -> Self {
        const {
            assert!(WINDOW >= 1, "a device keeps at least one reply");
            assert!(WINDOW <= MAX_WINDOW, "at most 15 calls can be in flight");
            assert!(MAX_ACCEPT == 25);
            assert!(
                FRAME >= MAX_ACCEPT,
                "a frame must hold an Accept: at least 25 bytes"
            );
            assert!(
                FRAME <= u16::MAX as usize,
                "a frame's length must fit 16 bits"
            );
        }
        Self {
            connected: false,
            next: Seq::FIRST,
            gap_reported: false,
            kept: 0,
            next_slot: 0,
            sending: Source::Nak,
            left: 0,
            buffer: 0,
            nak: Frame::EMPTY,
            replies: [const { Frame::EMPTY }; WINDOW],
            statistics: Statistics::NONE,
        }
    }

    /// Sets how many received bytes can wait while a procedure runs.
    pub const fn announce_buffer(&mut self, bytes: u16) {
        self.buffer = bytes;
    }

    /// What the device has seen of the link.
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Counts bytes that the receive buffer had no room for.
    pub fn note_overruns(&mut self, bytes: u32) {
        count(&mut self.statistics.overruns, bytes);
    }

    /// Takes what the accumulator found, and gives back the call to be run, if it is a new one.
    /// `accept` is what a Connect is answered with, but for the nonce and the buffer.
    ///
    /// As long as there is something to send it is dropped, as if the line had lost it.
    pub fn take<'s>(
        &'s mut self,
        frame: Result<&'s [u8], Broken>,
        accept: &Accept,
    ) -> Option<Call<'s>> {
        if self.left > 0 {
            return None;
        }
        match frame {
            Err(Broken::Corrupt) => {
                count(&mut self.statistics.corrupt, 1);
                self.refuse(NakReason::Corrupt);
            }
            Err(Broken::TooLong) => {
                count(&mut self.statistics.too_long, 1);
                self.refuse(NakReason::TooLong);
            }
            Ok(payload) => {
                count(&mut self.statistics.frames, 1);
                let (&header, body) = payload.split_first()?;
                let header = Header::from_byte(header);
                match header.kind {
                    Kind::Connect => self.connect(body, accept),
                    Kind::Call => return self.call(header.seq, body),
                    // Only devices send the others: the line loops back, or another device is on it.
                    _ => {}
                }
            }
        }
        None
    }

    /// Begins a session, or tells a caller of another version that there can be none.
    fn connect(&mut self, body: &[u8], accept: &Accept) {
        let Some((&version, rest)) = body.split_first() else {
            return;
        };
        let Ok(nonce) = Arguments::new(rest).take::<u32>() else {
            return;
        };
        self.connected = version == accept.version;
        self.next = Seq::FIRST;
        self.next_slot = 0;
        self.kept = 0;
        self.gap_reported = false;
        // No reply is kept at this point, so a slot is free to make the frame in.
        if let Some(slot) = self.replies.first_mut() {
            let header = Header {
                kind: Kind::Accept,
                seq: Seq::FIRST,
            };
            let mut encoder = Encoder::new(&mut slot.bytes);
            encoder.push(header.to_byte());
            let buffer = self.buffer;
            Accept {
                nonce,
                buffer,
                ..*accept
            }
            .encode(&mut encoder);
            slot.len = finish(&mut encoder);
            self.sending = Source::Reply(0);
            self.left = slot.len;
        }
    }

    /// Decides whether a call is new, has run already, or comes too early.
    fn call<'s>(&'s mut self, seq: Seq, body: &'s [u8]) -> Option<Call<'s>> {
        let behind = self.next.since(seq);
        if !self.connected {
            self.nak(NakReason::NotConnected, seq);
        } else if behind == 0 {
            return self.run(seq, body);
        } else if behind <= self.kept {
            count(&mut self.statistics.duplicates, 1);
            let slot = match self.next_slot.checked_sub(behind) {
                Some(slot) => slot,
                None => self.next_slot + Self::SLOTS - behind,
            };
            self.sending = Source::Reply(slot);
            self.left = self.replies.get(usize::from(slot))?.len;
        } else {
            count(&mut self.statistics.out_of_order, 1);
            if !self.gap_reported {
                self.refuse(NakReason::OutOfOrder);
            }
        }
        None
    }

    fn run<'s>(&'s mut self, seq: Seq, body: &'s [u8]) -> Option<Call<'s>> {
        let slot = self.next_slot;
        self.next = seq.next();
        self.next_slot = (slot + 1) % Self::SLOTS;
        self.kept = (self.kept + 1).min(Self::SLOTS);
        self.gap_reported = false;
        self.sending = Source::Reply(slot);

        let reply = self.replies.get_mut(usize::from(slot))?;
        reply.len = 0;
        let mut arguments = Arguments::new(body);
        let procedure = match arguments.take::<u32>().map(u16::try_from) {
            Ok(Ok(number)) => Ok(number),
            Ok(Err(_)) => Err(Fault::UnknownProcedure),
            Err(BadArguments) => Err(Fault::BadArguments),
        };
        Some(Call {
            procedure,
            arguments,
            statistics: &self.statistics,
            seq,
            encoder: Encoder::new(&mut reply.bytes),
            len: &mut reply.len,
            left: &mut self.left,
        })
    }

    /// Says which call is expected, if there is a session for it to be expected in.
    fn refuse(&mut self, reason: NakReason) {
        if self.connected {
            self.gap_reported = true;
            self.nak(reason, self.next);
        }
    }

    fn nak(&mut self, reason: NakReason, seq: Seq) {
        let mut encoder = Encoder::new(&mut self.nak.bytes);
        self.nak.len = code_frame(&mut encoder, Kind::Nak, seq, reason as u8);
        self.sending = Source::Nak;
        self.left = self.nak.len;
    }

    /// Whether there is something to send.
    pub const fn is_sending(&self) -> bool {
        self.left > 0
    }

    /// Whether no call has run in this session yet.
    pub const fn is_fresh(&self) -> bool {
        self.kept == 0
    }

    /// The bytes to send, empty if there is nothing to say.
    pub fn outgoing(&self) -> &[u8] {
        let (bytes, len) = match self.sending {
            Source::Nak => (&self.nak.bytes[..], self.nak.len),
            Source::Reply(slot) => match self.replies.get(usize::from(slot)) {
                Some(reply) => (&reply.bytes[..], reply.len),
                None => return &[],
            },
        };
        let sent = usize::from(len.wrapping_sub(self.left));
        bytes.get(sent..usize::from(len)).unwrap_or_default()
    }

    /// Notes that the first `count` bytes of [`outgoing`](Self::outgoing) were sent.
    pub fn sent(&mut self, count: usize) {
        // A frame is no longer than 65,535 bytes.
        self.left = self.left.saturating_sub(count as u16);
    }
}

impl<const FRAME: usize, const WINDOW: usize> Default for Session<FRAME, WINDOW> {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds to a counter that wraps.
fn count(counter: &mut u32, more: u32) {
    *counter = counter.wrapping_add(more);
}
