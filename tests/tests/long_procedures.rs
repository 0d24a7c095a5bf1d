//! Tests procedures that take seconds: events go out meanwhile, as soon as they are emitted, and the call
//! costs a few copies of its frame and runs once.

use embassy_futures::join::join;
use embassy_futures::select::{Either, select};
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use futures::channel::mpsc;
use rpc_proto::client::{
    AsyncCaller, CallError, Cause, Client, Subscriptions, Target, Ticket, Timing, read_owned,
};
use rpc_proto::drivers::{HalfDuplex, LinkError, YieldingCaller};
use rpc_proto::events::{Emit, EventQueue};
use rpc_proto::server::Server;
use rpc_proto::service;
use rpc_proto::service::Event;
use rpc_proto::time::Duration;
use serial_rpc::Connection;
use serial_rpc_simulator::{SimulatedDevice, SimulatedEvents};
use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use tests::bus::{Setup, Violations, bus};
use tests::clock::VirtualClock;
use tests::counter::Journal;
use tests::line::{Faults, Pace};
use tests::virtual_time::VirtualTime;
use tests::virtual_uart::VirtualUart;

/// A motor.
#[service]
trait Motor {
    /// Drives to the stop, a step every half second, and returns the number of steps.
    async fn home(&mut self, job: u8, steps: u32) -> u32;

    /// The motor has made a step at that time.
    #[event]
    fn stepped(micros: u64);

    /// Another task has looked at the clock at that time.
    #[event]
    fn ticked(micros: u64);
}

/// What the motor and the other task share.
#[derive(Default)]
struct Plant {
    time: VirtualTime,
    journal: Journal,
    events: EventQueue<256>,
    /// The number of events emitted to a subscription.
    emitted: Cell<u32>,
}

impl Plant {
    fn emit<E: Event>(&self, event: impl FnOnce(u64) -> E) {
        let is_wanted = self.events.is_wanted::<E>();
        self.emitted
            .update(|emitted| emitted + u32::from(is_wanted));
        self.events.emit(&event(self.time.now().as_micros()));
        self.time.note();
    }

    /// Emits an event every 330 ms, which is never at the same time as a step.
    async fn tick(&self) {
        loop {
            self.time.sleep(Duration::from_millis(330)).await;
            self.emit(|micros| MotorTicked { micros });
        }
    }

    fn device(&self) -> Device<'_> {
        Server::with_events(MotorService(self), &self.events)
    }

    fn caller<L: Read + Write>(&self, link: L, timing: Timing) -> Caller<L> {
        let client = Client::new(1, timing).with_subscriptions();
        YieldingCaller::new(link, self.time.clock(), self.time.clone(), client)
    }

    /// Starts a call that has ten seconds.
    fn start<L: Read + Write>(&self, caller: &mut Caller<L>, job: u8, steps: u32) -> Ticket {
        let deadline = self.time.now() + Duration::from_secs(10);
        let target = Target::of::<MotorHome>();
        let call = caller.client().start(target, deadline, &(job, steps));
        call.expect("there is room")
    }

    /// Receives events for that long.
    async fn listen<L: Read + Write>(
        &self,
        caller: &mut Caller<L>,
        duration: Duration,
    ) -> Vec<Seen> {
        let end = self.time.now() + duration;
        let mut seen = Vec::new();
        while self.time.now() < end {
            if let Some(event) = caller.next_event(end.since(self.time.now())).await {
                seen.push(Seen {
                    key: event.key,
                    emitted: postcard::from_bytes(event.data).expect("a time"),
                    arrived: self.time.now().as_micros(),
                });
            }
        }
        seen
    }

    /// Receives events until the call has ended and shortly after, and returns them with its outcome.
    async fn await_end<L: Read + Write>(
        &self,
        caller: &mut Caller<L>,
        call: Ticket,
    ) -> (Vec<Seen>, Result<u32, CallError>) {
        let mut seen = Vec::new();
        let mut has_ended = false;
        while !has_ended {
            has_ended = caller.client().is_ended(call);
            seen.extend(self.listen(caller, Duration::from_millis(20)).await);
        }
        let answer = caller.client().take(call).expect("it has ended");
        (seen, answer.and_then(read_owned::<MotorHome>))
    }
}

impl Motor for &Plant {
    async fn home(&mut self, job: u8, steps: u32) -> u32 {
        self.journal.enter(job.into(), steps.into());
        for _ in 0..steps {
            self.emit(|micros| MotorStepped { micros });
            self.time.sleep(Duration::from_millis(500)).await;
        }
        steps
    }
}

type Device<'p> = Server<MotorService<&'p Plant>, 64, 4, &'p EventQueue<256>>;
type Caller<L> =
    YieldingCaller<L, VirtualClock, VirtualTime, Client<64, 4, 8, Subscriptions<2, 256>>>;

