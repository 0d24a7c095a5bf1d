//! The device's end of a session (PROTOCOL.md, "Sessions"): what each received frame means, which call
//! is to run, and how frames are answered.
//!
//! It keeps the encoded replies of the last `WINDOW` calls, so that a call that is sent again is
//! answered without running again.

#[cfg(feature = "model-check")]
mod identity;
mod outstanding;

pub(super) use outstanding::Outstanding;
pub use outstanding::Token;

use crate::device::Statistics;
use crate::service::{Arguments, BadArguments, Replied, Reply};
use crate::wire::crc::{Engine, SmallTable};
use crate::wire::encode::Sink;
use crate::wire::frame::{
    Broken, Candidate, DELIMITER, Encoder, Full, close, close_code, max_encoded_len,
};
use crate::wire::message::{Fault, Header, Kind, MAX_WINDOW, NakReason, Seq, VERSION};
use crate::wire::seal::Seal;

/// The longest Accept: header, version, nonce, window, frame length, buffer and fingerprint.
const MAX_ACCEPT: usize = max_encoded_len(1 + 1 + 5 + 1 + 3 + 3 + 5);

/// Every Nak: header and code.
const NAK: usize = max_encoded_len(1 + 1);

/// The state of the device's end of a link.
///
/// It starts as all zeroes, so that in a `static` it takes no flash for its initial values.
#[derive(Clone, Debug)]
pub struct Session<const FRAME: usize, const WINDOW: usize> {
    state: State,
    nak: [u8; NAK],
    /// A slot for each kept reply: a frame, ended by its only zero.
    replies: [[u8; FRAME]; WINDOW],
    statistics: Statistics,
}

/// The state of the session and of the frame that is being sent.
#[derive(Clone, Debug)]
struct State {
    phase: Phase,
    /// The call that runs next.
    next: Seq,
    calls: Calls,
    sending: Sending,
    /// The number of bytes of that frame that have been sent.
    sent: u16,
    /// The longest reply: the limit of the caller, at most `FRAME`.
    max_frame: u16,
    seal: Seal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "model-check", derive(Hash))]
enum Phase {
    NotConnected,
    Connected,
    /// The missing call `next` has been reported to the caller.
    GapReported,
}

/// The number of calls that have run in this session, which determines which replies are kept and
/// where.
///
/// It counts up to twice the window and then continues from the window, so that it fits a byte. Slots
/// are not found by sequence numbers, because 32 is not a multiple of every window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Calls(u8);

impl Calls {
    const NONE: Self = Self(0);

    /// Returns how many calls before the next have their reply kept in that many slots.
    fn kept(self, slots: u8) -> u8 {
        self.0.min(slots)
    }

    /// Returns the slot for the reply to the next call.
    const fn next_slot(self, slots: u8) -> u8 {
        self.0 % slots
    }

    /// Returns the count after the next call has run.
    const fn and_one_more(self, slots: u8) -> Self {
        if self.0 >= 2 * slots - 1 {
            Self(slots)
        } else {
            Self(self.0 + 1)
        }
    }
}

/// The frame that is being sent. An enum of these would take two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sending(u8);

impl Sending {
    /// The Nak. It is 0 and its buffer is all zeroes at first, so a device begins by sending a
    /// delimiter. That ends any partial frame from before a reset.
    const NAK: Self = Self(0);
    const NOTHING: Self = Self(1);

    /// Returns the reply in that slot.
    const fn reply(slot: u8) -> Self {
        Self(2 + slot)
    }

    /// Returns the slot of the reply, if it is one.
    fn slot(self) -> Option<usize> {
        self.0.checked_sub(2).map(usize::from)
    }
}

impl State {
    fn send(&mut self, frame: Sending) {
        self.sending = frame;
        self.sent = 0;
    }
}

