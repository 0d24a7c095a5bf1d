//! Tests streams, feeds and blocks over the host's connection: typed, by name, and with faults of
//! the cable.

use firmware::calculator::{Calculation, CalculatorClient, MathError, Operation};
use rpc_proto::client::{CallError, FeedError};
use rpc_proto::service::Items;
use rpc_proto::services::blocks::{BlockError, BlocksService, Stored, TransferError};
use serde_json::json;
use serial_rpc::{Connection, Options};
use serial_rpc_simulator::SimulatedDevice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tests::shelf::{Shelf, ShelfService, pattern};
use tests::test_device::{Line, TestDevice};

/// For calls that must succeed, however busy the machine is.
const PATIENT: Duration = Duration::from_secs(60);

/// Short enough to wait for a few times.
const TIMEOUT: Duration = Duration::from_millis(400);

#[test]
fn the_history_comes_through_the_typed_client() {
    let device = Connection::to(SimulatedDevice::new());
    let mut calculator = CalculatorClient::new(&device);
    assert_eq!(calculator.history().count(), 0);
    assert_eq!(calculator.add(2, 3), Ok(5));
    assert_eq!(calculator.accumulate(7), Ok(7));
    let history: Result<Vec<_>, _> = calculator.history().collect();
    let calculated = |operation, result| Calculation {
        operation,
        result: Ok(result),
    };
    let expected = vec![
        calculated(Operation::Add(2, 3), 5),
        calculated(Operation::Accumulate(7), 7),
    ];
    assert_eq!(history, Ok(expected));
}

#[test]
fn operations_are_fed_through_the_typed_client() {
    let device = Connection::to(SimulatedDevice::new());
    let mut calculator = CalculatorClient::new(&device);
    let amounts = (1..=1_000).map(Operation::Accumulate);
    assert_eq!(calculator.replay(amounts), Ok(500_500));
    assert_eq!(calculator.replay([]), Ok(500_500));
    let operations = (0..500).map(|number| match number {
        400 => Operation::Div(1, 0),
        _ => Operation::Accumulate(1),
    });
    let FeedError { taken, error } = calculator.replay(operations).unwrap_err();
    assert_eq!(error, CallError::Error(MathError::DivideByZero));
    assert!((1..=400).contains(&taken), "{taken}");
    assert_eq!(calculator.total(), Ok(500_900));
}

#[test]
fn a_feed_may_take_what_a_stream_of_the_same_device_gives() {
    let device = Connection::to(SimulatedDevice::new());
    let mut calculator = CalculatorClient::new(&device);
    for amount in 1..=10 {
        assert!(calculator.accumulate(amount).is_ok());
    }
    let mut other = CalculatorClient::new(&device);
    let operations: Vec<_> = other
        .history()
        .map(|item| item.unwrap().operation)
        .collect();
    assert_eq!(calculator.replay(operations), Ok(110));
}

#[test]
fn by_name_a_stream_is_an_array_and_a_feed_takes_one() {
    let device = Connection::to(SimulatedDevice::new());
    let amounts: Vec<_> = (1..=1_000)
        .map(|amount| json!({"Accumulate": amount}))
        .collect();
    let total = device.call("calculator.replay", &json!([amounts])).unwrap();
    assert_eq!(total, 500_500);
    let history = device.call("calculator.history", &json!([])).unwrap();
    assert_eq!(history.as_array().map(Vec::len), Some(16));
    assert_eq!(history[15]["operation"]["Accumulate"], 1_000);
}

