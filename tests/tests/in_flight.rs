//! Tests the caller's end of a session: when a call is in flight, and that nothing repeats beyond its
//! deadline.

use rpc_proto::client::{
    Answer, CallError, Cause, Client, Operation, Patience, Subscribing, Target, Ticket, Timing,
};
use rpc_proto::events::EventQueue;
use rpc_proto::server::Server;
use rpc_proto::service::{FIRST_NUMBER, Member};
use rpc_proto::time::{Duration, Instant};
use std::task::Poll;
use tests::tally::{ADD, Ledger, Ran, TallyService};
use tests::wire::Message;

type Caller = Client<64, 4>;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

/// A caller and a device on a perfect link, with a session.
struct Pair {
    caller: Caller,
    device: Server<TallyService<Ledger>, 64, 4>,
}

impl Pair {
    fn connected() -> Self {
        let mut pair = Self {
            caller: Client::new(0, Timing::default()),
            device: Server::new(TallyService(Ledger::default())).with_buffer(64),
        };
        let call = pair.add(0, at(1), 0);
        pair.exchange(0);
        assert_eq!(pair.caller.take(call), Some(Ok(Answer::Return(&[0]))));
        pair
    }

    fn add(&mut self, now: u64, deadline: impl Into<Patience>, amount: u32) -> Ticket {
        let target = Target::fixed(ADD, false);
        self.caller.advance(at(now));
        let call = self.caller.start(target, deadline, &(amount,));
        call.expect("there is room")
    }

    /// Moves bytes until there are none.
    fn exchange(&mut self, now: u64) {
        loop {
            let bytes = self.caller.outgoing(at(now)).to_vec();
            if bytes.is_empty() {
                return;
            }
            self.caller.sent(at(now), bytes.len());
            for byte in tests::wire::answer(&mut self.device, &bytes) {
                self.caller.receive(at(now), byte);
            }
        }
    }

    /// Gives the link bytes of which it accepts only so many.
    fn offer(&mut self, now: u64, accepted: usize) {
        assert!(self.caller.outgoing(at(now)).len() > accepted);
        self.caller.sent(at(now), accepted);
    }

    fn end(&mut self, call: Ticket) -> Option<CallError> {
        self.caller.take(call).map(|end| end.unwrap_err())
    }
}

/// The ways in which the caller gives up, and the outcomes of a call that is in flight and of one that
/// is not.
type GivingUp = (fn(&mut Caller), CallError, Option<CallError>);

#[test]
fn a_call_of_which_the_link_has_accepted_no_byte_has_never_run() {
    let ways: [GivingUp; 3] = [
        (
            |caller| caller.advance(at(2)),
            CallError::OutcomeUnknown(Cause::Timeout),
            Some(CallError::Timeout),
        ),
        (
            Client::cancel,
            CallError::OutcomeUnknown(Cause::Cancelled),
            Some(CallError::Cancelled),
        ),
        (
            Client::link_lost,
            CallError::OutcomeUnknown(Cause::Disconnected),
            None,
        ),
    ];
    for (give_up, in_flight, waiting) in ways {
        for (accepted, expected) in [(0, waiting), (1, Some(in_flight))] {
            let mut pair = Pair::connected();
            let call = pair.add(1, at(2), 5);
            pair.offer(1, accepted);
            give_up(&mut pair.caller);
            assert_eq!(pair.end(call), expected, "{accepted} bytes accepted");
            // While the link has them, it may have accepted any.
            let mut pair = Pair::connected();
            let call = pair.add(1, at(2), 5);
            assert!(!pair.caller.outgoing(at(1)).is_empty());
            give_up(&mut pair.caller);
            assert_eq!(pair.end(call), Some(in_flight));
        }
    }
}

#[test]
fn the_session_goes_on_after_a_call_that_the_link_did_not_take() {
    let mut pair = Pair::connected();
    let (abandoned, late) = (pair.add(1, at(9), 5), pair.add(1, at(2), 6));
    pair.offer(1, 0);
    pair.caller.abandon(abandoned);
    pair.offer(1, 0);
    pair.caller.advance(at(3));
    assert_eq!(pair.end(late), Some(CallError::Timeout));
    let call = pair.add(3, at(4), 7);
    pair.exchange(3);
    assert_eq!(pair.caller.take(call), Some(Ok(Answer::Return(&[7]))));
    assert_eq!(pair.device.interface().0.ran, [Ran::Add(0), Ran::Add(7)]);
    assert_eq!(pair.caller.counters().sessions, 1);
}

#[test]
fn a_call_with_little_time_does_not_end_a_long_one_that_it_waits_for() {
    let mut pair = Pair::connected();
    let long = pair.add(1, at(60), 5);
    // The device takes it, and is busy with it.
    let frame = pair.caller.outgoing(at(1)).to_vec();
    pair.caller.sent(at(1), frame.len());
    let short = pair.add(1, at(3), 6);
    assert!(pair.caller.outgoing(at(1)).is_empty());
    pair.caller.advance(at(3));
    assert_eq!(pair.end(short), Some(CallError::Timeout));
    let next = pair.add(3, at(70), 7);
    for byte in tests::wire::answer(&mut pair.device, &frame) {
        pair.caller.receive(at(4), byte);
    }
    assert_eq!(pair.caller.take(long), Some(Ok(Answer::Return(&[5]))));
    pair.exchange(4);
    assert_eq!(pair.caller.take(next), Some(Ok(Answer::Return(&[12]))));
}