/// A call to run, with everything that is needed to run it.
///
/// It counts as run from the moment it is returned: if it is dropped before [`end`](Self::end), it is
/// not answered and does not run again, and no earlier reply is kept.
#[derive(Debug)]
pub struct Call<'s, 'f, const FRAME: usize> {
    /// The procedure's number, or the fault if it has none.
    pub procedure: Result<u16, Fault>,
    /// The encoded arguments.
    pub arguments: Arguments<'f>,
    /// The counters of the link.
    pub statistics: &'s Statistics,
    seq: Seq,
    /// The buffer for the reply.
    place: &'s mut [u8],
    state: &'s mut State,
    /// The state's count once the call ends, which selects the slot of the reply.
    calls: Calls,
    slot: u8,
}

impl<const FRAME: usize> Call<'_, '_, FRAME> {
    /// Returns a writer for the answer.
    pub fn reply(&mut self) -> Reply<'_> {
        Reply::new(self.place)
    }

    /// Ends the call with the reply that was written, or with a fault.
    ///
    /// Not by value: moving a call would cost a small device a copy of it on the stack.
    pub fn end(&mut self, result: Result<Replied, Fault>, engine: impl Engine + Copy) {
        settle::<FRAME, _>(self.seq, self.state.seal.by(engine), self.place, result);
        self.state.phase = Phase::Connected;
        self.state.calls = self.calls;
        self.state.send(Sending::reply(self.slot));
    }
}

/// Makes the frame of a reply, or of a fault if there is no reply or it does not fit.
fn settle<const FRAME: usize, E: Engine + Copy>(
    seq: Seq,
    seal: Seal<E>,
    place: &mut [u8],
    result: Result<Replied, Fault>,
) {
    let fault = match result {
        Ok(Replied { kind, end }) => {
            match close::<FRAME, E>(place, end, Header { kind, seq }, seal) {
                Ok(_) => return,
                Err(Full) => Fault::ReplyTooLarge,
            }
        }
        Err(fault) => fault,
    };
    let kind = Kind::Fault;
    close_code::<FRAME, E>(place, fault as u8, Header { kind, seq }, seal);
}

/// Returns what is left of the frame at the beginning of its buffer, of which `sent` bytes were sent. The
/// codes of the frame lead to its end.
fn frame_in(place: &[u8], sent: usize) -> &[u8] {
    let mut end = 0;
    while let Some(&code) = place.get(end) {
        if code == DELIMITER {
            return place.get(sent..=end).unwrap_or_default();
        }
        end += usize::from(code);
    }
    &[]
}

/// Checks the bounds of a device.
///
/// # Panics
/// Panics if `frame` or `window` is out of bounds.
#[track_caller]
pub(super) const fn assert_bounds(frame: usize, window: usize) {
    assert!(
        window >= 1,
        "WINDOW is too small: a device keeps at least 1 reply"
    );
    assert!(
        window <= MAX_WINDOW,
        "WINDOW is too large: at most 15 calls can be in flight"
    );
    assert!(
        frame >= MAX_ACCEPT,
        "FRAME is too small: a device's longest frame must have at least 25 bytes"
    );
    assert!(
        frame <= u16::MAX as usize,
        "FRAME is too large: a frame has at most 65,535 bytes"
    );
}

impl<const FRAME: usize, const WINDOW: usize> Session<FRAME, WINDOW> {
    const SLOTS: u8 = WINDOW as u8;

    /// Creates a state without a session.
    // The bounds are not a constant here, because the compiler would then report this line instead of
    // the caller's.
    #[track_caller]
    pub const fn new() -> Self {
        assert_bounds(FRAME, WINDOW);
        Self {
            state: State {
                phase: Phase::NotConnected,
                next: Seq::FIRST,
                calls: Calls::NONE,
                sending: Sending::NAK,
                sent: 0,
                max_frame: 0,
                seal: Seal::NONE,
            },
            nak: [0; NAK],
            replies: [[0; FRAME]; WINDOW],
            statistics: Statistics::NONE,
        }
    }

    /// Returns the counters of the link.
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Counts bytes lost because the receive buffer was full.
    pub fn note_overruns(&mut self, bytes: u32) {
        count(&mut self.statistics.overruns, bytes);
    }

