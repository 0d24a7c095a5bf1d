//! Tests common faults of links and ends in the field, each by its name.

use rpc_proto::client::{CallError, Cause, Ran};
use rpc_proto::time::Duration;
use rpc_proto::wire::frame::Encoder;
use rpc_proto::wire::message::{Header, Kind, Seq, VERSION};
use rpc_proto::wire::seal::Seal;
use serde::Serialize;
use tests::counter::{CounterAccumulate, CounterDouble};
use tests::simulation::{Setup, Simulation};

const LOST: CallError = CallError::OutcomeUnknown(Cause::Timeout);

/// Returns a perfect link with room for four calls.
fn perfect() -> Simulation<4, 4> {
    Simulation::new(Setup::new(1))
}

/// Returns the same, after one call.
fn connected() -> Simulation<4, 4> {
    let mut link = perfect();
    assert_eq!(link.call::<CounterAccumulate>(1), Ok(1));
    link
}

#[test]
fn a_frame_in_two_halves_a_minute_apart_is_a_frame() {
    let mut link = Simulation::<4, 4>::new(Setup {
        timeout: Duration::from_secs(90),
        patience: Duration::from_secs(100),
        ..Setup::new(1)
    });
    assert_eq!(link.call::<CounterAccumulate>(1), Ok(1));

    let halfway = link.to_device.received() + 5;
    let call = link.start::<CounterAccumulate>(2).expect("there is room");
    link.run_until(|link| link.to_device.received() == halfway);
    link.to_device.stall(link.now() + Duration::from_secs(60));
    link.run_until_ended(call);

    assert_eq!(link.take::<CounterAccumulate>(call), Some(Ok(3)));
    link.run_until_idle();
    assert_eq!(link.journal.runs_of(2), 1);
}

#[test]
fn half_a_frame_of_a_caller_that_is_gone_does_not_harm_the_next() {
    let mut link = connected();
    let halfway = link.to_device.received() + 5;
    link.start::<CounterAccumulate>(2).expect("there is room");
    link.run_until(|link| link.to_device.received() == halfway);
    link.to_device.cut();
    link.to_device.mend();

    link.replace_caller(77);
    link.run_for(Duration::from_secs(60));
    let begin = link.now();
    assert_eq!(link.call::<CounterAccumulate>(3), Ok(4));
    assert_eq!(link.journal.runs_of(2), 0);
    // The delimiter before the Connect has ended the half frame.
    assert!(link.now().since(begin) < Duration::from_millis(10));
}

#[test]
fn a_reply_from_before_a_reconnect_is_not_taken_for_that_of_another_call() {
    let mut link = connected();
    let later = link.now() + Duration::from_secs(3);
    link.to_caller.stall(later);
    assert_eq!(link.call::<CounterAccumulate>(2), Err(LOST));
    assert_eq!(link.journal.runs_of(2), 1, "its reply is on the way");

    assert_eq!(link.call::<CounterAccumulate>(3), Ok(6));
    assert!(later <= link.now());
}

#[test]
fn a_reply_to_a_call_given_up_on_is_not_taken_for_that_of_the_next() {
    let mut link = connected();
    let call = link.start::<CounterAccumulate>(2).expect("there is room");
    let sent = link.to_device.sent();
    link.run_until(|link| sent + 3 < link.to_device.sent());
    link.client().abandon(call);

    assert_eq!(link.call::<CounterAccumulate>(3), Ok(6));
    assert_eq!(link.journal.runs_of(2), 1);
}

#[test]
fn a_call_given_up_on_before_it_was_sent_never_runs() {
    let mut link = connected();
    let call = link.start::<CounterAccumulate>(2).expect("there is room");
    link.client().abandon(call);
    assert_eq!(link.call::<CounterAccumulate>(3), Ok(4));
    assert_eq!(link.journal.runs_of(2), 0);
}

