//! Tests events on lines that lose and damage bytes: each arrives once and in order, or is counted
//! as lost, and calls are not affected.

use rpc_proto::device::SubscribeError;
use rpc_proto::events::{Emit, EventQueue};
use rpc_proto::server::Server;
use rpc_proto::service::Member;
use rpc_proto::time::Duration;
use rpc_proto::wire::message::Kind;
use tests::counter::{
    CounterAccumulate, CounterDouble, CounterHappened, CounterRan, CounterService, Journal,
    JournaledCounter,
};
use tests::line::Faults;
use tests::simulation::{Setup, Simulation};
use tests::wire::{Message, hand};

/// A caller with room for four calls, and a device with room for as many.
type Simulated = Simulation<4, 4>;

/// Returns the amounts of the events received since the last time.
fn amounts(simulation: &mut Simulated) -> Vec<i64> {
    let events = simulation.take_events().into_iter();
    events
        .map(|event| postcard::from_bytes(&event.data).expect("only whole events arrive"))
        .collect()
}

#[test]
fn what_a_caller_subscribed_to_arrives_in_order() {
    let mut simulation = Simulated::new(Setup::new(1));
    assert_eq!(simulation.call::<CounterAccumulate>(1), Ok(1));
    simulation.subscribe::<CounterRan>().unwrap();
    for amount in 2..100 {
        simulation.call::<CounterAccumulate>(amount).unwrap();
        simulation.emit(&CounterHappened { what: "unseen" });
    }
    simulation.run_until_idle();
    assert_eq!(amounts(&mut simulation), (2..100).collect::<Vec<_>>());
    assert_eq!(simulation.client().lost_events(), 0);
}

#[test]
fn each_event_has_its_own_number() {
    let mut simulation = Simulated::new(Setup::new(2));
    simulation.subscribe::<CounterRan>().unwrap();
    simulation.subscribe::<CounterHappened>().unwrap();
    simulation.emit(&CounterHappened { what: "rain" });
    simulation.call::<CounterDouble>(5).unwrap();
    simulation.run_until_idle();
    let events = simulation.take_events();
    let keys: Vec<u32> = events.iter().map(|event| event.key).collect();
    assert_eq!(keys, [CounterHappened::KEY, CounterRan::KEY]);
    assert_eq!(postcard::from_bytes(&events[0].data), Ok("rain"));
}

#[test]
fn without_a_subscription_not_a_byte_is_sent() {
    let bytes_back = |emitted: usize| {
        let mut simulation = Simulated::new(Setup::new(3));
        for _ in 0..emitted {
            simulation.emit(&CounterRan { amount: 0 });
        }
        simulation.call::<CounterDouble>(1).unwrap();
        simulation.run_until_idle();
        simulation.counters().bytes_back
    };
    assert_eq!(bytes_back(50), bytes_back(0));
}

#[test]
fn on_a_bad_line_every_event_arrives_once_or_is_counted_as_lost() {
    for seed in 0..40 {
        let faults = match seed % 4 {
            0 => Faults {
                flips: 1e-3,
                ..Faults::NONE
            },
            1 => Faults {
                flips: 1e-2,
                ..Faults::NONE
            },
            2 => Faults {
                drops: 1e-3,
                ..Faults::NONE
            },
            _ => Faults {
                drops: 1e-2,
                ..Faults::NONE
            },
        };
        let mut simulation = Simulated::new(Setup::new(seed).with_faults(faults));
        simulation.subscribe::<CounterRan>().unwrap();
        for amount in 1..=500 {
            let end = simulation.call::<CounterDouble>(amount);
            assert_eq!(end, Ok(2 * amount), "a call notices nothing of events");
        }
        simulation.learn_losses();
        assert_eq!(simulation.counters().caller.sessions, 1);
        let lost = simulation.client().lost_events();
        let received = amounts(&mut simulation);
        assert!(received.is_sorted_by(|one, next| one < next), "seed {seed}");
        assert_eq!(received.len() + lost as usize, 500, "seed {seed}");
    }
}

#[test]
fn what_finds_the_queue_full_is_counted_as_lost_however_many_it_is() {
    for burst in [10, 31, 32, 33, 63, 64, 65, 100, 200, 1000] {
        let mut simulation = Simulated::new(Setup::new(burst));
        simulation.subscribe::<CounterRan>().unwrap();
        for amount in 0..burst {
            simulation.emit(&CounterRan {
                amount: amount as i64,
            });
        }
        simulation.call::<CounterDouble>(5_000).unwrap();
        simulation.run_until_idle();
        let lost = simulation.client().lost_events();
        let received = amounts(&mut simulation);
        assert!(received.is_sorted_by(|one, next| one < next));
        assert_eq!(received.len() + lost as usize, burst as usize + 1);
        assert_eq!(lost > 0, burst > 50, "{lost} of {burst} were lost");
    }
}

