//! Tests handles that own their connection: they live in structs, move between threads, and threads
//! and tasks can wait for them, with any executor.

use firmware::calculator::{
    CalculatorAccumulate, CalculatorAdd, CalculatorAsyncClient, CalculatorClient,
    CalculatorTotalChanged, Operation,
};
use rpc_proto::client::{CallError, Cause};
use rpc_proto::service;
use serial_rpc::Connection;
use serial_rpc::connection::{Options, Pending, Reply, Subscription};
use serial_rpc::link::{Connector, Link};
use serial_rpc::port::OpenError;
use serial_rpc_simulator::SimulatedDevice;
use std::fs;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

fn device() -> Connection {
    Connection::to(SimulatedDevice::new())
}

/// A bench that a test keeps: the device, a typed client for it, and a subscription.
struct Rig {
    device: Connection,
    calculator: CalculatorClient<Connection>,
    totals: Subscription<CalculatorTotalChanged>,
}

fn is_owned<T: Send + 'static>(value: T) -> T {
    value
}

#[test]
fn a_struct_owns_a_device_with_its_clients_and_subscriptions() {
    let device = device();
    let mut calculator = CalculatorClient::new(&device);
    let totals = calculator.total_changed().unwrap();
    let rig = is_owned(Rig {
        device,
        calculator,
        totals,
    });
    let moved = thread::spawn(move || {
        let mut rig = rig;
        rig.calculator.accumulate(5).unwrap();
        let event = rig.totals.next().unwrap().unwrap();
        let pending: Pending<CalculatorAdd> = rig.device.submit::<CalculatorAdd>(&(2, 3)).unwrap();
        (event.data.total, is_owned(pending).wait().unwrap())
    });
    assert_eq!(moved.join().unwrap(), (5, 5));
}

