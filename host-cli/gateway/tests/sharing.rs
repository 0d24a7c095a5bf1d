//! Tests programs that share a device by the protocol: what each is told of its calls is true, whatever happens
//! to the device, to the gateway, to other programs, and on both links.
#![cfg(unix)]

use firmware::calculator::{CalculatorAdd, CalculatorClient};
use rpc_proto::device::SubscribeError;
use rpc_proto::events::Emit;
use rpc_proto::service::Member;
use serial_rpc::connection::Pending;
use serial_rpc::link::{Connector, Link, PortConnector};
use serial_rpc::port::OpenError;
use serial_rpc::{CallError, Connection, Options, Port};
use serial_rpc_gateway::access::Access;
use serial_rpc_gateway::device::Device;
use serial_rpc_gateway::sharing::sockets::Folder;
use serial_rpc_gateway::sharing::{Limits, Sharing};
use serial_rpc_gateway::stop::{Stop, Stopper};
use serial_rpc_simulator::line::{Faults, LineLink, Pace};
use serial_rpc_simulator::{SimulatedDevice, SimulatedEvents};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use tests::counter::{
    CounterAccumulate, CounterClient, CounterHappened, CounterRan, CounterService, Journal,
    JournaledCounter,
};
use tests::offered::Offered;
use tests::workload::Tally;
use tokio::runtime::Runtime;

/// For calls that must succeed, however busy the machine is.
const PATIENT: Duration = Duration::from_secs(60);

type Counter = SimulatedDevice<CounterService<JournaledCounter<Arc<SimulatedEvents>>>>;

/// A counter whose journal outlives it, on a line with faults.
struct Bench {
    device: Counter,
    events: Arc<SimulatedEvents>,
    journal: Journal,
    faults: Faults,
    folder: TempDir,
}

/// A gateway in this process. To drop it is to kill it: nothing of it goes on.
struct Gateway {
    runtime: Option<Runtime>,
    device: Arc<Device>,
    tcp: SocketAddr,
    stopper: Stopper,
    sharing: Option<Sharing>,
}

impl Bench {
    fn new(faults: Faults) -> Self {
        let (journal, events) = (Journal::default(), Arc::<SimulatedEvents>::default());
        let counter = JournaledCounter::new(0, journal.clone(), Arc::clone(&events));
        Self {
            device: SimulatedDevice::with_events(CounterService(counter), Arc::clone(&events)),
            events,
            journal,
            faults,
            folder: TempDir::new().unwrap(),
        }
    }

    /// Resets the device. Its total is lost, but not its journal.
    fn reset(&self) {
        let counter = JournaledCounter::new(0, self.journal.clone(), Arc::clone(&self.events));
        self.device.power_cycle(CounterService(counter));
    }

    fn gateway(&self) -> Gateway {
        let line = LineLink::to(Arc::new(self.device.clone()), Pace::INSTANT, self.faults, 1);
        self.gateway_to(|| Device::over("counter".into(), Connection::awaiting(line, options())))
    }

    fn gateway_to(&self, device: impl FnOnce() -> Arc<Device>) -> Gateway {
        Gateway::new(&self.folder, Access::default(), device)
    }

    /// Returns a connection of a program, on a line with faults, too.
    fn program(&self, port: &Port, seed: u64) -> Connection {
        let noisy = Noisy {
            connector: PortConnector::awaiting(port.clone(), 115_200),
            faults: self.faults,
            seed: AtomicU64::new(seed << 32),
        };
        Connection::awaiting(noisy, options())
    }

    fn socket(&self) -> Port {
        socket(&self.folder, "counter")
    }
}

fn socket(folder: &TempDir, name: &str) -> Port {
    let path = folder.path().join(format!("sockets/{name}.sock"));
    Port::Unix(path.to_str().unwrap().to_owned())
}

fn options() -> Options {
    Options {
        timeout: PATIENT,
        ..Options::default()
    }
}

impl Gateway {
    fn new(folder: &TempDir, access: Access, device: impl FnOnce() -> Arc<Device>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let stopper = Stopper::new();
        let stop: Stop = stopper.stop();
        let _inside = runtime.enter();
        let device = device();
        let mut sharing = Sharing::new(Limits {
            access: Arc::new(access),
            stop,
        });
        let folder = Folder::open(Some(&folder.path().join("sockets"))).unwrap();
        sharing.on_socket(&device, &folder).unwrap();
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let tcp = runtime.block_on(sharing.on_tcp(&device, address)).unwrap();
        drop(_inside);
        Self {
            runtime: Some(runtime),
            device,
            tcp,
            stopper,
            sharing: Some(sharing),
        }
    }

    fn tcp(&self) -> Port {
        Port::Tcp(self.tcp.to_string())
    }

