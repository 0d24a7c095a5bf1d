//! Tests the host's connection: shared by threads, pipelined, and with faults of the cable.

use firmware::CheckedCalculator;
use firmware::calculator::{
    CalculatorAccumulate, CalculatorAdd, CalculatorClient, CalculatorService,
};
use rpc_proto::client::{CallError, Cause};
use rpc_proto::service::Bare;
use serial_rpc::link::Link;
use serial_rpc::{Connection, Options};
use serial_rpc_simulator::{SimulatedDevice, SimulatedInterface};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tests::test_device::{Line, TestDevice};

/// Short enough for the tests that wait for it; the others must not depend on it.
const TIMEOUT: Duration = Duration::from_millis(300);

type Calculator = TestDevice<SimulatedInterface>;

fn connection(timeout: Duration) -> (Arc<Calculator>, Connection) {
    let device = Arc::new(TestDevice::new(SimulatedDevice::new()));
    let options = Options {
        timeout,
        ..Options::default()
    };
    let connection = Connection::over(device.clone(), options).expect("it opens");
    (device, connection)
}

/// For calls that must succeed, however busy the machine is.
const PATIENT: Duration = Duration::from_secs(60);

#[test]
fn threads_share_a_connection_and_each_gets_its_own_answers_in_order() {
    let (_, connection) = connection(PATIENT);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut calculator = CalculatorClient::new(&connection);
                let mut last = 0;
                for number in 0..200 {
                    assert_eq!(calculator.add(number, 7), Ok(number + 7));
                    let total = calculator.accumulate(1).expect("the call succeeds");
                    assert!(total > last, "{total} came after {last}");
                    last = total;
                }
            });
        }
    });
    assert_eq!(CalculatorClient::new(&connection).total(), Ok(8 * 200));
}

#[test]
fn one_thread_may_submit_many_calls_and_wait_for_them_in_any_order() {
    let (_, connection) = connection(PATIENT);
    let submitted: Vec<_> = (0..100)
        .map(|_| connection.submit::<CalculatorAccumulate>(&(1,)).unwrap())
        .collect();
    for (pending, total) in submitted.into_iter().rev().zip((1..=100).rev()) {
        assert_eq!(pending.wait(), Ok(total));
    }
}

#[test]
fn calls_may_be_submitted_to_a_device_without_its_own_service() {
    let bare = Bare(CalculatorService(CheckedCalculator::new()));
    let connection = Connection::to(SimulatedDevice::with(bare));
    let pending = connection.submit::<CalculatorAdd>(&(2, 3)).unwrap();
    assert_eq!(pending.wait(), Ok(5));
}

#[test]
fn answers_that_nobody_fetches_keep_no_call_from_being_made() {
    let (_, connection) = connection(PATIENT);
    let unfetched: Vec<_> = (0..50)
        .map(|x| connection.submit::<CalculatorAdd>(&(x, 1)).unwrap())
        .collect();
    let mut calculator = CalculatorClient::new(&connection);
    for number in 0..50 {
        assert_eq!(calculator.add(number, 1), Ok(number + 1));
    }
    for (x, pending) in (0..).zip(unfetched) {
        assert_eq!(pending.wait(), Ok(x + 1));
    }
}

#[test]
fn calls_that_nobody_waits_for_run_at_most_once_and_the_link_stays_usable() {
    let (_, connection) = connection(PATIENT);
    let mut calculator = CalculatorClient::new(&connection);
    assert_eq!(calculator.accumulate(0), Ok(0));
    for _ in 0..50 {
        drop(connection.submit::<CalculatorAccumulate>(&(1,)).unwrap());
    }
    let total = calculator.total().expect("the call succeeds");
    assert!((1..=50).contains(&total), "{total} of 50 calls ran");
    // A call that has not run by now never will.
    assert_eq!(calculator.total(), Ok(total));
}

#[test]
fn a_device_that_is_silent_from_the_start_is_a_time_out_of_a_call_that_never_ran() {
    let (device, connection) = connection(TIMEOUT);
    device.set_line(Line::Mute);
    let mut calculator = CalculatorClient::new(&connection);
    assert_eq!(calculator.accumulate(1), Err(CallError::Timeout));
    device.set_line(Line::Good);
    assert_eq!(calculator.total(), Ok(0));
}

#[test]
fn a_lost_answer_leaves_the_outcome_unknown_and_the_next_call_works() {
    let (device, connection) = connection(TIMEOUT);
    let mut calculator = CalculatorClient::new(&connection);
    assert_eq!(calculator.accumulate(1), Ok(1));
    device.set_line(Line::RepliesLost);
    let lost = Err(CallError::OutcomeUnknown(Cause::Timeout));
    assert_eq!(calculator.accumulate(1), lost);
    device.set_line(Line::Good);
    assert_eq!(calculator.total(), Ok(2));
}