#[test]
fn an_answer_that_is_too_long_for_the_caller_is_not_asked_for_again_and_again() {
    let mut pair = Pair::connected();
    let call = pair.add(1, at(3), 5);
    let mut asked = 0;
    let mut now = at(1);
    while !pair.caller.is_ended(call) {
        pair.caller.advance(now);
        let bytes = pair.caller.outgoing(now).to_vec();
        pair.caller.sent(now, bytes.len());
        if bytes.len() > 1 {
            asked += 1;
            // This device does not care what the caller can take.
            for byte in [&[0x55; 100][..], &[0]].concat() {
                pair.caller.receive(now, byte);
            }
        }
        now = now + Duration::from_millis(1);
    }
    let unknown = CallError::OutcomeUnknown(Cause::Timeout);
    assert_eq!(pair.end(call), Some(unknown));
    assert!((3..20).contains(&asked), "{asked} times in two seconds");
}

/// A door.
#[rpc_proto::service]
trait Door {
    /// Somebody has opened or closed it.
    #[event]
    fn moved(open: bool);
}

struct Hinge;
impl Door for Hinge {}

#[test]
fn a_subscription_that_is_always_answered_for_an_earlier_session_ends_by_its_deadline() {
    let queue = EventQueue::<64>::new();
    let mut device = Server::<_, 64, 4, _>::with_events(DoorService(Hinge), &queue);
    let mut caller = Client::<64, 4>::new(0, Timing::default()).with_subscriptions::<2, 64>();
    caller.set_patience(SECOND, 1);
    let mut subscribing = Subscribing::new(DoorMoved::KEY);
    let mut now = at(0);
    let ended = loop {
        if let Poll::Ready(ended) = subscribing.poll(&mut caller, now) {
            break ended;
        }
        assert!(now <= at(2), "its time is over");
        for until_accepted in [false, true] {
            loop {
                let bytes = caller.outgoing(now).to_vec();
                if bytes.is_empty() {
                    break;
                }
                caller.sent(now, bytes.len());
                for byte in tests::wire::answer(&mut device, &bytes) {
                    caller.receive(now, byte);
                }
                if until_accepted && caller.device().is_some() {
                    break;
                }
            }
            if !until_accepted {
                caller.link_lost();
                // Something makes the caller begin a session.
                let _ = caller.start(Target::fixed(0, true), now + SECOND, &(0u8,));
            }
        }
        now = now + Duration::from_millis(100);
        caller.advance(now);
        while let Some(call) = caller.ended() {
            caller.abandon(call);
        }
    };
    assert_eq!(ended, Err(CallError::Timeout));
}

/// Makes a call that takes five seconds beside a subscription.
fn assert_a_subscription_bears_a_long_call<const WINDOW: usize>() {
    let queue = EventQueue::<64>::new();
    let mut device = Server::<_, 64, 4, _>::with_events(DoorService(Hinge), &queue);
    let mut caller = Client::<64, WINDOW>::new(0, Timing::default()).with_subscriptions::<1, 64>();
    caller.subscribe(at(0), DoorMoved::KEY).unwrap();
    while caller.poll_subscribed(DoorMoved::KEY).is_pending() {
        let bytes = caller.outgoing(at(0)).to_vec();
        caller.sent(at(0), bytes.len());
        for byte in tests::wire::answer(&mut device, &bytes) {
            caller.receive(at(0), byte);
        }
    }
    let target = Target::fixed(FIRST_NUMBER, false);
    let call = caller.start(target, at(10), &()).expect("there is room");
    let mut now = at(0);
    let mut unread = Vec::new();
    while now < at(5) {
        caller.advance(now);
        let bytes = caller.outgoing(now).to_vec();
        caller.sent(now, bytes.len());
        if bytes.is_empty() {
            let due = caller.deadline().expect("there is a subscription");
            assert!(due > now, "nothing happens at {due:?}");
            now = due;
        }
        unread.extend(bytes);
        let subscribed = caller.poll_subscribed(DoorMoved::KEY);
        assert_eq!(subscribed, Poll::Ready(Ok(())), "at {now:?}");
    }
    for byte in tests::wire::answer(&mut device, &unread) {
        caller.receive(now, byte);
    }
    assert!(caller.is_ended(call));
    let subscribed = caller.poll_subscribed(DoorMoved::KEY);
    assert_eq!(subscribed, Poll::Ready(Ok(())));
    assert_eq!(caller.counters().sessions, 1);
}

#[test]
fn a_subscription_without_events_waits_for_a_long_call_and_neither_fails_nor_is_due_meanwhile() {
    assert_a_subscription_bears_a_long_call::<1>();
    assert_a_subscription_bears_a_long_call::<4>();
}

#[test]
fn frames_of_another_callers_session_do_not_keep_a_caller_from_connecting() {
    let mut caller = Caller::new(0, Timing::default());
    let call = caller.start(Target::fixed(ADD, false), at(2), &(1u32,));
    call.expect("there is room");
    let mut connects = 0;
    for millis in (0..2_000).step_by(10) {
        let now = Instant::from_micros(millis * 1_000);
        caller.advance(now);
        let bytes = caller.outgoing(now).to_vec();
        caller.sent(now, bytes.len());
        connects += usize::from(bytes.len() > 1);
        for byte in Message::value(1, 5u32).frame_in(77) {
            caller.receive(now, byte);
        }
    }
    assert!(connects > 5, "{connects} in two seconds");
}