/// Adds numbers that are bytes.
#[rpc_proto::service]
trait Adder {
    /// The sum so far.
    fn add(&mut self, numbers: Items<'_, u8>) -> u32;
}

struct Sum(u32);

impl Adder for Sum {
    fn add(&mut self, numbers: Items<'_, u8>) -> u32 {
        self.0 += numbers.map(u32::from).sum::<u32>();
        self.0
    }
}

#[test]
fn by_name_a_feed_takes_bytes_as_it_takes_other_items() {
    let device = Connection::to(SimulatedDevice::with(AdderService(Sum(0))));
    let numbers: Vec<u8> = (0..=200).collect();
    assert_eq!(device.call("adder.add", &json!([numbers])).unwrap(), 20_100);
    assert_eq!(
        device.call("adder.add", &json!(["0x0102"])).unwrap(),
        20_103
    );
    let mut feed = device.feed("adder.add", &[""; 0]).unwrap();
    feed.push(&json!(7)).unwrap();
    assert_eq!(feed.finish().unwrap(), 20_110);
}

fn shelf(options: Options) -> (Arc<TestDevice<ShelfService>>, Connection) {
    let device = Arc::new(TestDevice::new(bookcase()));
    let connection = Connection::over(device.clone(), options).expect("it opens");
    (device, connection)
}

fn bookcase() -> SimulatedDevice<ShelfService> {
    SimulatedDevice::with(BlocksService(Stored::new(Shelf::with(50_000))))
}

#[test]
fn a_block_comes_and_goes() {
    let (_, connection) = shelf(Options {
        timeout: PATIENT,
        ..Options::default()
    });
    let mut seen = 0;
    let read = connection.get_block("data", |done, total| {
        assert!(done > seen && total == 50_000);
        seen = done;
    });
    assert!(read == Ok(pattern(50_000)));
    assert_eq!(seen, 50_000);
    let bytes = &pattern(60_001)[1..];
    assert_eq!(connection.put_block("data", bytes, |_, _| ()), Ok(()));
    assert!(connection.get_block("data", |_, _| ()) == Ok(bytes.to_vec()));
    let missing = TransferError::Call(CallError::Error(BlockError::NoSuchBlock));
    assert_eq!(connection.get_block("nothing", |_, _| ()), Err(missing));
}

#[test]
fn blocks_come_and_go_while_other_programs_take_the_room_for_calls() {
    let (_, connection) = shelf(Options {
        timeout: PATIENT,
        ..Options::default()
    });
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            let other = connection.for_another();
            scope.spawn(|| {
                let other = other;
                while !is_over.load(Ordering::Relaxed) {
                    let found = other.call("blocks.find", &json!(["data"]));
                    assert_eq!(found.unwrap()["block"], 0);
                }
            });
        }
        let program = connection.for_another();
        let read = program.get_block("data", |_, _| ());
        let bytes = &pattern(30_001)[1..];
        let written = program.put_block("data", bytes, |_, _| ());
        let read_again = program.get_block("data", |_, _| ());
        is_over.store(true, Ordering::Relaxed);
        assert!(read == Ok(pattern(50_000)));
        assert_eq!(written, Ok(()));
        assert!(read_again == Ok(bytes.to_vec()));
    });
}

#[test]
fn a_block_goes_on_after_a_reset_in_the_middle() {
    let (device, connection) = shelf(Options {
        timeout: PATIENT,
        ..Options::default()
    });
    let mut is_reset = false;
    let read = connection.get_block("data", |done, _| {
        if done > 20_000 && !std::mem::replace(&mut is_reset, true) {
            device.reset(bookcase());
        }
    });
    assert!(read == Ok(pattern(50_000)));
    // The written bytes are lost with the device, so they are written again.
    let bytes = &pattern(50_001)[1..];
    let (mut is_reset, mut fell_back) = (false, false);
    let mut before = 0;
    let written = connection.put_block("data", bytes, |done, _| {
        fell_back |= done < before;
        before = done;
        if done > 20_000 && !std::mem::replace(&mut is_reset, true) {
            device.reset(bookcase());
        }
    });
    assert_eq!(written, Ok(()));
    assert!(is_reset && fell_back);
    assert!(connection.get_block("data", |_, _| ()) == Ok(bytes.to_vec()));
}

#[test]
fn a_block_goes_on_when_the_line_is_good_again() {
    let (device, connection) = shelf(Options {
        timeout: TIMEOUT,
        ..Options::default()
    });
    let mut is_muted = false;
    thread::scope(|scope| {
        let read = connection.get_block("data", |done, _| {
            if done > 20_000 && !std::mem::replace(&mut is_muted, true) {
                device.set_line(Line::Mute);
                let device = &device;
                scope.spawn(move || {
                    thread::sleep(TIMEOUT);
                    device.set_line(Line::Good);
                });
            }
        });
        assert!(read == Ok(pattern(50_000)));
    });
}

#[test]
fn a_device_that_was_never_there_is_not_waited_for_again_and_again() {
    let (device, connection) = shelf(Options {
        timeout: TIMEOUT,
        ..Options::default()
    });
    device.set_line(Line::Mute);
    let nobody = Err(TransferError::Call(CallError::Timeout));
    assert_eq!(connection.get_block("data", |_, _| ()), nobody);
    assert_eq!(
        connection.put_block("data", b"x", |_, _| ()),
        nobody.map(|_: Vec<u8>| ())
    );
}

#[test]
fn a_stream_that_nobody_looked_at_for_a_while_goes_on() {
    let device = Arc::new(TestDevice::new(SimulatedDevice::new()));
    let options = Options {
        timeout: TIMEOUT,
        ..Options::default()
    };
    let connection = Connection::over(device, options).expect("it opens");
    for amount in 0..16 {
        let accumulated =
            connection.call("calculator.accumulate", &json!([1_000_000_000 + amount]));
        assert!(accumulated.is_ok());
    }
    let mut calculator = CalculatorClient::new(&connection);
    let mut history = calculator.history();
    assert!(matches!(history.next(), Some(Ok(_))));
    thread::sleep(TIMEOUT);
    assert_eq!(history.filter(Result::is_ok).count(), 15);
}