    /// Stops it and waits for its end.
    fn stop(mut self) {
        self.stopper.request();
        let (runtime, sharing) = (self.runtime.take().unwrap(), self.sharing.take().unwrap());
        runtime.block_on(sharing.ended());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            drop(self.sharing.take());
            runtime.shutdown_timeout(PATIENT);
        }
    }
}

/// A port behind a line with faults.
struct Noisy {
    connector: PortConnector,
    faults: Faults,
    seed: AtomicU64,
}

impl Connector for Noisy {
    fn open(&self, timeout: Duration) -> Result<Arc<dyn Link>, OpenError> {
        let link = self.connector.open(timeout)?;
        let seed = self.seed.fetch_add(1, Ordering::Relaxed);
        Ok(LineLink::to(link, Pace::INSTANT, self.faults, seed))
    }

    fn name(&self) -> String {
        self.connector.name()
    }
}

/// Makes a call for each amount, some of them ahead, and returns the outcomes in order.
fn accumulate(program: &Connection, amounts: RangeInclusive<i64>) -> Vec<Result<i64, CallError>> {
    const AHEAD: usize = 12;
    let mut pending: VecDeque<Result<Pending<CounterAccumulate>, CallError>> = VecDeque::new();
    let mut outcomes = Vec::new();
    let end = |call: Result<Pending<_>, _>| call.and_then(Pending::wait);
    for amount in amounts {
        if pending.len() == AHEAD {
            outcomes.extend(pending.pop_front().map(end));
        }
        pending.push_back(program.submit::<CounterAccumulate>(&(amount,)));
    }
    outcomes.extend(pending.into_iter().map(end));
    outcomes
}

/// Lets each of the programs make that many calls at the same time as the others, while `meanwhile` goes on,
/// and compares all outcomes with the journal.
fn compare(bench: &Bench, programs: &[Connection], each: i64, meanwhile: impl FnOnce()) -> Tally {
    let outcomes: Vec<_> = thread::scope(|scope| {
        let makes = |(program, first): (_, i64)| {
            scope.spawn(move || accumulate(program, first + 1..=first + each))
        };
        let firsts = (0..).map(|number| number * each);
        let making: Vec<_> = programs.iter().zip(firsts).map(makes).collect();
        meanwhile();
        let made = making.into_iter().map(|program| program.join().unwrap());
        made.flatten().collect()
    });
    assert_eq!(
        outcomes.len() as i64,
        programs.len() as i64 * each,
        "none hung"
    );
    Tally::of(&outcomes, &bench.journal)
}

#[test]
fn calls_of_many_programs_run_once_each_with_faults_on_both_links() {
    let bench = Bench::new(Faults::mixed(1e-3));
    let gateway = bench.gateway();
    let programs: Vec<_> = (0..5)
        .map(|number| match number % 2 {
            0 => bench.program(&bench.socket(), number),
            _ => bench.program(&gateway.tcp(), number),
        })
        .collect();
    let tally = compare(&bench, &programs, 1000, || {});
    assert_eq!(
        (tally.right, tally.wrong, tally.runs),
        (5000, 0, 5000),
        "{tally:?}"
    );
}

#[test]
fn outcomes_are_true_when_the_device_is_reset_in_mid_call() {
    let bench = Bench::new(Faults::mixed(1e-3));
    let gateway = bench.gateway();
    let programs = [1, 2, 3].map(|seed| bench.program(&bench.socket(), seed));
    let tally = compare(&bench, &programs, 700, || {
        for part in 1..=20 {
            wait_until(|| bench.journal.runs() >= part * 60);
            bench.reset();
        }
    });
    assert_eq!(tally.wrong, 0, "{tally:?}");
    assert!(tally.right > 1500, "{tally:?}");
    assert_eq!(
        tally.right + tally.unknown + tally.never_ran,
        2100,
        "{tally:?}"
    );
    drop(gateway);
}

#[test]
fn outcomes_are_true_when_the_gateway_is_killed_in_mid_call_and_programs_go_on_with_the_next() {
    let bench = Bench::new(Faults::mixed(1e-3));
    let mut gateway = Some(bench.gateway());
    let programs = [1, 2, 3].map(|seed| bench.program(&bench.socket(), seed));
    let tally = compare(&bench, &programs, 700, || {
        for part in 1..=8 {
            wait_until(|| bench.journal.runs() >= part * 150);
            drop(gateway.take());
            gateway = Some(bench.gateway());
        }
    });
    assert_eq!(tally.wrong, 0, "{tally:?}");
    assert!(tally.right > 1500, "{tally:?}");
    assert_eq!(
        tally.right + tally.unknown + tally.never_ran,
        2100,
        "{tally:?}"
    );
}

