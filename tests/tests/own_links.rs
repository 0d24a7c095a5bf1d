//! Tests a connection over links and taps that misbehave: they block, panic, call back, or lead to
//! another device.

use firmware::calculator::{CalculatorAccumulate, CalculatorClient};
use rpc_proto::client::{CallError, Cause, Ran};
use rpc_proto::service;
use serial_rpc::connection::Options;
use serial_rpc::link::{Connector, Link, Tap};
use serial_rpc::port::OpenError;
use serial_rpc::{Connection, trace::Direction};
use serial_rpc_simulator::SimulatedDevice;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use tests::test_device::{Line, TestDevice};

const TIMEOUT: Duration = Duration::from_millis(300);

/// Far more than the time limit of the calls here, on any machine.
const STUCK: Duration = Duration::from_secs(20);

fn options() -> Options {
    Options {
        timeout: TIMEOUT,
        ..Options::default()
    }
}

/// Runs `action` on a thread of its own, and returns its result unless it is stuck.
fn unless_stuck<T: Send + 'static>(action: impl FnOnce() -> T + Send + 'static) -> T {
    let (result, ended) = mpsc::channel();
    thread::spawn(move || result.send(action()));
    ended.recv_timeout(STUCK).expect("it ends")
}

/// Returns the error in words.
fn error<T>(result: Result<T, impl ToString>) -> String {
    result
        .err()
        .map_or_else(String::new, |error| error.to_string())
}

/// A link with a fault that can be switched on.
struct Faulty {
    device: SimulatedDevice,
    is_faulty: AtomicBool,
    fault: fn(),
}

impl Faulty {
    fn new(fault: fn()) -> Arc<Self> {
        Arc::new(Self {
            device: SimulatedDevice::new(),
            is_faulty: AtomicBool::new(false),
            fault,
        })
    }

    fn set(&self, is_faulty: bool) {
        self.is_faulty.store(is_faulty, Ordering::Relaxed);
    }

    fn check(&self) {
        if self.is_faulty.load(Ordering::Relaxed) {
            (self.fault)();
        }
    }
}

impl Link for Faulty {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.device.read(buffer, timeout)
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        self.check();
        self.device.write(bytes, timeout)
    }
}

#[test]
fn a_link_that_blocks_keeps_nobody_from_giving_up() {
    static RELEASED: AtomicBool = AtomicBool::new(false);
    let link = Faulty::new(|| {
        while !RELEASED.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(1));
        }
    });
    let device = Connection::over(Arc::clone(&link), options()).unwrap();
    assert_eq!(CalculatorClient::new(&device).accumulate(0), Ok(0));
    link.set(true);
    let blocked = device.clone();
    let blocked = thread::spawn(move || CalculatorClient::new(&blocked).accumulate(1));
    thread::sleep(Duration::from_millis(50));

    let other = device.clone();
    let begin = Instant::now();
    let ended = unless_stuck(move || CalculatorClient::new(&other).accumulate(2));
    assert_eq!(ended, Err(CallError::Timeout), "it was never sent");
    assert!(begin.elapsed() < 10 * TIMEOUT, "{:?}", begin.elapsed());
    unless_stuck(move || device.cancel());
    RELEASED.store(true, Ordering::Relaxed);
    let ended = blocked.join().unwrap().unwrap_err();
    assert_eq!(ended.ran(), Ran::Unknown, "the link may have taken it");
}

#[test]
fn a_link_that_panics_ends_calls_in_errors_and_works_again_later() {
    let link = Faulty::new(|| panic!("a link of the user's own panics, as it should"));
    let device = Connection::over(Arc::clone(&link), options()).unwrap();
    assert_eq!(CalculatorClient::new(&device).total(), Ok(0));
    link.set(true);
    for _ in 0..2 {
        let device = device.clone();
        let ended = unless_stuck(move || CalculatorClient::new(&device).accumulate(1));
        assert_eq!(ended, Err(CallError::Disconnected));
    }
    let pending = device.submit::<CalculatorAccumulate>(&(1,)).unwrap();
    let ended = unless_stuck(move || futures::executor::block_on(async move { pending.await }));
    assert_eq!(ended, Err(CallError::Disconnected));
    link.set(false);
    assert_eq!(CalculatorClient::new(&device).total(), Ok(0));
}

