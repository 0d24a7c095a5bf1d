//! The device side of a session (PROTOCOL.md, "Sessions"): what each received frame means, which
//! call is to be run, and what is answered.
//!
//! It keeps the encoded replies of the last `WINDOW` calls, so that a call that is sent again is
//! answered again without running again.

mod identity;

use crate::frame::{Broken, max_encoded_len};
use crate::message::{Accept, Connect, Fault, Header, Kind, MAX_WINDOW, NakReason, Seq, VERSION};
use crate::service::{Arguments, Replied, Reply, encode};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// The longest Accept: header, version, nonce, window, frame length, buffer and fingerprint.
const MAX_ACCEPT: usize = max_encoded_len(1 + 1 + 5 + 1 + 3 + 3 + 5);

/// A Nak or a Fault: header and code.
const MAX_CODE: usize = max_encoded_len(1 + 1);

/// What a device has seen of its link since it started. Each counter wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Statistics {
    /// Frames received whole.
    pub frames: u32,
    /// Frames that did not decode or check.
    pub corrupt: u32,
    /// Frames longer than the longest that the device accepts.
    pub too_long: u32,
    /// Calls that came before one that was lost.
    pub out_of_order: u32,
    /// Calls that had run already and were answered from memory.
    pub duplicates: u32,
    /// Received bytes that there was no room for.
    pub overruns: u32,
}

/// The state of the device's end of a link.
#[derive(Clone, Debug)]
pub struct Session<const FRAME: usize, const WINDOW: usize> {
    connected: bool,
    /// The call that runs next.
    next: Seq,
    /// The replies to the last calls; the one to `next` goes into slot `next_slot`. The slots are
    /// counted apart from `next`, because 32 is not a multiple of every window.
    replies: [Frame<FRAME>; WINDOW],
    next_slot: usize,
    /// How many calls before `next` have their reply kept.
    kept: usize,
    /// Whether the caller has been told that call `next` is missing.
    gap_reported: bool,
    nak: Frame<MAX_CODE>,
    sending: Option<Sending>,
    buffer: u16,
    fingerprint: u32,
    statistics: Statistics,
}

/// An encoded frame.
#[derive(Clone, Debug)]
struct Frame<const SIZE: usize> {
    bytes: [u8; SIZE],
    /// 0 while there is none.
    len: usize,
}

impl<const SIZE: usize> Frame<SIZE> {
    const EMPTY: Self = Self {
        bytes: [0; SIZE],
        len: 0,
    };
}

/// Which frame is on its way, and how much of it is sent.
#[derive(Clone, Copy, Debug)]
struct Sending {
    source: Source,
    sent: usize,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Nak,
    /// The frame in that slot.
    Reply(usize),
}

/// A call to be run, with everything that running it needs.
///
/// It counts as run from the moment it is handed out: if it is dropped before
/// [`end`](Self::end), it is not answered and does not run again.
#[derive(Debug)]
pub struct Call<'s> {
    /// The procedure's number.
    pub procedure: u16,
    /// The encoded arguments.
    pub arguments: Arguments<'s>,
    /// What the device has seen of the link.
    pub statistics: &'s Statistics,
    seq: Seq,
    buffer: &'s mut [u8],
    len: &'s mut usize,
}

impl Call<'_> {
    /// Where the answer goes.
    pub fn reply(&mut self) -> Reply<'_> {
        Reply::new(self.seq, self.buffer)
    }

    /// Ends the call with the reply that was made, or with a fault.
    pub fn end(self, result: Result<Replied, Fault>) {
        let header = Header {
            kind: Kind::Fault,
            seq: self.seq,
        };
        *self.len = match result {
            Ok(replied) => replied.len(),
            Err(fault) => encode(self.buffer, header, &(fault as u8)).unwrap_or(0),
        };
    }
}

impl<const FRAME: usize, const WINDOW: usize> Session<FRAME, WINDOW> {
    /// No session yet, on a device whose description has that fingerprint.
    pub const fn new(fingerprint: u32) -> Self {
        const {
            assert!(WINDOW >= 1, "a device keeps at least one reply");
            assert!(WINDOW <= MAX_WINDOW, "at most 15 calls can be in flight");
            assert!(FRAME >= MAX_ACCEPT, "a frame must hold at least an Accept");
            assert!(
                FRAME <= u16::MAX as usize,
                "a frame's length must fit 16 bits"
            );
        }
        Self {
            connected: false,
            next: Seq::FIRST,
            replies: [const { Frame::EMPTY }; WINDOW],
            next_slot: 0,
            kept: 0,
            gap_reported: false,
            nak: Frame::EMPTY,
            sending: None,
            buffer: 0,
            fingerprint,
            statistics: Statistics {
                frames: 0,
                corrupt: 0,
                too_long: 0,
                out_of_order: 0,
                duplicates: 0,
                overruns: 0,
            },
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
    ///
    /// As long as there is something to send it is dropped, as if the line had lost it.
    pub fn take<'s>(&'s mut self, frame: Result<&'s [u8], Broken>) -> Option<Call<'s>> {
        if !self.outgoing().is_empty() {
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
                    Kind::Connect => self.connect(body),
                    Kind::Call => return self.call(header.seq, body),
                    // Only devices send the others: the line loops back, or another device is on it.
                    _ => {}
                }
            }
        }
        None
    }