#[test]
fn a_program_that_is_killed_harms_no_other_and_its_calls_do_not_run_later() {
    let bench = Bench::new(Faults::NONE);
    let gateway = bench.gateway();
    let programs = [1, 2].map(|seed| bench.program(&bench.socket(), seed));
    let tally = compare(&bench, &programs, 1000, || {
        for number in 0..20_i64 {
            wait_until(|| bench.journal.runs() >= number as u64 * 50);
            let killed = bench.program(&bench.socket(), 100 + number as u64);
            let amounts = 10_000 + 100 * number..10_000 + 100 * number + 10;
            let calls: Vec<_> = amounts
                .map(|amount| killed.submit::<CounterAccumulate>(&(amount,)))
                .collect();
            // The last handle closes the socket, with calls in flight.
            drop(calls);
            drop(killed);
        }
    });
    let of_killed: u64 = (10_000..20_000)
        .map(|amount| u64::from(bench.journal.runs_of(amount)))
        .sum();
    assert!((10_000..20_000).all(|amount| bench.journal.runs_of(amount) <= 1));
    assert_eq!((tally.right, tally.wrong), (2000, 0), "{tally:?}");
    // All of theirs that runs has run when another's call that came later has.
    let mut last = CounterClient::new(&programs[0]);
    last.accumulate(9_999).unwrap();
    assert_eq!(bench.journal.runs(), 2000 + of_killed + 1);
    drop(gateway);
}

#[test]
fn a_call_that_cannot_be_passed_on_is_told_to_have_never_run_and_others_to_be_unknown() {
    let offered = Offered::new(SimulatedDevice::new());
    let mut offered = offered;
    let bench = Bench::new(Faults::NONE);
    let selector = offered.port().parse::<serial_rpc::Selector>().unwrap();
    let gateway = bench.gateway_to(|| {
        let connector = PortConnector::awaiting(selector, 115_200).directly();
        Device::over("counter".into(), Connection::awaiting(connector, options()))
    });
    let program = bench.program(&bench.socket(), 1);
    let mut calculator = CalculatorClient::new(&program);
    assert_eq!(calculator.add(2, 3), Ok(5));
    offered.pull_out();
    wait_until(|| calculator.add(2, 3) == Err(CallError::Unreachable));
    wait_until(|| gateway.device.status().presence.to_string() == "absent");
    offered.plug_in();
    wait_until(|| calculator.add(2, 3) == Ok(5));
    wait_until(|| gateway.device.status().presence.to_string() == "present");
}

#[test]
fn programs_connect_anew_when_the_device_has_other_firmware() {
    let bench = Bench::new(Faults::NONE);
    let offered = Offered::new(SimulatedDevice::new());
    let selector = offered.port().parse::<serial_rpc::Selector>().unwrap();
    let gateway = bench.gateway_to(|| {
        let connector = PortConnector::awaiting(selector, 115_200).directly();
        Device::over("counter".into(), Connection::awaiting(connector, options()))
    });
    let program = bench.program(&bench.socket(), 1);
    let services = || {
        program
            .description()
            .map(|description| description.services[0].name.clone())
    };
    assert_eq!(services().unwrap(), "calculator");
    let mut changes = gateway.device.watch();
    let counter = JournaledCounter::new(0, bench.journal.clone(), Arc::clone(&bench.events));
    let _offered = offered.replaced_by(SimulatedDevice::with(CounterService(counter)));
    wait_until(|| CounterClient::new(&program).accumulate(5).is_ok());
    assert_eq!(services().unwrap(), "counter");
    let name = changes
        .borrow_and_update()
        .interface
        .as_ref()
        .map(|known| known.description.services[0].name.clone());
    assert_eq!(name.as_deref(), Some("counter"));
}

#[test]
fn each_subscriber_gets_its_events_and_one_that_takes_none_loses_only_its_own() {
    let bench = Bench::new(Faults::NONE);
    let gateway = bench.gateway();
    let [slow, quick] = [1, 2].map(|seed| bench.program(&bench.socket(), seed));
    let mut at_leisure = slow.subscribe_by_key(CounterHappened::KEY).unwrap();
    let mut at_once = quick.subscribe_by_key(CounterHappened::KEY).unwrap();
    // More than all buffers on the way to one who does not read.
    let (text, events) = ("x".repeat(200), 4000);
    for _ in 0..events {
        bench.events.emit(&CounterHappened { what: &text });
        let event = at_once.next_within(PATIENT).unwrap().unwrap();
        assert_eq!((event.lost, event.after_gap), (0, false));
    }
    // The end of what it has lost shows with the next that it gets.
    let (mut received, mut lost) = (0, 0);
    let mut last = 0;
    while received + lost < events + last {
        if let Some(event) = at_leisure.next_within(Duration::from_millis(700)).unwrap() {
            received += 1;
            lost += event.lost;
        } else {
            bench.events.emit(&CounterHappened { what: "end" });
            last += 1;
        }
    }
    assert_eq!(received + lost, events + last);
    assert!(lost > 0, "it took none of them for long");
    assert_eq!(slow.counters().sessions, 1);
    drop(gateway);
}

