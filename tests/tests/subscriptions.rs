//! Tests subscriptions on a host: they outlive resets and lost ports, and do not get in the way of
//! calls.

use firmware::CheckedCalculator;
use firmware::calculator::{
    CalculatorClient, CalculatorService, CalculatorTotalChanged, MathError,
};
use rpc_proto::client::CallError;
use rpc_proto::device::SubscribeError;
use rpc_proto::events::Emit;
use serial_rpc::Connection;
use serial_rpc::connection::{Options, Received, Subscription};
use serial_rpc_simulator::{SimulatedDevice, SimulatedEvents};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tests::test_device::{Line, TestDevice};

type Device = SimulatedDevice<CalculatorService<CheckedCalculator<Arc<SimulatedEvents>>>>;
type Calculator = TestDevice<CalculatorService<CheckedCalculator<Arc<SimulatedEvents>>>>;

/// Long enough for anything that must happen.
const SOON: Duration = Duration::from_secs(10);

/// Long enough to see that nothing happens.
const A_WHILE: Duration = Duration::from_millis(50);

fn calculator() -> (Device, Arc<SimulatedEvents>) {
    let events = Arc::new(SimulatedEvents::new());
    let calculator = CheckedCalculator::telling(Arc::clone(&events));
    let device = SimulatedDevice::with_events(CalculatorService(calculator), Arc::clone(&events));
    (device, events)
}

fn connected() -> (Arc<Calculator>, Connection, Arc<SimulatedEvents>) {
    let (device, events) = calculator();
    let device = Arc::new(TestDevice::new(device));
    let options = Options {
        timeout: Duration::from_millis(500),
        ..Options::default()
    };
    let connection = Connection::over(Arc::clone(&device), options).expect("it opens");
    (device, connection, events)
}

fn next(
    events: &mut Subscription<CalculatorTotalChanged>,
) -> Option<Received<CalculatorTotalChanged>> {
    events.next_within(SOON).expect("the device is there")
}

#[test]
fn an_event_comes_to_every_subscription_and_calls_go_on_beside_it() {
    let (_device, connection, _) = connected();
    let mut calculator = CalculatorClient::new(&connection);
    let mut one = calculator.total_changed().unwrap();
    let mut other = calculator.total_changed().unwrap();
    for total in 1..=100 {
        assert_eq!(calculator.accumulate(1), Ok(total));
    }
    for events in [&mut one, &mut other] {
        for total in 1..=100 {
            let event = next(events).expect("it is there");
            assert_eq!((event.data.total, event.lost), (total, 0));
        }
        assert_eq!(events.next_within(A_WHILE), Ok(None));
    }
}

#[test]
fn an_error_changes_nothing_and_tells_nothing() {
    let (_device, connection, _) = connected();
    let mut calculator = CalculatorClient::new(&connection);
    let mut events = calculator.total_changed().unwrap();
    calculator.accumulate(i64::MAX).unwrap();
    let overflow = calculator.accumulate(1);
    assert_eq!(overflow, Err(CallError::Error(MathError::Overflow)));
    assert_eq!(next(&mut events).unwrap().data.total, i64::MAX);
    assert_eq!(events.next_within(A_WHILE), Ok(None));
}

#[test]
fn events_that_no_call_has_caused_come_to_a_caller_that_only_waits() {
    let (_device, connection, events) = connected();
    let mut received = connection.subscribe::<CalculatorTotalChanged>().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            for total in 0..1000 {
                events.emit(&CalculatorTotalChanged { total });
                if total % 50 == 0 {
                    thread::sleep(Duration::from_millis(2));
                }
            }
        });
        let mut count = 0;
        let mut latest = -1;
        while latest < 999 {
            let event = next(&mut received).expect("the last one has room");
            count += 1 + i64::from(event.lost);
            assert!(event.data.total > latest);
            latest = event.data.total;
            assert_eq!(count, latest + 1, "each is received or counted as lost");
        }
    });
}

#[test]
fn threads_that_call_and_a_thread_that_listens_share_a_connection() {
    let (_device, connection, _) = connected();
    let mut events = connection.subscribe::<CalculatorTotalChanged>().unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut calculator = CalculatorClient::new(&connection);
                for _ in 0..100 {
                    calculator.accumulate(1).unwrap();
                }
            });
        }
        let totals: Vec<i64> = (0..300)
            .map(|_| next(&mut events).expect("300 are told of").data.total)
            .collect();
        assert_eq!(totals, (1..=300).collect::<Vec<_>>());
    });
}

#[test]
fn a_subscription_is_renewed_when_the_device_was_reset() {
    let (device, connection, _) = connected();
    let mut calculator = CalculatorClient::new(&connection);
    let mut events = calculator.total_changed().unwrap();
    calculator.accumulate(3).unwrap();
    assert!(!next(&mut events).unwrap().after_gap);
    let (new, told) = self::calculator();
    device.reset(new);
    // There are no calls: the subscription itself notices.
    assert_eq!(events.next_within(Duration::from_secs(1)), Ok(None));
    told.emit(&CalculatorTotalChanged { total: 77 });
    let event = next(&mut events).unwrap();
    assert_eq!(
        (event.data.total, event.lost, event.after_gap),
        (77, 0, true)
    );
}

#[test]
fn an_unplugged_device_is_an_error_each_time_and_waited_for() {
    let (device, connection, told) = connected();
    let mut events = connection.subscribe::<CalculatorTotalChanged>().unwrap();
    device.set_line(Line::Mute);
    assert!(matches!(events.next(), Some(Err(_))));
    assert!(matches!(events.next(), Some(Err(_))));
    device.set_line(Line::Good);
    let teller = thread::spawn(move || {
        // Until it has subscribed again, nobody listens.
        for total in 0..10_000 {
            told.emit(&CalculatorTotalChanged { total });
            thread::sleep(Duration::from_millis(1));
        }
    });
    let event = events.by_ref().find_map(Result::ok);
    assert!(event.is_some());
    drop(teller);
}

#[test]
fn a_device_without_that_event_says_so() {
    let (_device, connection, _) = connected();
    let error = connection.subscribe_by_key(1).map(drop);
    assert_eq!(error, Err(CallError::Error(SubscribeError::NoSuchEvent)));
}

#[test]
fn cancelling_ends_the_wait() {
    let (_device, connection, _) = connected();
    let mut events = connection.subscribe::<CalculatorTotalChanged>().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(A_WHILE);
            connection.cancel();
        });
        assert!(events.next().is_none());
    });
    CalculatorClient::new(&connection).accumulate(1).unwrap();
    assert_eq!(events.next().unwrap().unwrap().data.total, 1);
}

#[test]
fn a_dropped_subscription_makes_the_device_fall_silent() {
    let (device, connection, _) = connected();
    let mut calculator = CalculatorClient::new(&connection);
    drop(calculator.total_changed().unwrap());
    calculator.total().unwrap();
    let before = connection.counters().received;
    calculator.accumulate(1).unwrap();
    calculator.total().unwrap();
    assert_eq!(connection.counters().received, before + 2);
    drop(device);
}
