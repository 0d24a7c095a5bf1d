//! The caller's end of a session (PROTOCOL.md, "Sessions"): when to connect, what to send next and what
//! again, and how each call ends when a session does.

#[cfg(feature = "model-check")]
mod identity;
mod receiving;

use super::call_error::{CallError, Cause};
use super::calls::{Call, CallRing, Flight, State};
use super::event_count::EventCount;
use super::outgoing::{Outgoing, QUESTION, RESOLVE};
use super::target::Numbers;
use super::timing::{ResendTimer, Timing};
use crate::time::{Duration, Instant};
use crate::wire::frame::DELIMITER;
use crate::wire::message::{Accept, Seq};
use crate::wire::seal::Seal;

/// The counters of a client's link since the client was created. Each counter wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counters {
    /// Frames sent, including those sent again.
    pub sent: u32,
    /// Frames sent again.
    pub resent: u32,
    /// Complete frames received.
    pub received: u32,
    /// Frames received that did not decode or check, or were too long.
    pub broken: u32,
    /// Sessions that the device accepted.
    pub sessions: u32,
    /// Naks received for frames that the device could not use.
    pub refused: u32,
    /// Times that the link was lost.
    pub lost_links: u32,
    /// Sessions that another caller on the same link ended.
    pub taken_over: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Session<const FRAME: usize, const WINDOW: usize, const NUMBERS: usize> {
    pub(super) calls: CallRing<FRAME, WINDOW>,
    pub(super) numbers: Numbers<NUMBERS>,
    phase: Phase,
    nonce: u32,
    outgoing: Outgoing<FRAME>,
    /// The number of frames with calls so far, to tell which of two was sent first.
    order: u32,
    timer: ResendTimer,
    /// The number of candidates in a row that were decoded but not sealed for this session.
    strange: u8,
    /// The number of candidates in a row that were too long, while no call was answered.
    too_long: u8,
    counters: Counters,
    pub(super) events: EventCount,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "model-check", derive(Hash))]
enum Phase {
    Closed,
    /// A Connect was sent, or is to be sent if `due`.
    Connecting {
        due: bool,
    },
    /// The device accepted; the call that is sent next for the first time is `next`.
    Open {
        device: Accept,
        next: Seq,
    },
}