#[test]
fn a_reset_between_calls_goes_unnoticed_but_for_what_the_device_forgot() {
    let (device, connection) = connection(PATIENT);
    let mut calculator = CalculatorClient::new(&connection);
    assert_eq!(calculator.accumulate(5), Ok(5));
    device.reset(SimulatedDevice::new());
    assert_eq!(calculator.accumulate(5), Ok(5));
    assert_eq!(connection.counters().sessions, 2);
}

#[test]
fn an_unplugged_cable_leaves_the_outcome_of_a_sent_call_unknown() {
    let (device, connection) = connection(PATIENT);
    let mut calculator = CalculatorClient::new(&connection);
    assert_eq!(calculator.accumulate(1), Ok(1));
    device.set_line(Line::RepliesLost);
    let before = device.frames_received();
    thread::scope(|scope| {
        scope.spawn(|| {
            while device.frames_received() == before {
                thread::yield_now();
            }
            device.set_line(Line::Unplugged);
        });
        let lost = Err(CallError::OutcomeUnknown(Cause::Disconnected));
        assert_eq!(calculator.accumulate(1), lost);
    });
}

/// A calculator of floats; the device has one of integers.
mod other {
    use rpc_proto::service;

    #[service]
    #[expect(dead_code, reason = "only its client is used here")]
    pub trait Calculator {
        fn add(&mut self, x: f32, y: f32) -> f32;
        fn subtract(&mut self, x: f32, y: f32) -> f32;
        #[event]
        fn total_changed(total: f32);
        #[event]
        fn cleared();
    }
}

#[test]
fn a_changed_signature_is_told_from_a_missing_procedure() {
    let (_, connection) = connection(PATIENT);
    let mut calculator = other::CalculatorClient::new(&connection);
    let error = calculator.add(2.0, 3.0).unwrap_err();
    let words = "calculator.add has another signature: \
                 this program calls `add(x: f32, y: f32) -> f32`, \
                 the device has `add(x: i32, y: i32) -> i32, or MathError; \
                 enum MathError { Overflow, DivideByZero, NegativeRoot, NoSamples }`";
    assert_eq!(error.to_string(), words);
    // So does a program end whose `main` returns the error.
    assert_eq!(format!("{error:?}"), format!("SignatureDiffers({words})"));
    assert_eq!(calculator.add(2.0, 3.0), Err(error), "each time");
    let submitted = connection.submit::<other::CalculatorAdd>(&(2.0, 3.0));
    assert_eq!(submitted.unwrap().wait(), Err(error));
    assert_eq!(
        calculator.subtract(2.0, 3.0),
        Err(CallError::NoSuchProcedure)
    );
    let changed = calculator.total_changed().map(drop).unwrap_err();
    let words = "calculator.total_changed has another signature: \
                 this program calls `event total_changed(total: f32)`, \
                 the device has `event total_changed(total: i64)`";
    assert_eq!(changed.to_string(), words);
    let missing = calculator.cleared().map(drop);
    assert_eq!(missing, Err(CallError::NoSuchProcedure));
}

#[test]
fn what_does_not_fit_the_devices_frame_is_refused_before_it_is_sent() {
    let (_, connection) = connection(PATIENT);
    let mut calculator = CalculatorClient::new(&connection);
    let long = "1+".repeat(200) + "1";
    assert_eq!(
        calculator.evaluate(&long),
        Err(CallError::ArgumentsTooLarge)
    );
    assert_eq!(calculator.evaluate("1+1"), Ok(2));
}

/// A link whose adapter returns the bytes that it sends, as many do on a bus of two wires.
#[derive(Default)]
struct Echoing {
    device: SimulatedDevice,
    echo: Mutex<VecDeque<u8>>,
}

impl Link for Echoing {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let mut echo = self.echo.lock().expect("nobody panics");
        if echo.is_empty() {
            drop(echo);
            return self.device.read(buffer, timeout);
        }
        let count = echo.len().min(buffer.len());
        for (place, byte) in buffer.iter_mut().zip(echo.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        let written = self.device.write(bytes, timeout)?;
        let mut echo = self.echo.lock().expect("nobody panics");
        echo.extend(&bytes[..written]);
        Ok(written)
    }
}

#[test]
fn an_adapter_that_echoes_costs_nothing() {
    let options = Options {
        timeout: PATIENT,
        ..Options::default()
    };
    let link = Arc::new(Echoing::default());
    let connection = Connection::over(link, options).expect("it opens");
    let mut calculator = CalculatorClient::new(&connection);
    for total in 1..=100 {
        assert_eq!(calculator.accumulate(1), Ok(total));
    }
    let seen = connection.counters();
    assert_eq!((seen.broken, seen.sessions), (0, 1), "{seen:?}");
}
