//! Tests a connection without answers: it tries again only if that can do no harm, ends early on
//! request, and keeps the bytes that came instead of an answer.

use firmware::calculator::CalculatorClient;
use rpc_proto::client::{CallError, Cause};
use serial_rpc::link::Link;
use serial_rpc::{Connection, Options};
use serial_rpc_simulator::SimulatedDevice;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A device that can be made deaf, and prints text before it listens.
#[derive(Default)]
struct DeafDevice {
    device: SimulatedDevice,
    is_deaf: AtomicBool,
    has_spoken: AtomicBool,
}

impl Link for DeafDevice {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        const GREETING: &[u8] = b"booting\n";
        if !self.has_spoken.swap(true, Ordering::Relaxed) {
            buffer[..GREETING.len()].copy_from_slice(GREETING);
            return Ok(GREETING.len());
        }
        self.device.read(buffer, timeout)
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        if self.is_deaf.load(Ordering::Relaxed) {
            return Ok(bytes.len());
        }
        self.device.write(bytes, timeout)
    }
}

fn connection(timeout: Duration, retries: u32) -> (Arc<DeafDevice>, Connection) {
    let device = Arc::new(DeafDevice::default());
    let options = Options {
        timeout,
        retries,
        ..Options::default()
    };
    let connection = Connection::over(device.clone(), options).expect("it can be opened");
    (device, connection)
}

#[test]
fn a_call_that_never_ran_is_made_again_as_often_as_asked() {
    for (retries, expected) in [(0, Err(CallError::Timeout)), (100, Ok(5))] {
        let (device, connection) = connection(Duration::from_millis(100), retries);
        device.is_deaf.store(true, Ordering::Relaxed);
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(250));
                device.is_deaf.store(false, Ordering::Relaxed);
            });
            let accumulated = CalculatorClient::new(&connection).accumulate(5);
            assert_eq!(accumulated, expected.map_err(CallError::widen));
        });
    }
}

#[test]
fn a_call_that_may_have_run_is_made_again_only_if_it_is_idempotent() {
    let (device, connection) = connection(Duration::from_millis(100), 100);
    let mut calculator = CalculatorClient::new(&connection);
    // Creates the session, and looks up the procedures' numbers.
    assert_eq!(
        (calculator.accumulate(0), calculator.add(0, 0)),
        (Ok(0), Ok(0))
    );

    device.is_deaf.store(true, Ordering::Relaxed);
    let error = calculator.accumulate(5).unwrap_err();
    assert_eq!(error, CallError::OutcomeUnknown(Cause::Timeout));
    device.is_deaf.store(false, Ordering::Relaxed);
    assert_eq!(calculator.add(0, 0), Ok(0));

    device.is_deaf.store(true, Ordering::Relaxed);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(250));
            device.is_deaf.store(false, Ordering::Relaxed);
        });
        assert_eq!(calculator.add(2, 3), Ok(5));
    });
}

#[test]
fn a_call_that_is_cancelled_ends_at_once_whatever_time_and_tries_it_has() {
    let (device, connection) = connection(Duration::from_secs(3600), 100);
    let mut calculator = CalculatorClient::new(&connection);
    assert_eq!(calculator.add(2, 3), Ok(5));
    device.is_deaf.store(true, Ordering::Relaxed);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            connection.cancel();
        });
        let started = Instant::now();
        let error = calculator.add(2, 3).unwrap_err();
        assert_eq!(error, CallError::OutcomeUnknown(Cause::Cancelled));
        assert!(started.elapsed() < Duration::from_secs(60));
    });
    device.is_deaf.store(false, Ordering::Relaxed);
    assert_eq!(calculator.add(2, 3), Ok(5));
}

#[test]
fn text_between_frames_is_kept_and_harms_nothing() {
    let (_, connection) = connection(Duration::from_secs(60), 0);
    assert_eq!(connection.stray_bytes(), b"");
    assert_eq!(CalculatorClient::new(&connection).add(2, 3), Ok(5));
    // The text runs into the first frame, which is lost with it and sent again.
    assert!(connection.stray_bytes().starts_with(b"booting\n"));
}
