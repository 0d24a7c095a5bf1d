//! What a caller makes of frames by their seal: those of its session, of other callers' sessions, and
//! refusals; and of the faults of whoever passes calls on.

use rpc_proto::client::{CallError, Cause, Ran, Target, Timing};
use rpc_proto::time::{Duration, Instant};
use rpc_proto::wire::message::{Accept, Fault, Kind, NakReason, VERSION};
use rpc_proto::wire::seal::Seal;
use tests::end::{Client, Ticket};
use tests::wire::{Message, SESSION};

const NOW: Instant = Instant::from_micros(0);
const PROCEDURE: u16 = 8;

/// A caller in its first session, with one call in flight that is not idempotent.
struct Bench {
    caller: Client<64, 2>,
    call: Ticket,
}

impl Bench {
    fn new() -> Self {
        let mut caller = Client::new(SESSION - 1, Timing::default());
        let target = Target::fixed(PROCEDURE, false);
        let deadline = NOW + Duration::from_secs(1);
        let call = caller.start(target, deadline, &(5_u32,)).expect("room");
        let mut bench = Self { caller, call };
        assert_eq!(bench.sent(), [Message::connect_with(SESSION, 64)]);
        bench.receive(&accept(SESSION));
        assert_eq!(bench.sent(), [in_flight()]);
        bench
    }

    fn receive(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.caller.receive(NOW, byte);
        }
    }

    /// What the caller sends now, in its first session.
    fn sent(&mut self) -> Vec<Message> {
        let mut sent = Vec::new();
        loop {
            let outgoing = self.caller.outgoing(NOW).to_vec();
            if outgoing.is_empty() {
                return Message::all_in(&sent);
            }
            self.caller.sent(NOW, outgoing.len());
            sent.extend(outgoing);
        }
    }

    /// Why the call failed, if it has: asked once.
    fn failure(&mut self) -> Option<CallError> {
        self.caller.take(self.call)?.err()
    }
}

fn in_flight() -> Message {
    Message::call(0, PROCEDURE, (5_u32,))
}

fn accept(nonce: u32) -> Vec<u8> {
    let accept = Accept {
        version: VERSION,
        nonce,
        window: 2,
        max_frame: 64,
        buffer: 64,
        fingerprint: 0,
    };
    Message::new(Kind::Accept, 0, &accept).frame()
}

#[test]
fn a_fault_tells_what_whoever_passed_the_call_on_knows() {
    let lost = CallError::OutcomeUnknown(Cause::Relay);
    for (fault, error, ran) in [
        (Fault::OutcomeUnknown, lost, Ran::Unknown),
        (Fault::Unreachable, CallError::Unreachable, Ran::Never),
        (Fault::Refused, CallError::Refused, Ran::Never),
    ] {
        let mut bench = Bench::new();
        bench.receive(&Message::fault(0, fault).frame());
        assert_eq!(bench.failure(), Some(error));
        assert_eq!(error.ran(), ran);
    }
}

#[test]
fn an_answer_of_another_session_is_none() {
    let mut bench = Bench::new();
    bench.receive(&Message::value(0, 5_u32).frame_in(SESSION + 1));
    assert!(!bench.caller.is_ended(bench.call));
    bench.receive(&Message::value(0, 5_u32).frame());
    assert!(bench.caller.is_ended(bench.call));
}

#[test]
fn a_refused_call_is_sent_again_in_a_new_session() {
    let mut bench = Bench::new();
    bench.receive(&Message::refusal(&in_flight(), SESSION));
    assert_eq!(bench.sent(), [Message::connect_with(SESSION + 1, 64)]);
    assert_eq!(bench.failure(), None);
}

#[test]
fn a_refusal_of_another_callers_call_proves_nothing() {
    for refusal in [
        Message::refusal(&in_flight(), SESSION + 1),
        Message::refusal(&Message::call(0, PROCEDURE, (6_u32,)), SESSION),
        Message::nak(NakReason::NotConnected, 0).frame(),
        Message::nak(NakReason::NotConnected, 0).sealed(Seal::NONE),
    ] {
        let mut bench = Bench::new();
        bench.receive(&refusal);
        assert_eq!(bench.sent(), [in_flight()], "it may have been an answer");
    }
}

#[test]
fn another_callers_session_ends_this_one_and_the_next_waits() {
    let mut bench = Bench::new();
    let next = Target::fixed(PROCEDURE, true);
    let deadline = NOW + Duration::from_secs(1);
    bench.caller.start(next, deadline, &()).expect("room");
    bench.receive(&accept(77));
    let taken_over = CallError::OutcomeUnknown(Cause::OtherCaller);
    assert_eq!(bench.failure(), Some(taken_over));
    assert_eq!(bench.sent(), []);
    let due = bench.caller.deadline().expect("the resend time");
    assert!(due < deadline);
    bench.caller.advance(due);
    assert_eq!(bench.sent(), [Message::connect_with(SESSION + 1, 64)]);
}

#[test]
fn frames_of_another_session_are_a_reason_to_send_again_twice_and_to_give_up_after_eight() {
    let mut bench = Bench::new();
    let theirs = Message::value(3, 5_u32).frame_in(77);
    for _ in 0..2 {
        bench.receive(&theirs);
        assert_eq!(bench.sent(), [in_flight()]);
    }
    for _ in 2..7 {
        bench.receive(&theirs);
        assert_eq!(bench.sent(), []);
    }
    assert_eq!(bench.failure(), None);
    bench.receive(&theirs);
    let taken_over = CallError::OutcomeUnknown(Cause::OtherCaller);
    assert_eq!(bench.failure(), Some(taken_over));
}

#[test]
fn a_frame_of_ones_own_session_lets_the_count_begin_anew() {
    let mut bench = Bench::new();
    let theirs = Message::value(3, 5_u32).frame_in(77);
    for _ in 0..3 {
        for _ in 0..7 {
            bench.receive(&theirs);
        }
        bench.receive(&Message::nak(NakReason::Corrupt, 0).frame());
    }
    assert_eq!(bench.failure(), None);
}