#[test]
fn a_tap_that_panics_ends_calls_in_errors() {
    let tap: Tap = Arc::new(|direction, _| {
        assert!(
            direction == Direction::ToDevice,
            "a tap panics, as it should"
        );
    });
    let device = Connection::over(Arc::new(SimulatedDevice::new()), options()).unwrap();
    let device = device.tapped_by(tap);
    for _ in 0..2 {
        let device = device.clone();
        let ended = unless_stuck(move || CalculatorClient::new(&device).accumulate(1));
        assert_eq!(ended, Err(CallError::Disconnected));
    }
}

#[test]
fn a_tap_that_uses_its_own_connection_gets_errors() {
    let own = Arc::new(OnceLock::<Connection>::new());
    let results = Arc::new(Mutex::new(Vec::new()));
    let (tapped, seen) = (Arc::clone(&own), Arc::clone(&results));
    let tap: Tap = Arc::new(move |_, _| {
        let Some(device) = tapped.get() else { return };
        let mut seen = seen.lock().unwrap();
        if seen.is_empty() {
            let mut calculator = CalculatorClient::new(device);
            let waiting = async { device.call_async("calculator.total", &().into()).await };
            seen.extend([
                error(calculator.accumulate(1)),
                error(calculator.history().next().unwrap()),
                error(calculator.total_changed()),
                error(device.submit::<CalculatorAccumulate>(&(1,))),
                error(futures::executor::block_on(waiting)),
            ]);
            // What needs no waiting works.
            assert!(device.counters().sent > 0);
            device.cancel();
        }
    });
    let device = Connection::over(Arc::new(SimulatedDevice::new()), options()).unwrap();
    assert_eq!(CalculatorClient::new(&device).total(), Ok(0));
    let device = device.tapped_by(tap);
    assert!(own.set(device.clone()).is_ok());
    let ended = unless_stuck(move || {
        let ended = CalculatorClient::new(&device).accumulate(5);
        (ended, CalculatorClient::new(&device).total())
    });
    assert!(ended.1.is_ok(), "{ended:?}");
    for error in results.lock().unwrap().iter() {
        assert!(error.contains("its own connection"), "{error}");
    }
}

#[test]
fn a_port_that_was_unplugged_while_idle_has_run_no_later_call() {
    let link = Arc::new(TestDevice::new(SimulatedDevice::new()));
    let device = Connection::over(Arc::clone(&link), options()).unwrap();
    let mut calculator = CalculatorClient::new(&device);
    assert_eq!(calculator.accumulate(1), Ok(1));
    link.set_line(Line::Unplugged);
    assert_eq!(calculator.accumulate(1), Err(CallError::Disconnected));
    link.set_line(Line::Good);
    assert_eq!(calculator.total(), Ok(1));
}

/// A lamp, for a device of another kind.
#[service]
trait Lamp {
    /// Returns its brightness.
    fn brightness(&mut self) -> u8;
}

struct Dim;
impl Lamp for Dim {
    fn brightness(&mut self) -> u8 {
        7
    }
}

/// A connector to what is plugged in at the moment.
struct Socket {
    plugged: Mutex<(String, Arc<dyn Link>)>,
    opened: AtomicU32,
}

/// A link to what was plugged in when it was opened.
struct Plugged {
    socket: Arc<Socket>,
    link: Arc<dyn Link>,
}

impl Socket {
    fn new(identity: &str, link: impl Link + 'static) -> Arc<Self> {
        Arc::new(Self {
            plugged: Mutex::new((identity.to_owned(), Arc::new(link))),
            opened: AtomicU32::new(0),
        })
    }

    fn plug(&self, identity: &str, link: impl Link + 'static) {
        *self.plugged.lock().unwrap() = (identity.to_owned(), Arc::new(link));
    }
}

impl Plugged {
    fn check(&self) -> io::Result<()> {
        match Arc::ptr_eq(&self.socket.plugged.lock().unwrap().1, &self.link) {
            true => Ok(()),
            false => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Link for Plugged {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.check()?;
        self.link.read(buffer, timeout)
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        self.check()?;
        self.link.write(bytes, timeout)
    }
}

struct SocketConnector(Arc<Socket>);

impl Connector for SocketConnector {
    fn open(&self, _: Duration) -> Result<Arc<dyn Link>, OpenError> {
        self.0.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Plugged {
            socket: Arc::clone(&self.0),
            link: Arc::clone(&self.0.plugged.lock().unwrap().1),
        }))
    }

