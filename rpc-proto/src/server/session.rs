//! The device side of a session (PROTOCOL.md, "Sessions"): what each received frame means, which
//! call is to be run, and what is answered.
//!
//! It keeps the encoded replies of the last `WINDOW` calls, so that a call that is sent again is
//! answered again without running again.

#[cfg(feature = "model-check")]
mod identity;
mod outstanding;

pub(super) use outstanding::Outstanding;
pub use outstanding::Token;

use crate::device::Statistics;
use crate::service::{Arguments, BadArguments, Replied, Reply};
use crate::wire::frame::{Broken, Candidate, DELIMITER, Encoder, Full, max_encoded_len};
use crate::wire::message::{
    Accept, Fault, Header, Kind, MAX_WINDOW, NakReason, Seq, VERSION, code_frame,
};
use crate::wire::seal::Seal;

/// The longest Accept: header, version, nonce, window, frame length, buffer and fingerprint.
const MAX_ACCEPT: usize = max_encoded_len(1 + 1 + 5 + 1 + 3 + 3 + 5);

/// Every Nak: header and code.
const NAK: usize = max_encoded_len(1 + 1);

/// The state of the device's end of a link.
///
/// It starts as all zeroes, so that one in a `static` takes no flash for the values it starts with.
#[derive(Clone, Debug)]
pub struct Session<const FRAME: usize, const WINDOW: usize> {
    state: State,
    nak: [u8; NAK],
    /// A slot for each reply that is kept: a frame, which its only zero ends.
    replies: [[u8; FRAME]; WINDOW],
    statistics: Statistics,
}

/// Where the session and the frame on its way stand.
#[derive(Clone, Debug)]
struct State {
    phase: Phase,
    /// The call that runs next.
    next: Seq,
    calls: Calls,
    sending: Sending,
    /// How many bytes of that frame have been sent.
    sent: u16,
    /// The longest reply: what the caller takes, at most `FRAME`.
    max_frame: u16,
    seal: Seal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "model-check", derive(Hash))]
enum Phase {
    NotConnected,
    Connected,
    /// The caller has been told that call `next` is missing.
    GapReported,
}

/// How many calls have run in this session, which tells how many replies are kept and where.
///
/// It counts up to twice the window and then goes on from the window, so that it fits a byte. The
/// slots are not found by sequence numbers, because 32 is not a multiple of every window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Calls(u8);

impl Calls {
    const NONE: Self = Self(0);

    /// How many calls before the next have their reply kept in that many slots.
    fn kept(self, slots: u8) -> u8 {
        self.0.min(slots)
    }

    /// The slot for the reply to the next call.
    const fn next_slot(self, slots: u8) -> u8 {
        self.0 % slots
    }

    /// The count once the next has run.
    const fn and_one_more(self, slots: u8) -> Self {
        if self.0 >= 2 * slots - 1 {
            Self(slots)
        } else {
            Self(self.0 + 1)
        }
    }
}

/// Which frame is on its way. An enum of these would take two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sending(u8);

impl Sending {
    /// The Nak. It is 0, and its place is all zeroes at first, so that a device begins by sending a
    /// delimiter, which ends what it may have sent of a frame before it was reset.
    const NAK: Self = Self(0);
    const NOTHING: Self = Self(1);

    /// The reply in that slot.
    const fn reply(slot: u8) -> Self {
        Self(2 + slot)
    }

    /// The slot of the reply, if it is one.
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

/// A call to be run, with everything that running it needs.
///
/// It counts as run from the moment it is handed out: if it is dropped before
/// [`end`](Self::end), it is not answered and does not run again, and no earlier reply is kept.
#[derive(Debug)]
pub struct Call<'s, 'f> {
    /// The procedure's number, or the fault that there is none.
    pub procedure: Result<u16, Fault>,
    /// The encoded arguments.
    pub arguments: Arguments<'f>,
    /// What the device has seen of the link.
    pub statistics: &'s Statistics,
    seq: Seq,
    /// Where the reply is made.
    place: &'s mut [u8],
    state: &'s mut State,
    /// What the state's count becomes, and the slot that the reply is made in.
    calls: Calls,
    slot: u8,
}

impl Call<'_, '_> {
    /// Where the answer goes.
    pub fn reply(&mut self) -> Reply<'_> {
        Reply::new(self.seq, self.state.seal, self.place)
    }