#[test]
fn a_subscriber_is_told_that_events_are_missing_when_the_device_was_reset() {
    let bench = Bench::new(Faults::NONE);
    let gateway = bench.gateway();
    let program = bench.program(&bench.socket(), 1);
    let mut events = program.subscribe::<CounterRan>().unwrap();
    let mut counter = CounterClient::new(&program);
    counter.accumulate(1).unwrap();
    assert!(!events.next_within(PATIENT).unwrap().unwrap().after_gap);
    bench.reset();
    let event = loop {
        // Its outcome may be unknown, if the session ends with the reset.
        let _ = counter.accumulate(2);
        if let Some(event) = events
            .next_within(Duration::from_millis(100))
            .unwrap_or(None)
            && event.after_gap
        {
            break event;
        }
    };
    assert_eq!(event.data, CounterRan { amount: 2 });
    drop(gateway);
}

#[test]
fn a_subscription_that_the_device_refuses_is_refused() {
    let bench = Bench::new(Faults::NONE);
    let _gateway = bench.gateway();
    let program = bench.program(&bench.socket(), 1);
    let refused = program.subscribe_by_key(12_345).unwrap_err();
    assert_eq!(refused, CallError::Error(SubscribeError::NoSuchEvent));
}

#[test]
fn programs_that_send_nonsense_or_take_no_answers_keep_nobody_waiting() {
    let bench = Bench::new(Faults::NONE);
    let _gateway = bench.gateway();
    let Port::Unix(path) = bench.socket() else {
        unreachable!("it is a socket")
    };
    let hostile: Vec<UnixStream> = (0..8_u8)
        .map(|number| {
            let mut stream = UnixStream::connect(&path).unwrap();
            stream.set_nonblocking(true).unwrap();
            // Until nobody takes more: noise, delimiters, and frames that are answered.
            let piece: Vec<u8> = (0..255).map(|byte: u8| byte.wrapping_mul(number)).collect();
            let _ = (0..4000).try_for_each(|_| stream.write_all(&piece));
            stream
        })
        .collect();
    let program = bench.program(&bench.socket(), 1);
    let tally = compare(&bench, &[program], 300, || {});
    assert_eq!((tally.right, tally.wrong), (300, 0), "{tally:?}");
    drop(hostile);
}

#[test]
fn a_procedure_that_programs_may_not_call_is_refused() {
    let folder = TempDir::new().unwrap();
    let access = Access {
        read_only: true,
        ..Access::default()
    };
    let gateway = Gateway::new(&folder, access, || {
        Device::over("sim".into(), Connection::to(SimulatedDevice::new()))
    });
    let program = Connection::open_with(gateway.tcp(), options()).unwrap();
    let refused = program.submit::<CalculatorAdd>(&(2, 3)).unwrap().wait();
    assert_eq!(refused, Err(CallError::Refused));
    assert!(
        program.call("blocks.list", &serde_json::json!([])).is_ok(),
        "reading is no change"
    );
}

#[test]
fn a_stop_lets_calls_end_and_closes_the_rest() {
    let bench = Bench::new(Faults::NONE);
    let gateway = bench.gateway();
    let program = bench.program(&bench.socket(), 1);
    assert_eq!(
        accumulate(&program, 1..=10)
            .into_iter()
            .filter(Result::is_ok)
            .count(),
        10
    );
    gateway.stop();
    let Port::Unix(path) = bench.socket() else {
        unreachable!("it is a socket")
    };
    assert!(!std::fs::exists(path).unwrap(), "it leaves nothing behind");
}

#[test]
fn a_socket_is_its_owners_and_what_a_killed_gateway_has_left_is_in_nobodys_way() {
    let bench = Bench::new(Faults::NONE);
    let folder = bench.folder.path().join("sockets");
    std::fs::create_dir(&folder).unwrap();
    let Port::Unix(path) = bench.socket() else {
        unreachable!("it is a socket")
    };
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(UnixStream::connect(&path).is_err(), "nobody listens");
    let gateway = bench.gateway();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let mut stream = UnixStream::connect(&path).unwrap();
    let again = Folder::open(Some(&folder))
        .unwrap()
        .bind("counter")
        .unwrap_err();
    assert_eq!(again.kind(), std::io::ErrorKind::AddrInUse);
    drop(gateway);
    assert_eq!(
        stream.read(&mut [0]).unwrap_or(0),
        0,
        "it ends with the gateway"
    );
}

/// Waits for something that is certain to come.
fn wait_until(mut has_come: impl FnMut() -> bool) {
    while !has_come() {
        thread::sleep(Duration::from_millis(2));
    }
}