async fn subscribe<L: Read + Write>(caller: &mut Caller<L>) {
    caller.subscribe::<MotorStepped>().await.unwrap();
    caller.subscribe::<MotorTicked>().await.unwrap();
}

/// An event that has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    key: u32,
    /// When it was emitted, in microseconds.
    emitted: u64,
    arrived: u64,
}

/// Returns the times of the events `E`.
fn times<E: Event>(seen: &[Seen]) -> Vec<u64> {
    let seen = seen.iter().filter(|seen| seen.key == E::KEY);
    seen.map(|seen| seen.emitted).collect()
}

/// Checks that each event came once, and took no longer than its frame and one before it.
fn assert_arrived_at_once(seen: &[Seen]) {
    assert!(seen.is_sorted_by(|one, next| one.emitted < next.emitted));
    let late = seen.iter().find(|seen| seen.arrived - seen.emitted > 2_500);
    assert_eq!(late, None);
}

#[test]
fn events_of_a_procedure_and_of_another_task_arrive_when_they_are_emitted() {
    let plant = Plant::default();
    let mut device = plant.device();
    let [uart, mut end] = VirtualUart::good_pair(&plant.time);
    let mut caller = plant.caller(uart, Timing::default());
    let world = join(device.serve_async(&mut end), plant.tick());
    let (seen, outcome) = plant.time.run_in(world, async {
        subscribe(&mut caller).await;
        let call = plant.start(&mut caller, 1, 6);
        plant.await_end(&mut caller, call).await
    });
    assert_eq!((outcome, plant.journal.runs_of(1)), (Ok(6), 1));
    assert_arrived_at_once(&seen);
    assert_eq!(caller.client().lost_events(), 0);
    let steps = times::<MotorStepped>(&seen);
    assert_eq!(steps.len(), 6);
    assert!(steps.windows(2).all(|two| two[1] - two[0] == 500_000));
    let ticks = (1..=9).map(|count| count * 330_000);
    assert_eq!(times::<MotorTicked>(&seen), ticks.collect::<Vec<_>>());
    // After a round trip of some milliseconds, and then at twice the interval each time, up to a second.
    assert_eq!(caller.client().counters().resent, 9);
}

#[test]
fn a_call_that_takes_all_of_its_time_is_repeated_a_few_dozen_times() {
    let plant = Plant::default();
    let mut device = plant.device();
    let [uart, mut end] = VirtualUart::good_pair(&plant.time);
    let mut caller = plant.caller(uart, Timing::default());
    let (_, outcome) = plant.time.run_in(device.serve_async(&mut end), async {
        let call = plant.start(&mut caller, 1, 19);
        plant.await_end(&mut caller, call).await
    });
    assert_eq!((outcome, plant.journal.runs_of(1)), (Ok(19), 1));
    let resent = caller.client().counters().resent;
    assert!((12..36).contains(&resent), "{resent}");
}

#[test]
fn on_a_bad_line_it_runs_once_and_each_event_arrives_at_once_or_is_counted_as_lost() {
    let mut lost_in_all = 0;
    for seed in 0..20 {
        let plant = Plant::default();
        let mut device = plant.device();
        // A gap can end one frame with the delimiter of a later one, and thus make it late.
        let faults = Faults {
            gaps: 0.0,
            ..Faults::mixed(5e-3)
        };
        let [uart, mut end] =
            VirtualUart::pair(&plant.time, Pace::uart(115_200), [faults; 2], seed);
        let mut caller = plant.caller(uart, Timing::default());
        caller.client().set_patience(Duration::from_secs(60), 0);
        let world = join(device.serve_async(&mut end), plant.tick());
        let (mut seen, outcome) = plant.time.run_in(world, async {
            subscribe(&mut caller).await;
            let call = plant.start(&mut caller, 1, 6);
            plant.await_end(&mut caller, call).await
        });
        assert_eq!((outcome, plant.journal.runs_of(1)), (Ok(6), 1), "{seed}");
        // Now that no event comes, the caller asks how many there were.
        let rest = plant.listen(&mut caller, Duration::from_secs(2));
        seen.extend(plant.time.run_in(device.serve_async(&mut end), rest));
        assert_arrived_at_once(&seen);
        let lost = caller.client().lost_events();
        lost_in_all += lost;
        assert_eq!(seen.len() as u32 + lost, plant.emitted.get(), "{seed}");
        assert_eq!(caller.client().counters().sessions, 1, "{seed}");
    }
    assert!(lost_in_all > 0, "the line was good");
}