#[test]
fn a_connection_is_shared_between_threads_without_a_wrapper() {
    fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let device = device();
    is_shared(&device);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let mut calculator = CalculatorClient::new(&device);
            thread::spawn(move || {
                for _ in 0..100 {
                    calculator.accumulate(1).unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(CalculatorClient::new(&device).total(), Ok(400));
}

/// Does everything that a task can wait for.
async fn everything(device: Connection) {
    let mut calculator = CalculatorAsyncClient::new(&device);
    let mut totals = calculator.total_changed().await.unwrap();
    assert_eq!(calculator.accumulate(7).await, Ok(7));
    assert_eq!(totals.next_async().await.unwrap().unwrap().data.total, 7);

    let pending = device.submit::<CalculatorAdd>(&(2, 3)).unwrap();
    assert_eq!(pending.await, Ok(5));

    let operations = (1..=100).map(Operation::Accumulate);
    assert_eq!(calculator.replay(operations).await, Ok(5_057));
    let mut history = calculator.history();
    let mut seen = 0;
    while let Some(calculation) = history.next_async().await {
        calculation.unwrap();
        seen += 1;
    }
    assert_eq!(seen, 16);

    let arguments = serde_json::json!([2, 3]);
    let sum = device.call_async("calculator.add", &arguments);
    assert_eq!(sum.await.unwrap(), 5);
    let mut items = device
        .stream_async("calculator.history", &serde_json::json!([]))
        .await
        .unwrap();
    assert!(items.next_async().await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_tokio_wait_for_everything() {
    let device = device();
    tokio::spawn(everything(device)).await.unwrap();
}

#[test]
fn tasks_of_another_executor_wait_for_everything() {
    futures::executor::block_on(everything(device()));
}

#[test]
fn a_stream_and_a_subscription_are_streams_of_the_crate_futures() {
    use futures::StreamExt;
    let device = device();
    let mut calculator = CalculatorClient::new(&device);
    calculator.accumulate(1).unwrap();
    let totals = calculator.total_changed().unwrap();
    calculator.accumulate(1).unwrap();
    futures::executor::block_on(async {
        let mut totals = StreamExt::map(totals, |event| event.unwrap().data.total);
        assert_eq!(totals.next().await, Some(2));
        assert_eq!(StreamExt::count(calculator.history()).await, 2);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_of_tasks_share_the_window() {
    let device = device();
    let calls: Vec<_> = (0..1_000)
        .map(|number| {
            let mut calculator = CalculatorAsyncClient::new(&device);
            tokio::spawn(async move { calculator.add(number, 1).await })
        })
        .collect();
    for (number, call) in (0..).zip(calls) {
        assert_eq!(call.await.unwrap(), Ok(number + 1));
    }
}

#[test]
fn a_call_that_is_dropped_leaves_the_link_usable() {
    let device = device();
    let mut calculator = CalculatorAsyncClient::new(&device);
    for amount in 1..=100 {
        let call = pin!(calculator.accumulate(amount));
        // It has begun, and is not polled again.
        let _ = call.poll(&mut Context::from_waker(Waker::noop()));
    }
    let total = CalculatorClient::new(&device).total().unwrap();
    assert!(total <= 5_050);
    assert_eq!(CalculatorClient::new(&device).total(), Ok(total));
}

/// Returns the number of this process's threads.
fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

#[test]
#[cfg(target_os = "linux")]
fn a_program_that_never_awaits_has_no_thread_more() {
    // In a process of its own, since other tests have threads.
    const ALONE: &str = "SERIAL_RPC_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let this = std::env::current_exe().unwrap();
        let status = std::process::Command::new(this)
            .args(["--exact", "--test-threads", "1"])
            .arg("a_program_that_never_awaits_has_no_thread_more")
            .env(ALONE, "1")
            .stdout(std::process::Stdio::null())
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let before = threads();
    let device = device();
    let mut calculator = CalculatorClient::new(&device);
    let mut totals = calculator.total_changed().unwrap();
    calculator.accumulate(1).unwrap();
    totals.next().unwrap().unwrap();
    assert_eq!(threads(), before);
    futures::executor::block_on(async {
        let pending = device.submit::<CalculatorAccumulate>(&(1,)).unwrap();
        assert_eq!(pending.await, Ok(2));
    });
    assert_eq!(threads(), before + 1);
}

/// A connector of the user's own, to a device that can be unplugged.
struct OwnConnector {
    device: SimulatedDevice,
    is_plugged: Arc<AtomicBool>,
    opened: Arc<AtomicU32>,
}

/// A link that fails while the device is unplugged.
struct OwnLink {
    device: SimulatedDevice,
    is_plugged: Arc<AtomicBool>,
}

impl OwnLink {
    fn check(&self) -> io::Result<()> {
        match self.is_plugged.load(Ordering::Relaxed) {
            true => Ok(()),
            false => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Link for OwnLink {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.check()?;
        self.device.read(buffer, timeout)
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        self.check()?;
        self.device.write(bytes, timeout)
    }
}

impl Connector for OwnConnector {
    fn open(&self, _: Duration) -> Result<Arc<dyn Link>, OpenError> {
        let link = OwnLink {
            device: self.device.clone(),
            is_plugged: Arc::clone(&self.is_plugged),
        };
        link.check().map_err(|error| OpenError::Other {
            port: self.name(),
            reason: error.to_string(),
        })?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(link))
    }

    fn name(&self) -> String {
        "my own".to_owned()
    }
}

#[test]
fn a_link_of_the_users_own_that_fails_comes_back_as_itself() {
    let is_plugged = Arc::new(AtomicBool::new(true));
    let opened = Arc::new(AtomicU32::new(0));
    let connector = OwnConnector {
        device: SimulatedDevice::new(),
        is_plugged: Arc::clone(&is_plugged),
        opened: Arc::clone(&opened),
    };
    let options = Options {
        timeout: Duration::from_millis(300),
        ..Options::default()
    };
    let device = Connection::over(connector, options).unwrap();
    assert_eq!(device.name(), "my own");
    let mut calculator = CalculatorClient::new(&device);
    assert_eq!(calculator.accumulate(40), Ok(40));
    is_plugged.store(false, Ordering::Relaxed);
    assert_eq!(calculator.accumulate(1), Err(CallError::Disconnected));
    assert_eq!(calculator.accumulate(1), Err(CallError::Disconnected));
    is_plugged.store(true, Ordering::Relaxed);
    // The very device that was there before, total included.
    assert_eq!(calculator.accumulate(2), Ok(42));
    assert_eq!(opened.load(Ordering::Relaxed), 2);
}

#[test]
fn a_call_that_is_made_while_others_are_cancelled_ends_as_cancelled_or_well() {
    let device = device();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                device.cancel();
                thread::yield_now();
            }
        });
        let mut ends = (0..10_000).map(|x| {
            let pending = device.submit::<CalculatorAdd>(&(x, 1));
            (x + 1, pending.and_then(Pending::wait_for_reply))
        });
        let strange = ends.find(|(sum, end)| match end {
            Ok(Reply::Return(value)) => *value != postcard::to_stdvec(sum).unwrap(),
            Err(CallError::Cancelled | CallError::OutcomeUnknown(Cause::Cancelled)) => false,
            _ => true,
        });
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(strange, None);
    });
}

/// A door that takes its time.
#[service]
trait Door {
    /// Opens the door, and returns how often it was opened.
    async fn open(&mut self) -> u32;
}

struct SlowDoor {
    opened: u32,
    takes: Duration,
}

impl SlowDoor {
    const fn new(opened: u32, takes: Duration) -> DoorService<Self> {
        DoorService(Self { opened, takes })
    }
}

impl Door for SlowDoor {
    async fn open(&mut self) -> u32 {
        sleep(self.takes).await;
        self.opened += 1;
        self.opened
    }
}

/// Waits on a thread of its own.
async fn sleep(duration: Duration) {
    let waker = Arc::new(Mutex::new(None::<Waker>));
    let is_over = Arc::new(AtomicBool::new(false));
    let (wake, over) = (Arc::clone(&waker), Arc::clone(&is_over));
    thread::spawn(move || {
        thread::sleep(duration);
        over.store(true, Ordering::Release);
        if let Some(waker) = wake.lock().unwrap().take() {
            waker.wake();
        }
    });
    std::future::poll_fn(|context| {
        *waker.lock().unwrap() = Some(context.waker().clone());
        match is_over.load(Ordering::Acquire) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}

#[test]
fn a_simulated_device_hosts_procedures_that_wait_and_can_be_power_cycled() {
    const MOMENT: Duration = Duration::from_millis(5);
    let door = || SlowDoor::new(0, MOMENT);
    let simulated = SimulatedDevice::<_, 64, 2>::waiting(door, Arc::default(), 128);
    let mut door = DoorClient::new(Connection::to(simulated.clone()));
    assert_eq!(door.open(), Ok(1));
    assert_eq!(door.open(), Ok(2));
    simulated.power_cycle(SlowDoor::new(100, MOMENT));
    assert_eq!(door.open(), Ok(101));
}

#[test]
fn each_handle_may_have_its_own_time_limit_and_a_short_one_does_not_end_a_long_call() {
    const LONG: Duration = Duration::from_millis(1_000);
    let door = || SlowDoor::new(0, LONG);
    let simulated = SimulatedDevice::<_, 64, 2>::waiting(door, Arc::default(), 128);
    let options = Options {
        timeout: LONG / 4,
        ..Options::default()
    };
    let device = Connection::over(simulated, options).unwrap();
    // Begins the session and learns the number.
    let unknown = Err(CallError::OutcomeUnknown(Cause::Timeout));
    assert_eq!(DoorClient::new(&device).open(), unknown);

    let patient = device.within(100 * LONG);
    assert_eq!(
        (device.timeout(), patient.timeout()),
        (LONG / 4, 100 * LONG)
    );
    let none = serde_json::json!([]);
    let long = thread::spawn(move || {
        let by_name = patient.call("door.open", &none).unwrap();
        (by_name, DoorClient::new(&patient).open())
    });
    // The first call of the patient one runs from three quarters on, when the one before it has ended.
    thread::sleep(LONG + LONG / 4);
    let begin = Instant::now();
    let ended = DoorClient::new(&device).open();
    assert_eq!(ended, Err(CallError::Timeout), "it was not sent");
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    let (by_name, typed) = long.join().unwrap();
    assert_eq!((by_name, typed), (2.into(), Ok(3)));
}