#[test]
fn a_loss_is_told_with_the_event_that_follows_it() {
    let mut simulation = Simulated::new(Setup::new(4));
    simulation.subscribe::<CounterRan>().unwrap();
    for amount in [1, 2, 3] {
        simulation.emit(&CounterRan { amount });
        if amount == 2 {
            let before = simulation.counters().bytes_back;
            simulation.run_until(|simulation| simulation.counters().bytes_back > before);
            simulation.to_caller.cut();
        }
        simulation.run_until_idle();
        simulation.to_caller.mend();
    }
    let events = simulation.take_events();
    let seen: Vec<(i64, u32)> = events
        .iter()
        .map(|event| (postcard::from_bytes(&event.data).unwrap(), event.lost))
        .collect();
    assert_eq!(seen, [(1, 0), (3, 1)]);
}

#[test]
fn events_go_between_replies_and_never_into_them() {
    // A device that always has events to send, on a line that is always busy.
    let mut simulation = Simulated::new(Setup::new(5));
    simulation.subscribe::<CounterRan>().unwrap();
    let mut tickets = Vec::new();
    for amount in 1..=4 {
        tickets.push(simulation.start::<CounterDouble>(amount).unwrap());
    }
    let mut told = 0;
    for _ in 0..2_000 {
        simulation.emit(&CounterRan { amount: -1 });
        told += 1;
        simulation.step();
    }
    for (amount, ticket) in (1..).zip(tickets) {
        let end = simulation.take::<CounterDouble>(ticket);
        assert_eq!(end, Some(Ok(2 * amount)));
    }
    simulation.run_until_idle();
    assert_eq!(simulation.counters().caller.broken, 0);
    assert_eq!(simulation.counters().caller.resent, 0);
    let lost = simulation.client().lost_events() as usize;
    assert_eq!(amounts(&mut simulation).len() + lost, told + 4);
}

#[test]
fn a_call_that_was_lost_is_sent_again_while_events_never_end() {
    let mut simulation = Simulated::new(Setup::new(8));
    simulation.subscribe::<CounterRan>().unwrap();
    simulation.call::<CounterDouble>(1).unwrap();
    simulation.to_device.cut();
    let before = simulation.counters().bytes_out;
    let ticket = simulation.start::<CounterDouble>(2).unwrap();
    let started = simulation.now();
    /// Header, number, one byte of argument, checksum, code and delimiter.
    const CALL_LEN: u64 = 1 + 1 + 1 + 4 + 1 + 1;
    while !simulation.is_ended(ticket) {
        simulation.emit(&CounterRan { amount: -1 });
        simulation.step();
        if simulation.counters().bytes_out >= before + CALL_LEN {
            simulation.to_device.mend();
        }
    }
    assert_eq!(simulation.take::<CounterDouble>(ticket), Some(Ok(4)));
    let took = simulation.now().since(started);
    assert!(took < Duration::from_millis(200), "{took:?}");
}

#[test]
fn a_subscription_is_renewed_in_the_next_session_and_counting_begins_anew() {
    let mut simulation = Simulated::new(Setup::new(6));
    simulation.subscribe::<CounterRan>().unwrap();
    for amount in 0..5 {
        simulation.call::<CounterDouble>(amount).unwrap();
    }
    simulation.run_until_idle();
    assert_eq!(amounts(&mut simulation).len(), 5);
    simulation.reset_device();
    simulation.emit(&CounterRan { amount: 7 });
    // It is made before the client knows of the new session, and so before the subscription.
    simulation.call::<CounterDouble>(8).unwrap();
    simulation.run_until_idle();
    assert!(amounts(&mut simulation).is_empty());
    simulation.call::<CounterDouble>(9).unwrap();
    simulation.run_until_idle();
    assert_eq!(amounts(&mut simulation), [9]);
    assert_eq!(simulation.client().lost_events(), 0);
}

#[test]
fn a_new_caller_does_not_get_what_the_one_before_subscribed_to() {
    let mut simulation = Simulated::new(Setup::new(7));
    simulation.subscribe::<CounterRan>().unwrap();
    simulation.replace_caller(99);
    simulation.call::<CounterDouble>(1).unwrap();
    simulation.run_for(Duration::from_secs(1));
    assert!(amounts(&mut simulation).is_empty());
}

#[test]
fn a_device_has_room_for_so_many_subscriptions_and_says_so() {
    let queue = EventQueue::<64, 1>::new();
    let counter = JournaledCounter::new(0, Journal::default(), &queue);
    let mut server = Server::<_, 64, 1>::with_events(CounterService(counter), &queue);
    hand(&mut server, &Message::connect(1).frame());
    let mut subscribe = |seq, key: u32| {
        let call = Message::call(seq, 4, key);
        hand(&mut server, &call.frame())
    };
    let answers = [
        subscribe(0, CounterRan::KEY),
        subscribe(1, CounterRan::KEY),
        subscribe(2, CounterHappened::KEY),
        subscribe(3, 0xDEAD_BEEF),
    ];
    let errors = answers.map(|said| match said[..] {
        [ref answer] if answer.kind == Kind::Error => postcard::from_bytes(&answer.body).ok(),
        _ => None,
    });
    let (many, none) = (SubscribeError::TooMany, SubscribeError::NoSuchEvent);
    assert_eq!(errors, [None, None, Some(many), Some(none)]);
    queue.emit(&CounterRan { amount: 3 });
    assert!(!server.outgoing().is_empty());
}