#[test]
fn a_caller_that_connects_again_meanwhile_gets_its_session_when_the_procedure_has_ended() {
    let plant = Plant::default();
    let mut device = plant.device();
    let [uart, mut end] = VirtualUart::good_pair(&plant.time);
    let mut caller = plant.caller(uart, Timing::default());
    let world = join(device.serve_async(&mut end), plant.tick());
    plant.time.run_in(world, async {
        subscribe(&mut caller).await;
        let call = plant.start(&mut caller, 1, 6);
        let before = plant.listen(&mut caller, Duration::from_secs(1)).await;
        assert_arrived_at_once(&before);
        assert_eq!(before.len(), 5);
        caller.client().link_lost();
        let (seen, outcome) = plant.await_end(&mut caller, call).await;
        let lost = Err(CallError::OutcomeUnknown(Cause::Disconnected));
        assert_eq!((seen, outcome), (vec![], lost));

        // It subscribes anew in its next session, and gets nothing of the one before.
        let mut after = plant
            .listen(&mut caller, Duration::from_millis(2_500))
            .await;
        let call = plant.start(&mut caller, 2, 2);
        let (seen, outcome) = plant.await_end(&mut caller, call).await;
        assert_eq!(outcome, Ok(2));
        after.extend(seen);
        assert_arrived_at_once(&after);
        assert!(after[0].emitted > 3_000_000, "{:?}", after[0]);
        assert_eq!(times::<MotorStepped>(&after).len(), 2);
    });
    assert_eq!((plant.journal.runs_of(1), plant.journal.runs_of(2)), (1, 1));
    assert_eq!(caller.client().counters().sessions, 2);
    assert_eq!(caller.client().lost_events(), 0);
}

#[test]
fn on_a_bus_events_arrive_at_once_if_the_caller_leaves_the_bus_to_the_procedure() {
    let plant = Plant::default();
    let mut device = plant.device();
    let [(uart, pin), (end, end_pin)] = bus(&plant.time, Setup::default());
    let link = |uart, pin| {
        let turnaround = Duration::from_micros(200);
        HalfDuplex::new(uart, pin, plant.time.clone(), turnaround)
    };
    let timing = Timing {
        initial: Duration::from_secs(5),
        min: Duration::from_secs(5),
        ..Timing::default()
    };
    let mut caller = plant.caller(link(uart.clone(), pin), timing);
    caller.client().set_patience(Duration::from_secs(10), 0);
    let mut end = link(end, end_pin);
    let world = join(device.serve_async(&mut end), plant.tick());
    let (seen, outcome) = plant.time.run_in(world, async {
        subscribe(&mut caller).await;
        let call = plant.start(&mut caller, 1, 6);
        plant.await_end(&mut caller, call).await
    });
    assert_eq!((outcome, plant.journal.runs_of(1)), (Ok(6), 1));
    assert_arrived_at_once(&seen);
    assert_eq!((seen.len(), plant.emitted.get()), (15, 15));
    assert_eq!(uart.violations(), Violations::default());
}

#[test]
fn wherever_serving_is_dropped_each_event_arrives_once() {
    for polls in (1..100).step_by(3) {
        let plant = Plant::default();
        let mut device = plant.device();
        let [uart, mut end] = VirtualUart::good_pair(&plant.time);
        let mut caller = plant.caller(uart, Timing::default());
        let seen = {
            let mut ticking = pin!(plant.tick());
            let mut listening = pin!(async {
                subscribe(&mut caller).await;
                plant.start(&mut caller, 1, 6);
                plant.listen(&mut caller, Duration::from_secs(3)).await
            });
            loop {
                let world = pin!(join(device.serve_async(&mut end), ticking.as_mut()));
                let both = pin!(select(world, listening.as_mut()));
                match plant.time.poll(both, polls) {
                    None => {}
                    Some(Either::First(ended)) => panic!("{ended:?}"),
                    Some(Either::Second(seen)) => break seen,
                }
            }
        };
        // The first time, that ends the procedure.
        assert_eq!(plant.journal.runs_of(1), 1);
        assert_arrived_at_once(&seen);
        assert!(times::<MotorTicked>(&seen).len() >= 9);
        assert_eq!(seen.len() as u32, plant.emitted.get(), "{polls}");
        assert_eq!(caller.client().counters().broken, 0);
    }
}

/// A UART whose writes must not be dropped before they have ended, and fail once if there is no credit.
struct Delicate {
    uart: VirtualUart,
    /// The number of bytes until a write fails.
    credit: Option<u32>,
}

impl Delicate {
    /// Returns both ends of a good line, of which the device's is delicate.
    fn pair(time: &VirtualTime) -> (VirtualUart, Self) {
        let [caller, uart] = VirtualUart::good_pair(time);
        (caller, Self { uart, credit: None })
    }
}