#[test]
fn delimiters_inside_noise_end_nothing_but_noise() {
    const NOISE: &[u8] = &[0x17, 0, 0, 0xFF, 0x81, 0, 5, 1, 2, 3, 4, 0, 0, 0x55];
    let mut link = connected();
    for amount in 2..50 {
        link.to_device.print(link.now(), NOISE);
        link.to_caller.print(link.now(), NOISE);
        let call = link.start::<CounterAccumulate>(amount);
        link.run_for(Duration::from_micros(300));
        link.to_caller.print(link.now(), NOISE);
        let call = call.expect("there is room");
        link.run_until_ended(call);
        let total = amount * (amount + 1) / 2;
        assert_eq!(link.take::<CounterAccumulate>(call), Some(Ok(total)));
        assert_eq!(link.journal.runs_of(amount), 1);
    }
}

#[test]
fn noise_before_the_first_call_is_not_answered() {
    let mut link = perfect();
    link.run_until_idle();
    let before = link.to_caller.sent();
    link.to_device
        .print(link.now(), b"login: \0root\0\0\x01\x02\0");
    link.run_until_idle();
    assert_eq!(link.to_caller.sent(), before);
    assert_eq!(link.call::<CounterAccumulate>(1), Ok(1));
}

#[test]
fn a_device_of_another_version_is_named_and_nothing_runs() {
    const NONCE: u32 = 7;
    let mut link = perfect();
    link.replace_caller(NONCE - 1);
    link.to_device.cut();
    let call = link.start::<CounterAccumulate>(1).expect("there is room");
    link.run_for(Duration::from_millis(5));
    // The bytes after version and nonce are defined by that version.
    let accept = accept(&(VERSION + 1, NONCE, "unheard-of"));
    link.to_caller.print(link.now(), &accept);
    link.run_until_ended(call);
    let error = CallError::OtherVersion(VERSION + 1);
    assert_eq!(link.take::<CounterAccumulate>(call), Some(Err(error)));
    assert_eq!(error.ran(), Ran::Never);

    link.to_device.mend();
    assert_eq!(link.call::<CounterAccumulate>(2), Ok(2));
    assert_eq!(link.journal.runs_of(1), 0);
}

#[test]
fn an_accept_of_an_earlier_session_does_not_open_another() {
    const NONCE: u32 = 7;
    let mut link = perfect();
    link.replace_caller(NONCE - 1);
    assert_eq!(link.call::<CounterAccumulate>(1), Ok(1));
    let device = *link.client().device().expect("there is a session");
    link.client().link_lost();

    // The Connect is lost. To the device, the old session goes on, and call 0 has run.
    link.to_device.cut();
    let call = link.start::<CounterAccumulate>(2).expect("there is room");
    link.run_for(Duration::from_millis(5));
    link.to_device.mend();
    link.to_caller.print(link.now(), &accept(&device));
    link.run_until_ended(call);
    assert_eq!(link.take::<CounterAccumulate>(call), Some(Ok(3)));
}

/// Returns an Accept with that body.
fn accept(body: &impl Serialize) -> Vec<u8> {
    let header = Header {
        kind: Kind::Accept,
        seq: Seq::FIRST,
    };
    let mut frame = vec![0; 64];
    let mut encoder = Encoder::new(&mut frame);
    encoder.value(body);
    let len = encoder.finish(header, Seal::NONE).expect("there is room");
    frame.truncate(len);
    frame
}

#[test]
fn callers_one_after_the_other_get_their_own_replies() {
    let mut link = connected();
    let mut total = 1;
    for amount in 2..20 {
        // The previous one disappeared with a call in flight.
        let _ = link.start::<CounterAccumulate>(100 + amount);
        link.run_for(Duration::from_micros(150 * amount as u64));
        link.replace_caller(1_000 * amount as u32);
        let value = link.call::<CounterAccumulate>(amount);
        total += amount + (100 + amount) * i64::from(link.journal.runs_of(100 + amount));
        assert_eq!(value, Ok(total));
        assert_eq!(link.journal.runs_of(amount), 1);
    }
}

