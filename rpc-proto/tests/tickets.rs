//! Tickets: what a caller can ask about a call it has made.

use rpc_proto::client::{CallError, Client, Target, Timing};
use rpc_proto::time::Instant;

const TARGET: Target = Target::fixed(8, false);
const DEADLINE: Instant = Instant::from_micros(1_000);

#[test]
fn no_call_has_ended_before_it_was_answered() {
    let mut client = Client::<64, 3>::new(0, Timing::default());
    for _ in 0..3 {
        let ticket = client.start(TARGET, DEADLINE, &()).expect("room for it");
        assert!(!client.is_ended(ticket));
        assert_eq!(client.take(ticket), None);
    }
}

#[test]
fn the_end_of_a_call_can_be_taken_once() {
    let mut client = Client::<64, 3>::new(0, Timing::default());
    let ticket = client.start(TARGET, DEADLINE, &()).expect("room for it");
    client.advance(DEADLINE);
    assert!(client.is_ended(ticket));
    assert_eq!(client.take(ticket), Some(Err(CallError::Timeout)));
    assert!(!client.is_ended(ticket));
    assert_eq!(client.take(ticket), None);
}

#[test]
fn an_abandoned_call_makes_room_and_has_no_end() {
    let mut client = Client::<64, 1>::new(0, Timing::default());
    let first = client.start(TARGET, DEADLINE, &()).expect("room for it");
    let busy = client.start(TARGET, DEADLINE, &());
    assert_eq!(busy, Err(CallError::Busy));
    client.abandon(first);
    let second = client.start(TARGET, DEADLINE, &()).expect("room for it");
    client.advance(DEADLINE);
    assert_eq!(client.take(first), None);
    assert_eq!(client.take(second), Some(Err(CallError::Timeout)));
}