/// A write that has not ended.
struct Writing {
    has_ended: bool,
}

impl Drop for Writing {
    fn drop(&mut self) {
        assert!(self.has_ended, "a write was dropped");
    }
}

impl ErrorType for Delicate {
    type Error = ErrorKind;
}

impl Read for Delicate {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let Ok(count) = self.uart.read(buffer).await;
        Ok(count)
    }
}

impl Write for Delicate {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        if let Some(credit) = &mut self.credit {
            let Some(rest) = credit.checked_sub(1) else {
                self.credit = None;
                return Err(ErrorKind::Other);
            };
            *credit = rest;
        }
        let mut writing = Writing { has_ended: false };
        let Ok(count) = self.uart.write(bytes).await;
        writing.has_ended = true;
        Ok(count)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        let Ok(()) = self.uart.flush().await;
        Ok(())
    }
}

#[test]
fn a_procedure_that_ends_while_an_event_is_written_does_not_interrupt_that() {
    for after in (0..1_500).step_by(50) {
        let plant = Plant::default();
        let mut device = plant.device();
        let (uart, mut end) = Delicate::pair(&plant.time);
        let mut caller = plant.caller(uart, Timing::default());
        let outcome = plant.time.run_in(device.serve_async(&mut end), async {
            subscribe(&mut caller).await;
            let call = plant.start(&mut caller, 1, 1);
            // The only step takes half a second from when the call has come.
            let before = plant.listen(&mut caller, Duration::from_micros(500_000 + after));
            assert_eq!(before.await.len(), 1);
            plant.emit(|micros| MotorTicked { micros });
            let (seen, outcome) = plant.await_end(&mut caller, call).await;
            assert_eq!(times::<MotorTicked>(&seen).len(), 1, "{after}");
            outcome
        });
        assert_eq!(outcome, Ok(1));
        assert_eq!(caller.client().counters().broken, 0);
        assert_eq!(caller.client().lost_events(), 0);
    }
}

#[test]
fn a_link_that_fails_meanwhile_does_not_end_the_procedure() {
    for credit in 0..10 {
        let plant = Plant::default();
        let mut device = plant.device();
        let (uart, mut end) = Delicate::pair(&plant.time);
        let mut caller = plant.caller(uart, Timing::default());
        let call = plant.time.run_in(device.serve_async(&mut end), async {
            subscribe(&mut caller).await;
            plant.start(&mut caller, 1, 6)
        });
        end.credit = Some(credit);
        let (seen, outcome) = {
            let mut ending = pin!(plant.await_end(&mut caller, call));
            let serving = device.serve_async(&mut end);
            let failed = plant.time.run(select(serving, ending.as_mut()));
            let Either::First(Err(LinkError::Io(ErrorKind::Other))) = failed else {
                panic!("{credit}: {failed:?}");
            };
            let now = plant.time.now().as_micros();
            assert!((3_000_000..3_010_000).contains(&now), "{now}");
            plant.time.run_in(device.serve_async(&mut end), ending)
        };
        assert_eq!((outcome, plant.journal.runs_of(1)), (Ok(6), 1));
        // The first event goes on where it was, and the others come late.
        assert_eq!(times::<MotorStepped>(&seen).len(), 6, "{credit}");
        assert_eq!(caller.client().counters().broken, 0);
    }
}

/// A motor that makes its steps when it is told to.
struct ToldMotor {
    events: Arc<SimulatedEvents>,
    told: mpsc::UnboundedReceiver<()>,
}

impl Motor for ToldMotor {
    async fn home(&mut self, _: u8, steps: u32) -> u32 {
        for step in 1..=steps {
            let micros = step.into();
            self.events.emit(&MotorStepped { micros });
            self.told.recv().await.expect("it is told");
        }
        steps
    }
}

#[test]
fn on_a_host_a_subscription_gets_the_events_of_a_call_that_waits() {
    let (tell, told) = mpsc::unbounded();
    let events = Arc::new(SimulatedEvents::new());
    let motor = ToldMotor {
        events: Arc::clone(&events),
        told,
    };
    let device = SimulatedDevice::<_, 64, 4>::waiting(|| MotorService(motor), events, 256);
    let connection = Connection::to(device);
    let mut steps = connection.subscribe::<MotorStepped>().unwrap();
    let patient = connection.within(std::time::Duration::from_secs(60));
    let call = patient.submit::<MotorHome>(&(1, 3)).unwrap();
    for step in 1..=3 {
        // The motor waits until this has come.
        let event = steps.next().expect("it is there").unwrap();
        assert_eq!((event.data.micros, event.lost), (step, 0));
        tell.unbounded_send(()).unwrap();
    }
    assert_eq!(call.wait(), Ok(3));
}