#[test]
fn a_stall_longer_than_the_resend_time_does_not_make_a_call_run_twice() {
    let mut link = connected();
    let call = link.start::<CounterAccumulate>(2).expect("there is room");
    link.run_for(Duration::from_micros(400));
    link.to_device.stall(link.now() + Duration::from_secs(1));
    link.run_until_ended(call);
    assert_eq!(link.take::<CounterAccumulate>(call), Some(Ok(3)));
    link.run_until_idle();
    assert_eq!(link.journal.runs_of(2), 1);
    let counters = link.counters();
    assert!(0 < counters.caller.resent);
    assert_eq!(counters.device.duplicates, counters.caller.resent);
}

#[test]
fn a_procedure_that_runs_for_five_seconds_runs_once_and_its_reply_arrives() {
    for buffer in [0, 10, 64] {
        let mut link = Simulation::<4, 4>::new(Setup {
            run_time: Duration::from_secs(5),
            timeout: Duration::from_secs(12),
            buffer,
            ..Setup::new(1)
        });
        assert_eq!(link.call::<CounterAccumulate>(1), Ok(1));
        assert_eq!(link.call::<CounterAccumulate>(2), Ok(3));
        link.run_until_idle();
        assert_eq!(link.journal.runs(), 2);
        let time = link.counters().time;
        assert!(time < Duration::from_secs(13), "{time:?}");
    }
}

#[test]
fn on_a_dead_line_a_call_never_ran_unless_it_was_sent() {
    let mut link = connected();
    link.to_device.cut();
    assert_eq!(link.call::<CounterAccumulate>(2), Err(LOST));
    // There is no session any more, so this one waits for one.
    assert_eq!(link.call::<CounterAccumulate>(3), Err(CallError::Timeout));
    assert_eq!(link.counters().time.as_micros() / 1_000_000, 4);

    link.to_device.mend();
    assert_eq!(link.call::<CounterAccumulate>(4), Ok(5));
    assert_eq!(link.journal.runs(), 2);
}

#[test]
fn when_only_replies_are_lost_the_call_ran_and_its_outcome_is_unknown() {
    let mut link = connected();
    link.to_caller.cut();
    assert_eq!(link.call::<CounterAccumulate>(2), Err(LOST));
    assert_eq!(link.call::<CounterAccumulate>(3), Err(CallError::Timeout));

    link.to_caller.mend();
    assert_eq!(link.call::<CounterAccumulate>(4), Ok(7));
    assert_eq!(link.journal.runs_of(2), 1);
    assert_eq!(link.journal.runs_of(3), 0);
}

#[test]
fn a_reset_between_calls_costs_none_of_them() {
    let mut link = connected();
    link.reset_device();
    assert_eq!(link.call::<CounterAccumulate>(2), Ok(2));
    link.reset_device();
    assert_eq!(link.call::<CounterDouble>(3), Ok(6));
    assert_eq!(link.counters().caller.sessions, 3);
}

#[test]
fn a_deadline_takes_the_calls_in_flight_with_it_but_not_those_that_wait() {
    let mut link = Simulation::<4, 2>::new(Setup::new(1));
    assert_eq!(link.call::<CounterAccumulate>(1), Ok(1));
    link.to_device.cut();
    let calls = [2, 3, 4].map(|amount| {
        link.run_for(Duration::from_millis(500));
        link.start::<CounterAccumulate>(amount)
            .expect("there is room")
    });
    link.run_until_ended(calls[0]);
    link.to_device.mend();
    link.run_until_ended(calls[2]);
    assert_eq!(link.take::<CounterAccumulate>(calls[0]), Some(Err(LOST)));
    assert_eq!(link.take::<CounterAccumulate>(calls[1]), Some(Err(LOST)));
    assert_eq!(link.take::<CounterAccumulate>(calls[2]), Some(Ok(5)));
}