    /// Takes a candidate from the accumulator. Returns the call to run, if it is a new one.
    /// `engine` and `fingerprint` are those of the interface, `max_frame` is the longest frame that callers are
    /// told of, and `buffer` is the number of received bytes that can wait while a procedure runs.
    ///
    /// As long as there is something to send, the candidate is dropped, as if the line had lost it.
    pub fn take<'f>(
        &mut self,
        candidate: Result<Candidate<'f>, Broken>,
        engine: impl Engine + Copy,
        fingerprint: u32,
        max_frame: u16,
        buffer: &u16,
    ) -> Option<Call<'_, 'f, FRAME>> {
        if self.is_sending() {
            return None;
        }
        match candidate {
            Ok(candidate) => {
                let header = candidate.header();
                let seal = match header.kind {
                    Kind::Connect | Kind::Accept => Seal::NONE,
                    Kind::Call if self.state.phase == Phase::NotConnected => {
                        // Without a session, no call is expected and nothing is sealed, so these fields
                        // can hold the rejected call and the trailer that proves the Nak is about it.
                        self.state.next = header.seq;
                        self.state.seal = Seal::of_trailer(candidate.trailer());
                        self.refuse(NakReason::NotConnected, engine);
                        return None;
                    }
                    _ => self.state.seal,
                };
                if let Some(body) = candidate.open(seal.by(engine)) {
                    count(&mut self.statistics.frames, 1);
                    match header.kind {
                        Kind::Connect => {
                            self.connect(body, engine, fingerprint, max_frame, buffer);
                        }
                        Kind::Call => return self.call(header.seq, body, engine),
                        // Only devices send the others: the line loops back, or another device is on
                        // it.
                        _ => {}
                    }
                    return None;
                }
                self.refuse(NakReason::Corrupt, engine);
            }
            Err(Broken::Corrupt) => self.refuse(NakReason::Corrupt, engine),
            Err(Broken::TooLong) => self.refuse(NakReason::TooLong, engine),
        }
        None
    }

    /// Begins a session, or rejects a caller of another version.
    // Inlined, it would take registers from the code that runs for every byte and every call.
    #[inline(never)]
    fn connect(
        &mut self,
        body: &[u8],
        engine: impl Engine + Copy,
        fingerprint: u32,
        longest: u16,
        &buffer: &u16,
    ) {
        let Some((&version, rest)) = body.split_first() else {
            return;
        };
        let mut fields = Arguments::new(rest);
        let (Ok(nonce), Ok(max_frame)) = (fields.number(), fields.number()) else {
            return;
        };
        self.state.max_frame = max_frame.clamp(MAX_ACCEPT as u32, FRAME as u32) as u16;
        let unsealed = Seal::NONE.by(engine);
        self.state.seal = unsealed.in_session(nonce).by(SmallTable);
        self.state.phase = if version == VERSION {
            Phase::Connected
        } else {
            Phase::NotConnected
        };
        self.state.next = Seq::FIRST;
        self.state.calls = Calls::NONE;
        // No reply is kept at this point, so a slot is free to hold the frame.
        if let Some(slot) = self.replies.first_mut() {
            let header = Header {
                kind: Kind::Accept,
                seq: Seq::FIRST,
            };
            let mut encoder = Encoder::new(slot);
            // Bytes below 128 are their own encoding, so one function serves all fields of an Accept.
            encoder.varint(VERSION.into());
            encoder.varint(nonce);
            encoder.varint(Self::SLOTS.into());
            encoder.varint(longest.into());
            encoder.varint(buffer.into());
            encoder.varint(fingerprint);
            let end = encoder.end();
            let _fits = close::<FRAME, _>(slot, end, header, unsealed);
            self.state.send(Sending::reply(0));
        }
    }

    /// Decides whether a call is new, has run already, or comes too early.
    fn call<'f>(
        &mut self,
        seq: Seq,
        body: &'f [u8],
        engine: impl Engine + Copy,
    ) -> Option<Call<'_, 'f, FRAME>> {
        let behind = self.state.next.since(seq);
        if behind == 0 {
            return self.run(seq, body);
        } else if behind <= self.state.calls.kept(Self::SLOTS) {
            count(&mut self.statistics.duplicates, 1);
            let next = self.state.calls.next_slot(Self::SLOTS);
            let slot = match next.checked_sub(behind) {
                Some(slot) => slot,
                None => next + Self::SLOTS - behind,
            };
            self.state.send(Sending::reply(slot));
        } else {
            self.refuse(NakReason::OutOfOrder, engine);
        }
        None
    }

    fn run<'f>(&mut self, seq: Seq, body: &'f [u8]) -> Option<Call<'_, 'f, FRAME>> {
        let calls = self.state.calls;
        let slot = calls.next_slot(Self::SLOTS);
        // This is the state if the call is dropped. `end` corrects it.
        self.state.next = seq.next();
        self.state.calls = Calls::NONE;
        self.state.phase = Phase::GapReported;

        let mut arguments = Arguments::new(body);
        let procedure = match arguments.number().map(u16::try_from) {
            Ok(Ok(number)) => Ok(number),
            Ok(Err(_)) => Err(Fault::UnknownProcedure),
            Err(BadArguments) => Err(Fault::BadArguments),
        };
        let place = self.replies.get_mut(usize::from(slot))?;
        Some(Call {
            procedure,
            arguments,
            statistics: &self.statistics,
            seq,
            place: place.get_mut(..usize::from(self.state.max_frame))?,
            state: &mut self.state,
            calls: calls.and_one_more(Self::SLOTS),
            slot,
        })
    }

    /// Counts a rejected frame, and reports the next call, unless that is useless or was done before: a
    /// gap is reported once.
    #[inline(never)]
    fn refuse(&mut self, reason: NakReason, engine: impl Engine + Copy) {
        let seq = self.state.next;
        let statistics = &mut self.statistics;
        match reason {
            NakReason::Corrupt => count(&mut statistics.corrupt, 1),
            NakReason::TooLong => count(&mut statistics.too_long, 1),
            NakReason::OutOfOrder => count(&mut statistics.out_of_order, 1),
            NakReason::NotConnected => {}
        }
        match (reason, self.state.phase) {
            (NakReason::NotConnected, _) => {}
            (_, Phase::NotConnected) | (NakReason::OutOfOrder, Phase::GapReported) => return,
            _ => self.state.phase = Phase::GapReported,
        }
        let header = Header {
            kind: Kind::Nak,
            seq,
        };
        let seal = self.state.seal.by(engine);
        close_code::<FRAME, _>(&mut self.nak, reason as u8, header, seal);
        self.state.send(Sending::NAK);
    }

    /// Returns true if there is something to send.
    pub fn is_sending(&self) -> bool {
        self.state.sending != Sending::NOTHING
    }

    /// Returns the seal of the session's frames.
    pub(crate) const fn seal(&self) -> Seal {
        self.state.seal
    }

    /// Returns true if an Accept is being sent, so that a session has just begun.
    pub fn is_accepting(&self) -> bool {
        self.state.calls == Calls::NONE && self.state.sending == Sending::reply(0)
    }

    /// Returns the bytes to send, empty if there are none.
    pub fn outgoing(&self) -> &[u8] {
        if !self.is_sending() {
            return &[];
        }
        let place = match self.state.sending.slot() {
            None => &self.nak[..],
            // The slot exists. `min` lets the compiler skip the check for a device with one slot.
            Some(slot) => self
                .replies
                .get(slot.min(WINDOW - 1))
                .map_or(&[][..], |reply| &reply[..]),
        };
        frame_in(place, self.state.sent.into())
    }

    /// Notes that the first `count` bytes of [`outgoing`](Self::outgoing) were sent.
    pub fn sent(&mut self, count: usize) {
        if count >= self.outgoing().len() {
            self.sent_all();
        } else {
            // A frame is no longer than 65,535 bytes.
            self.state.sent += count as u16;
        }
    }

    /// Notes that all of [`outgoing`](Self::outgoing) was sent.
    pub fn sent_all(&mut self) {
        self.state.sending = Sending::NOTHING;
    }
}

impl<const FRAME: usize, const WINDOW: usize> Default for Session<FRAME, WINDOW> {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds to a wrapping counter.
fn count(counter: &mut u32, more: u32) {
    *counter = counter.wrapping_add(more);
}