    /// Ends the call with the reply that was made, or with a fault.
    ///
    /// Not by value: moving a call would cost a small device a copy of it on the stack.
    pub fn end(&mut self, result: Result<Replied, Fault>) {
        settle(self.seq, self.state.seal, self.place, result);
        self.state.phase = Phase::Connected;
        self.state.calls = self.calls;
        self.state.send(Sending::reply(self.slot));
    }
}

/// Puts a fault in the place of a reply if there is no reply, or it does not fit.
fn settle(seq: Seq, seal: Seal, place: &mut [u8], result: Result<Replied, Fault>) {
    let failed = match result {
        Ok(Replied(Ok(()))) => None,
        Ok(Replied(Err(Full))) => Some(Fault::ReplyTooLarge),
        Err(fault) => Some(fault),
    };
    if let Some(fault) = failed {
        let header = Header {
            kind: Kind::Fault,
            seq,
        };
        code_frame(place, header, fault as u8, seal);
    }
}

/// The frame at the beginning of its place: its only zero ends it.
fn frame_in(place: &[u8]) -> &[u8] {
    let end = place.iter().position(|&byte| byte == DELIMITER);
    end.and_then(|end| place.get(..=end)).unwrap_or_default()
}

/// Refuses bounds that a device cannot have.
///
/// # Panics
/// If `frame` or `window` is out of bounds.
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

    /// No session yet.
    // The bounds are no constant here: the compiler would name this line instead of the caller's.
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

    /// What the device has seen of the link.
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Counts bytes that the receive buffer had no room for.
    pub fn note_overruns(&mut self, bytes: u32) {
        count(&mut self.statistics.overruns, bytes);
    }

    /// Takes what the accumulator found, and gives back the call to be run, if it is a new one.
    /// `fingerprint` is that of the interface, and `buffer` how many received bytes can wait while a
    /// procedure runs.
    ///
    /// As long as there is something to send it is dropped, as if the line had lost it.
    pub fn take<'f>(
        &mut self,
        candidate: Result<Candidate<'f>, Broken>,
        fingerprint: u32,
        buffer: &u16,
    ) -> Option<Call<'_, 'f>> {
        if self.is_sending() {
            return None;
        }
        match candidate {
            Ok(candidate) => {
                let header = candidate.header();
                let seal = match header.kind {
                    Kind::Connect | Kind::Accept => Seal::NONE,
                    Kind::Call if self.state.phase == Phase::NotConnected => {
                        // Without a session no call is expected and nothing is sealed, so there
                        // is room for the call to name and for what proves that it is meant.
                        self.state.next = header.seq;
                        self.state.seal = Seal::of_trailer(candidate.trailer());
                        self.refuse(NakReason::NotConnected);
                        return None;
                    }
                    _ => self.state.seal,
                };
                if let Some(body) = candidate.open(seal) {
                    count(&mut self.statistics.frames, 1);
                    match header.kind {
                        Kind::Connect => self.connect(body, fingerprint, buffer),
                        Kind::Call => return self.call(header.seq, body),
                        // Only devices send the others: the line loops back, or another device
                        // is on it.
                        _ => {}
                    }
                    return None;
                }
                self.refuse(NakReason::Corrupt);
            }
            Err(Broken::Corrupt) => self.refuse(NakReason::Corrupt),
            Err(Broken::TooLong) => self.refuse(NakReason::TooLong),
        }
        None
    }

    /// Begins a session, or tells a caller of another version that there can be none.
    // Inlined, it would take registers from what every byte and every call goes through.
    #[inline(never)]
    fn connect(&mut self, body: &[u8], fingerprint: u32, &buffer: &u16) {
        let Some((&version, rest)) = body.split_first() else {
            return;
        };
        let mut fields = Arguments::new(rest);
        let (Ok(nonce), Ok(max_frame)) = (fields.take::<u32>(), fields.take::<u32>()) else {
            return;
        };
        self.state.max_frame = max_frame.clamp(MAX_ACCEPT as u32, FRAME as u32) as u16;
        self.state.seal = Seal::of_session(nonce);
        self.state.phase = if version == VERSION {
            Phase::Connected
        } else {
            Phase::NotConnected
        };
        self.state.next = Seq::FIRST;
        self.state.calls = Calls::NONE;
        // No reply is kept at this point, so a slot is free to make the frame in.
        if let Some(slot) = self.replies.first_mut() {
            let header = Header {
                kind: Kind::Accept,
                seq: Seq::FIRST,
            };
            let mut encoder = Encoder::new(slot, header, Seal::NONE);
            Accept {
                version: VERSION,
                nonce,
                window: Self::SLOTS,
                max_frame: FRAME as u16,
                buffer,
                fingerprint,
            }
            .encode(&mut encoder);
            let _fits = encoder.finish();
            self.state.send(Sending::reply(0));
        }
    }

    /// Decides whether a call is new, has run already, or comes too early.
    fn call<'f>(&mut self, seq: Seq, body: &'f [u8]) -> Option<Call<'_, 'f>> {
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
            self.refuse(NakReason::OutOfOrder);
        }
        None
    }

    fn run<'f>(&mut self, seq: Seq, body: &'f [u8]) -> Option<Call<'_, 'f>> {
        let calls = self.state.calls;
        let slot = calls.next_slot(Self::SLOTS);
        // What holds if the call is dropped; its end sets things right.
        self.state.next = seq.next();
        self.state.calls = Calls::NONE;
        self.state.phase = Phase::GapReported;

        let mut arguments = Arguments::new(body);
        let procedure = match arguments.take::<u32>().map(u16::try_from) {
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

    /// Counts a frame that is not taken, and names the next call, unless that would tell nobody or
    /// has been done: a gap is reported once.
    #[inline(never)]
    fn refuse(&mut self, reason: NakReason) {
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
        code_frame(&mut self.nak, header, reason as u8, self.state.seal);
        self.state.send(Sending::NAK);
    }

    /// Whether there is something to say.
    pub fn is_sending(&self) -> bool {
        self.state.sending != Sending::NOTHING
    }

    /// The seal of the session's frames.
    pub(crate) const fn seal(&self) -> Seal {
        self.state.seal
    }

    /// Whether an Accept is on its way, so that a session has just begun.
    pub fn is_accepting(&self) -> bool {
        self.state.calls == Calls::NONE && self.state.sending == Sending::reply(0)
    }

    /// The bytes to send, empty if there is nothing to say.
    pub fn outgoing(&self) -> &[u8] {
        frame_in(self.rest())
    }

    /// What is not sent of the frame on its way, and whatever follows that frame in its place.
    fn rest(&self) -> &[u8] {
        if !self.is_sending() {
            return &[];
        }
        let place = match self.state.sending.slot() {
            None => &self.nak[..],
            // The slot is there; saying so spares a device with one slot from looking.
            Some(slot) => self
                .replies
                .get(slot.min(WINDOW - 1))
                .map_or(&[][..], |reply| &reply[..]),
        };
        place
            .get(usize::from(self.state.sent)..)
            .unwrap_or_default()
    }

    /// Notes that the first `count` bytes of [`outgoing`](Self::outgoing) were sent.
    pub fn sent(&mut self, count: usize) {
        let Some(last) = count.checked_sub(1) else {
            return;
        };
        if matches!(self.rest().get(last), None | Some(&DELIMITER)) {
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

/// Adds to a counter that wraps.
fn count(counter: &mut u32, more: u32) {
    *counter = counter.wrapping_add(more);
}