    /// Begins a session, or tells a caller of another version that there can be none.
    fn connect(&mut self, body: &[u8]) {
        let Ok((connect, _)) = postcard::take_from_bytes::<Connect>(body) else {
            return;
        };
        self.connected = connect.version == VERSION;
        self.next = Seq::FIRST;
        self.next_slot = 0;
        self.kept = 0;
        self.gap_reported = false;
        let accept = Accept {
            version: VERSION,
            nonce: connect.nonce,
            window: WINDOW as u8,
            max_frame: FRAME as u16,
            buffer: self.buffer,
            fingerprint: self.fingerprint,
        };
        let header = Header {
            kind: Kind::Accept,
            seq: Seq::FIRST,
        };
        // No reply is kept at this point, so a slot is free to make the frame in.
        if let Some(slot) = self.replies.first_mut() {
            slot.len = encode(&mut slot.bytes, header, &accept).unwrap_or(0);
        }
        self.send(Source::Reply(0));
    }

    /// Decides whether a call is new, has run already, or comes too early.
    fn call<'s>(&'s mut self, seq: Seq, body: &'s [u8]) -> Option<Call<'s>> {
        let behind = usize::from(self.next.since(seq));
        if !self.connected {
            self.nak(NakReason::NotConnected, seq);
        } else if behind == 0 {
            return self.run(seq, body);
        } else if behind <= self.kept {
            count(&mut self.statistics.duplicates, 1);
            let slot = self.next_slot.checked_sub(behind);
            self.send(Source::Reply(
                slot.unwrap_or(self.next_slot + WINDOW - behind),
            ));
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
        self.next_slot = if slot + 1 == WINDOW { 0 } else { slot + 1 };
        self.kept = WINDOW.min(self.kept + 1);
        self.gap_reported = false;
        self.send(Source::Reply(slot));

        let reply = self.replies.get_mut(slot)?;
        reply.len = 0;
        let mut arguments = Arguments::new(body);
        let procedure = arguments.take();
        let mut call = Call {
            procedure: 0,
            arguments,
            statistics: &self.statistics,
            seq,
            buffer: &mut reply.bytes,
            len: &mut reply.len,
        };
        match procedure {
            Ok(procedure) => {
                call.procedure = procedure;
                Some(call)
            }
            Err(fault) => {
                call.end(Err(fault));
                None
            }
        }
    }

    /// Says which call is expected, if there is a session for it to be expected in.
    fn refuse(&mut self, reason: NakReason) {
        if self.connected {
            self.gap_reported = true;
            self.nak(reason, self.next);
        }
    }

    fn nak(&mut self, reason: NakReason, seq: Seq) {
        let header = Header {
            kind: Kind::Nak,
            seq,
        };
        self.nak.len = encode(&mut self.nak.bytes, header, &(reason as u8)).unwrap_or(0);
        self.send(Source::Nak);
    }

    fn send(&mut self, source: Source) {
        self.sending = Some(Sending { source, sent: 0 });
    }

    /// The bytes to send, empty if there is nothing to say.
    pub fn outgoing(&self) -> &[u8] {
        let Some(Sending { source, sent }) = self.sending else {
            return &[];
        };
        let filled = match source {
            Source::Nak => self.nak.bytes.get(sent..self.nak.len),
            Source::Reply(slot) => self
                .replies
                .get(slot)
                .and_then(|reply| reply.bytes.get(sent..reply.len)),
        };
        filled.unwrap_or_default()
    }

    /// Notes that the first `count` bytes of [`outgoing`](Self::outgoing) were sent.
    pub fn sent(&mut self, count: usize) {
        if let Some(sending) = &mut self.sending {
            sending.sent = sending.sent.saturating_add(count);
        }
    }
}

/// Adds to a counter that wraps.
fn count(counter: &mut u32, more: u32) {
    *counter = counter.wrapping_add(more);
}