impl<const FRAME: usize, const WINDOW: usize, const NUMBERS: usize>
    Session<FRAME, WINDOW, NUMBERS>
{
    pub(super) const fn new(nonce: u32, timing: Timing) -> Self {
        const { assert!(WINDOW > 0, "a caller has room for at least one call") }
        Self {
            calls: CallRing::new(),
            numbers: Numbers::new(),
            phase: Phase::Closed,
            nonce,
            outgoing: Outgoing::new(),
            order: 0,
            timer: ResendTimer::new(timing),
            strange: 0,
            too_long: 0,
            counters: Counters {
                sent: 0,
                resent: 0,
                received: 0,
                broken: 0,
                sessions: 0,
                refused: 0,
                lost_links: 0,
                taken_over: 0,
            },
            events: EventCount::NONE,
        }
    }

    pub(super) const fn device(&self) -> Option<&Accept> {
        match &self.phase {
            Phase::Open { device, .. } => Some(device),
            _ => None,
        }
    }

    pub(super) const fn counters(&self) -> &Counters {
        &self.counters
    }

    // Sending

    pub(super) fn outgoing(&mut self, now: Instant) -> &[u8] {
        if self.outgoing.sent == self.outgoing.len {
            self.make_next(now);
        }
        self.outgoing.is_offered = true;
        if self.outgoing.flush {
            return &[DELIMITER];
        }
        let Outgoing {
            bytes, sent, len, ..
        } = &self.outgoing;
        bytes.get(*sent..*len).unwrap_or_default()
    }

    pub(super) fn sent(&mut self, now: Instant, mut count: usize) {
        self.outgoing.is_offered = false;
        if count > 0 && self.outgoing.flush {
            self.outgoing.flush = false;
            count -= 1;
        }
        let outgoing = &mut self.outgoing;
        if count == 0 || outgoing.sent == outgoing.len {
            return;
        }
        outgoing.sent = outgoing.len.min(outgoing.sent + count);
        if outgoing.sent == outgoing.len {
            if let Some(seq) = outgoing.call.take()
                && let Some(call) = self.calls.in_flight(seq)
                && let Some(flight) = call.flight_mut()
            {
                flight.sent_at = now;
            }
            self.arm_timer(now);
        }
    }

    fn arm_timer(&mut self, now: Instant) {
        let in_flight = self.calls.iter().filter(|call| call.flight().is_some());
        let first = in_flight.map(|call| call.patience.deadline).min();
        let left = first.map_or(Duration::from_micros(0), |deadline| deadline.since(now));
        self.timer.arm(now, left);
    }

    /// Makes a call wait again if no byte of it was accepted by the link: it is not in flight, however
    /// it is about to end.
    pub(super) fn take_back(&mut self) {
        let Some(seq) = self.outgoing.unsent_call() else {
            return;
        };
        if let Some(call) = self.calls.in_flight(seq)
            && call.flight().is_some_and(Flight::sent_once)
        {
            call.wait_again();
            if let Phase::Open { next, .. } = &mut self.phase {
                *next = seq;
            }
            let flush = self.outgoing.flush;
            self.outgoing.clear();
            self.outgoing.flush = flush;
            self.counters.sent = self.counters.sent.wrapping_sub(1);
        }
    }

    /// Makes the next frame to send, if there is one.
    fn make_next(&mut self, now: Instant) {
        self.outgoing.sent = 0;
        self.outgoing.len = 0;
        match self.phase {
            Phase::Closed => {
                if self.calls.iter().any(Call::is_open) {
                    self.begin_session();
                    self.make_connect();
                }
            }
            Phase::Connecting { due: true } => self.make_connect(),
            Phase::Connecting { due: false } => {}
            Phase::Open { device, next } => {
                if !self.make_again() {
                    self.make_new(now, device, next);
                }
            }
        }
    }

    /// Takes the nonce of a new session, which is then requested.
    fn begin_session(&mut self) {
        self.nonce = self.nonce.wrapping_add(1);
        self.phase = Phase::Connecting { due: false };
    }

    fn make_connect(&mut self) {
        self.phase = Phase::Connecting { due: false };
        self.outgoing.make_connect(self.nonce);
        self.counters.sent = self.counters.sent.wrapping_add(1);
    }

    /// Makes the frame of the oldest call that is to be sent again.
    fn make_again(&mut self) -> bool {
        for call in self.calls.iter_mut() {
            if let State::InFlight(flight) = &mut call.state
                && flight.due
            {
                flight.due = false;
                self.order = self.order.wrapping_add(1);
                flight.last_order = self.order;
                let flight = *flight;
                let seal = Seal::of_session(self.nonce);
                self.outgoing.make_call(call, &flight, seal);
                self.counters.sent = self.counters.sent.wrapping_add(1);
                self.counters.resent = self.counters.resent.wrapping_add(1);
                return true;
            }
        }
        false
    }

    /// Makes the frame of the oldest waiting call, if the device can take it, or the question for its
    /// number. Calls behind a question wait, because calls run in the order in which they were made.
    fn make_new(&mut self, now: Instant, device: Accept, next: Seq) {
        let mut ahead = 0;
        let mut bytes_in_flight = 0;
        let mut latest = now;
        for call in self.calls.iter() {
            let Some(flight) = call.flight() else {
                continue;
            };
            if flight.is_question {
                return;
            }
            latest = latest.max(call.patience.deadline);
            ahead = ahead.max(next.since(flight.seq));
            bytes_in_flight += flight.frame_len;
        }
        for call in self.calls.iter_mut() {
            if call.state != State::Waiting {
                continue;
            }
            let known = self.numbers.of(&call.target, device.fingerprint);
            let (number, frame_len) = match known {
                Some(number) => (number, call.frame_len(number)),
                None => (RESOLVE, QUESTION),
            };
            if frame_len > FRAME.min(usize::from(device.max_frame)) {
                call.give_up(CallError::ArgumentsTooLarge, Cause::Reset);
                continue;
            }
            let fits = bytes_in_flight + frame_len <= usize::from(device.buffer);
            if ahead > 0 && (ahead >= device.window || !fits) {
                return;
            }
            // Its deadline would end the session, and with it a longer call that it only waits for.
            if ahead > 0 && call.patience.deadline < latest {
                return;
            }
            self.order = self.order.wrapping_add(1);
            let flight = Flight {
                seq: next,
                first_order: self.order,
                last_order: self.order,
                sent_at: now,
                due: false,
                is_question: known.is_none(),
                number,
                frame_len,
            };
            call.state = State::InFlight(flight);
            self.phase = Phase::Open {
                device,
                next: next.next(),
            };
            let seal = Seal::of_session(self.nonce);
            self.outgoing.make_call(call, &flight, seal);
            self.counters.sent = self.counters.sent.wrapping_add(1);
            return;
        }
    }

    /// Sends again the call that the device may be waiting for, since no answer arrived.
    ///
    /// Skips the frame that is being sent at this moment, as `resend_all` does: nothing received so far
    /// can be about it. A device that cannot receive while it sends would lose the needless copy and
    /// report it, and so on with every call.
    fn send_again(&mut self) {
        let being_sent = self.outgoing.call;
        match &mut self.phase {
            Phase::Closed => {}
            Phase::Connecting { due } => *due = self.outgoing.sent == self.outgoing.len,
            Phase::Open { .. } => {
                if let Some(flight) = self.calls.flights_mut().next() {
                    flight.due |= being_sent != Some(flight.seq);
                }
            }
        }
    }

    // Time

    pub(super) fn deadline(&self) -> Option<Instant> {
        let calls = self.calls.iter().filter(|call| call.is_open());
        let first = calls.map(|call| call.patience.deadline).min();
        match (first, self.timer.due()) {
            (Some(first), Some(due)) => Some(first.min(due)),
            (first, due) => first.or(due),
        }
    }

    pub(super) fn advance(&mut self, now: Instant) {
        let mut lost_one = false;
        let is_due = |call: &Call<FRAME>| call.is_open() && now >= call.patience.deadline;
        if self.calls.iter().any(is_due) {
            self.take_back();
        }
        for call in self.calls.iter_mut() {
            if !is_due(call) || call.try_again() {
                continue;
            }
            match call.state {
                State::InFlight(flight) => {
                    lost_one = true;
                    if flight.is_question {
                        call.give_up(CallError::Timeout, Cause::Timeout);
                    } else {
                        call.lose(Cause::Timeout);
                    }
                }
                _ => call.give_up(CallError::Timeout, Cause::Timeout),
            }
        }
        if lost_one {
            // If the session went on, the call could still run after its caller has given up.
            self.end(Cause::Timeout, None);
        }
        if !self.calls.iter().any(Call::is_open) {
            if matches!(self.phase, Phase::Connecting { .. }) {
                self.phase = Phase::Closed;
            }
            self.timer.disarm();
        } else if self.timer.expired(now) {
            self.outgoing.flush |= self.outgoing.sent == self.outgoing.len;
            self.send_again();
        }
    }

    // Ending

    /// Ends every call. One in flight may still run, so the session ends with it.
    pub(super) fn cancel(&mut self) {
        self.take_back();
        let mut lost_one = false;
        for call in self.calls.iter_mut().filter(|call| call.is_open()) {
            match call.state {
                State::InFlight(flight) if !flight.is_question => {
                    lost_one = true;
                    call.lose(Cause::Cancelled);
                }
                State::InFlight(_) => {
                    lost_one = true;
                    call.give_up(CallError::Cancelled, Cause::Cancelled);
                }
                _ => call.give_up(CallError::Cancelled, Cause::Cancelled),
            }
        }
        if lost_one {
            self.end(Cause::Cancelled, None);
        }
    }

    /// Ends the session. `rejected` is the call that the device refused because it had no session.
    ///
    /// If that call was sent once, it never ran, and neither did those sent once after it, because from
    /// there on the device had no session to run them in. They are sent again in the next session, as
    /// are idempotent calls. The outcome of all others is unknown.
    pub(super) fn end(&mut self, cause: Cause, rejected: Option<Seq>) {
        self.take_back();
        let rejected = rejected
            .and_then(|seq| self.calls.in_flight(seq))
            .and_then(|call| call.flight().copied());
        for call in self.calls.iter_mut() {
            let State::InFlight(flight) = call.state else {
                continue;
            };
            let never_ran = flight.sent_once()
                && rejected.is_some_and(|rejected| {
                    flight.seq == rejected.seq || is_before(rejected.last_order, flight.first_order)
                });
            if call.abandoned || flight.is_question {
                call.wait_again();
            } else if never_ran || call.target.idempotent {
                call.state = State::Waiting;
                call.may_have_run |= !never_ran;
            } else {
                call.lose(cause);
            }
        }
        if cause == Cause::Disconnected {
            self.counters.lost_links = self.counters.lost_links.wrapping_add(1);
        }
        self.phase = Phase::Closed;
        self.strange = 0;
        self.too_long = 0;
        self.outgoing.clear();
        self.timer.disarm();
    }
}

/// Returns true if the frame `left` was sent before the frame `right`. The count wraps.
const fn is_before(left: u32, right: u32) -> bool {
    left != right && right.wrapping_sub(left) < u32::MAX / 2
}
