//! The frames that a session receives: each is checked, and ends a call, proves that others have to be sent
//! again, or that the session is over.

use super::{Phase, Session, is_before};
use crate::client::call_error::{CallError, Cause, Ran};
use crate::client::calls::{Call, State};
use crate::client::outgoing::{number_in, trailer};
use crate::time::Instant;
use crate::wire::decode::take_from;
use crate::wire::frame::{Broken, Candidate};
use crate::wire::message::{Accept, Fault, Header, Kind, NakReason, Seq, VERSION};
use crate::wire::seal::Seal;

/// The number of broken frames of one kind in a row up to which noise may have hit an answer.
const MOST_HIT: u8 = 2;

impl<const FRAME: usize, const WINDOW: usize, const NUMBERS: usize>
    Session<FRAME, WINDOW, NUMBERS>
{
    /// Takes a candidate from the accumulator. Returns topic and data if it is an event.
    pub(in crate::client) fn take<'f>(
        &mut self,
        now: Instant,
        candidate: Result<Candidate<'f>, Broken>,
    ) -> Option<(u16, &'f [u8])> {
        let candidate = match candidate {
            Ok(candidate) => candidate,
            Err(broken) => {
                self.broken(broken);
                return None;
            }
        };
        let header = candidate.header();
        let is_sealed = !matches!(header.kind, Kind::Connect | Kind::Accept);
        if is_sealed && !matches!(self.phase, Phase::Open { .. }) {
            // It belongs to an earlier session or to another caller's, whose frames may never end.
            self.timer.heard_no_answer();
            return None;
        }
        let seal = self.seal(header, candidate.code());
        let Some(body) = seal.and_then(|seal| candidate.open(seal)) else {
            self.unsealed(now);
            return None;
        };
        self.counters.received = self.counters.received.wrapping_add(1);
        self.strange = 0;
        let Header { kind, seq } = header;
        match (self.phase, kind) {
            (Phase::Connecting { .. }, Kind::Accept) => self.accepted(body),
            (Phase::Open { .. }, Kind::Accept) => self.overheard(now, body),
            (Phase::Open { .. }, Kind::Return) => self.answered(now, seq, State::Returned, body),
            (Phase::Open { .. }, Kind::Error) => self.answered(now, seq, State::Erred, body),
            (Phase::Open { .. }, Kind::Fault) => {
                let fault = State::Failed(fault(body));
                self.answered(now, seq, fault, &[]);
            }
            (Phase::Open { .. }, Kind::Nak) => {
                match body.first().copied().and_then(NakReason::from_code) {
                    Some(NakReason::NotConnected) => self.end(Cause::Reset, Some(seq)),
                    _ => {
                        self.counters.refused = self.counters.refused.wrapping_add(1);
                        self.resend_all(seq);
                    }
                }
            }
            (Phase::Open { .. }, Kind::Event) => {
                self.timer.heard_no_answer();
                return self.events.take(seq, body);
            }
            // Left over from an earlier session, or not meant for a caller.
            _ => {}
        }
        None
    }

    /// Takes a candidate that does not decode. It may have been an answer, but one that is too long for
    /// this caller would be so each time.
    fn broken(&mut self, broken: Broken) {
        self.counters.broken = self.counters.broken.wrapping_add(1);
        self.too_long = match broken {
            Broken::Corrupt => 0,
            Broken::TooLong => self.too_long.saturating_add(1),
        };
        if self.too_long <= MOST_HIT {
            self.send_again();
        }
    }

    /// Takes a candidate that decodes but is not sealed for this session. Noise may have changed it, or
    /// it belongs to another caller's session.
    ///
    /// In another caller's session, all frames from the device look like this, and so do this caller's
    /// frames to the device. If each end answered every such frame at once, neither would stop.
    fn unsealed(&mut self, now: Instant) {
        /// The number of such frames in a row that is not due to noise.
        const NOT_NOISE: u8 = 8;
        self.counters.broken = self.counters.broken.wrapping_add(1);
        self.timer.heard_no_answer();
        self.strange = self.strange.saturating_add(1);
        match (self.phase, self.strange) {
            (Phase::Open { .. }, NOT_NOISE..) => self.taken_over(now),
            (Phase::Open { .. }, ..=MOST_HIT) | (Phase::Connecting { .. }, _) => self.send_again(),
            _ => {}
        }
    }

    /// Returns the seal that a frame from the device must have. A Nak NotConnected is about a call of
    /// this session if it is sealed with that call's trailer.
    fn seal(&mut self, header: Header, code: Option<u8>) -> Option<Seal> {
        const NOT_CONNECTED: u8 = NakReason::NotConnected as u8;
        let session = Seal::of_session(self.nonce);
        match (header.kind, code) {
            (Kind::Connect | Kind::Accept, _) => Some(Seal::NONE),
            (Kind::Nak, Some(NOT_CONNECTED)) => {
                let call = self.calls.in_flight(header.seq)?;
                let flight = call.flight().copied()?;
                Some(Seal::of_trailer(trailer(call, &flight, session)))
            }
            _ => Some(session),
        }
    }

    /// Notes that a part of a frame was received.
    pub(in crate::client) fn heard(&mut self, now: Instant) {
        self.timer.heard(now);
    }

    fn accepted(&mut self, body: &[u8]) {
        // Only this version defines the remaining fields.
        let Ok(((version, nonce), _)) = take_from::<(u8, u32)>(body) else {
            return;
        };
        if nonce != self.nonce {
            return;
        }
        if version != VERSION {
            for call in self.calls.iter_mut().filter(|call| call.is_open()) {
                call.give_up(CallError::OtherVersion(version), Cause::Reset);
            }
            self.end(Cause::Reset, None);
            return;
        }
        let Ok((device, _)) = take_from::<Accept>(body) else {
            return;
        };
        self.phase = Phase::Open {
            device,
            next: Seq::FIRST,
        };
        self.numbers.meet(device.fingerprint);
        self.counters.sessions = self.counters.sessions.wrapping_add(1);
        self.events.restart();
        self.timer.disarm();
    }

    /// Takes an Accept within a session. If it has another nonce, another caller has begun a session:
    /// the link keeps order, so it is not left over from an earlier session of this caller.
    fn overheard(&mut self, now: Instant, body: &[u8]) {
        let accept = take_from::<(u8, u32)>(body);
        if accept.is_ok_and(|((_, nonce), _)| nonce != self.nonce) {
            self.taken_over(now);
        }
    }

    /// Ends the session because another caller has begun one. The next one waits for the resend time,
    /// so that two callers do not keep interrupting each other.
    fn taken_over(&mut self, now: Instant) {
        self.counters.taken_over = self.counters.taken_over.wrapping_add(1);
        self.end(Cause::OtherCaller, None);
        if self.calls.iter().any(Call::is_open) {
            self.begin_session();
            self.arm_timer(now);
        }
    }

    fn answered(&mut self, now: Instant, seq: Seq, state: State, body: &[u8]) {
        let Some(call) = self.calls.in_flight(seq) else {
            return;
        };
        let State::InFlight(flight) = call.state else {
            return;
        };
        match state {
            _ if flight.is_question => match number_in(state, body) {
                Ok(number) => {
                    self.numbers.learn(call.target.key, number);
                    call.wait_again();
                }
                Err(error) => call.give_up(error, Cause::Reset),
            },
            State::Failed(error) if error.ran() == Ran::Never => {
                call.give_up(error, Cause::Reset);
            }
            _ => call.answer(state, body),
        }
        if flight.sent_once() {
            self.timer.measured(now.since(flight.sent_at));
        }
        // The link is a FIFO: of every unanswered call sent before this call's first copy, either the
        // call or its reply was lost.
        let mut waiting = false;
        for other in self.calls.flights_mut() {
            waiting = true;
            other.due |= is_before(other.last_order, flight.first_order);
        }
        self.too_long = 0;
        self.timer.progressed();
        if waiting {
            self.arm_timer(now);
        } else {
            self.timer.disarm();
        }
    }

    /// Sends all calls again, since the device has not received the one that it expects next.
    fn resend_all(&mut self, next: Seq) {
        let is_coming = self.outgoing.call == Some(next);
        for flight in self.calls.flights_mut() {
            flight.due |= !(is_coming && flight.seq == next);
        }
    }
}

fn fault(body: &[u8]) -> CallError {
    match body.first() {
        None => CallError::BadReply,
        Some(&code) => match Fault::from_code(code) {
            Some(Fault::UnknownProcedure) => CallError::NoSuchProcedure,
            Some(Fault::BadArguments) => CallError::BadArguments,
            Some(Fault::ReplyTooLarge) => CallError::ReplyTooLarge,
            Some(Fault::OutcomeUnknown) => CallError::OutcomeUnknown(Cause::Relay),
            Some(Fault::Unreachable) => CallError::Unreachable,
            Some(Fault::Refused) => CallError::Refused,
            None => CallError::UnknownFault(code),
        },
    }
}