    fn name(&self) -> String {
        "socket".to_owned()
    }

    fn identity(&self) -> Option<String> {
        Some(self.0.plugged.lock().unwrap().0.clone())
    }
}

fn plugged(identity: &str) -> (Arc<Socket>, Connection) {
    let socket = Socket::new(identity, SimulatedDevice::new());
    let options = Options {
        timeout: STUCK,
        ..Options::default()
    };
    let device = Connection::over(SocketConnector(Arc::clone(&socket)), options).unwrap();
    (socket, device)
}

#[test]
fn a_call_that_would_reach_another_device_tells_so_and_does_not_run() {
    let (socket, device) = plugged("A");
    let mut calculator = CalculatorClient::new(&device);
    assert_eq!(calculator.accumulate(1), Ok(1));
    let other = SimulatedDevice::new();
    socket.plug("B", other.clone());
    let error = calculator.accumulate(1).unwrap_err();
    assert_eq!((error, error.ran()), (CallError::OtherDevice, Ran::Never));
    // Whoever goes on knows that it is another one.
    assert_eq!(calculator.accumulate(1), Ok(1));
    // The same one may come and go.
    socket.plug("B", other);
    assert_eq!(calculator.accumulate(1), Ok(2));
}

#[test]
fn another_interface_at_the_same_place_is_told_to_calls_by_name_and_subscriptions() {
    let (socket, device) = plugged("A");
    let add = serde_json::json!([2, 3]);
    assert_eq!(device.call("calculator.add", &add).unwrap(), 5);
    let mut totals = CalculatorClient::new(&device).total_changed().unwrap();
    socket.plug("A", SimulatedDevice::with(LampService(Dim)));
    let error = totals.next().unwrap().unwrap_err();
    assert_eq!(error.own(), Err(CallError::OtherDevice));
    drop(totals);
    let none = serde_json::json!([]);
    assert_eq!(device.call("lamp.brightness", &none).unwrap(), 7);
    socket.plug("A", SimulatedDevice::new());
    let error = device.call("lamp.brightness", &none).unwrap_err();
    assert!(error.to_string().contains("another device"), "{error}");
    assert_eq!(device.call("calculator.add", &add).unwrap(), 5);
}

#[test]
fn a_block_is_not_written_half_to_one_device_and_half_to_another() {
    let (socket, device) = plugged("A");
    let other = SimulatedDevice::new();
    let mut is_swapped = false;
    let bytes = [7; 2_000];
    let error = device.put_block("notes", &bytes, |done, _| {
        if done > 500 && !is_swapped {
            is_swapped = true;
            socket.plug("B", other.clone());
        }
    });
    let error = error.unwrap_err();
    assert!(error.to_string().contains("another device"), "{error}");
    let notes = Connection::to(other).get_block("notes", |_, _| ());
    assert_eq!(notes.unwrap(), b"");
}

#[test]
fn a_call_that_may_have_run_on_the_device_before_is_unknown() {
    let (socket, device) = plugged("A");
    let mut calculator = CalculatorClient::new(&device);
    let mute = Arc::new(TestDevice::new(SimulatedDevice::new()));
    socket.plug("A", Forward(Arc::clone(&mute)));
    assert_eq!(calculator.accumulate(1), Ok(1));
    mute.set_line(Line::RepliesLost);
    thread::scope(|scope| {
        let unplugging = scope.spawn(|| {
            let before = mute.frames_received();
            while mute.frames_received() == before {
                thread::yield_now();
            }
            socket.plug("B", SimulatedDevice::new());
        });
        let lost = Err(CallError::OutcomeUnknown(Cause::Disconnected));
        assert_eq!(calculator.accumulate(1), lost);
        unplugging.join().unwrap();
    });
}

/// A link that several share.
struct Forward<L>(Arc<L>);

impl<L: Link> Link for Forward<L> {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.0.read(buffer, timeout)
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        self.0.write(bytes, timeout)
    }
}
