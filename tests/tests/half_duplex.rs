//! Tests caller and device on a bus that carries one direction at a time: every call runs once, and
//! without noise the two never send at the same time.

use embassy_futures::select::select;
use rpc_proto::client::{self, CallError, Client, Timing};
use rpc_proto::drivers::{BlockingCaller, HalfDuplex, LinkError, YieldingCaller};
use rpc_proto::server::{NoEvents, Server};
use rpc_proto::time::Duration;
use std::cell::Cell;
use std::pin::pin;
use tests::blocking::Blocking;
use tests::bus::{BusUart, DriverEnable, Setup, Violations, bus};
use tests::clock::VirtualClock;
use tests::counter::{
    CounterAsyncClient, CounterClient, CounterService, Journal, JournaledCounter,
};
use tests::virtual_time::VirtualTime;
use tests::waiting_counter::{
    JournaledWaitingCounter, WaitingCounterAsyncClient, WaitingCounterService,
};
use tests::workload::Tally;

const CALLS: i64 = 50;

/// More than two bytes.
const TURNAROUND: Duration = Duration::from_micros(200);

type End = (BusUart, DriverEnable);
type Counters = Server<CounterService<JournaledCounter>, 64, 1>;
type Caller = YieldingCaller<
    HalfDuplex<BusUart, DriverEnable, VirtualTime>,
    VirtualClock,
    VirtualTime,
    Client<64>,
>;
type Outcomes = Vec<Result<i64, CallError>>;

fn counter() -> (Counters, Journal) {
    let journal = Journal::default();
    let counter = JournaledCounter::new(0, journal.clone(), NoEvents);
    (Server::new(CounterService(counter)), journal)
}

/// Returns one end's link.
fn link<D>((uart, pin): End, delay: D, setup: Setup) -> HalfDuplex<BusUart, DriverEnable, D> {
    with_echo_if(HalfDuplex::new(uart, pin, delay, TURNAROUND), setup)
}

fn with_echo_if<L, D>(
    link: HalfDuplex<L, DriverEnable, D>,
    setup: Setup,
) -> HalfDuplex<L, DriverEnable, D> {
    if setup.echo { link.with_echo() } else { link }
}

fn yielding(time: &VirtualTime, end: End, setup: Setup) -> Caller {
    let link = link(end, time.clone(), setup);
    let mut caller = YieldingCaller::new(
        link,
        time.clock(),
        time.clone(),
        Client::new(1, Timing::default()),
    );
    caller.client().set_patience(Duration::from_secs(60), 0);
    caller
}

async fn accumulate(caller: &mut Caller) -> Outcomes {
    let mut counter = CounterAsyncClient::new(caller);
    let mut outcomes = Outcomes::new();
    for amount in 1..=CALLS {
        outcomes.push(counter.accumulate(amount).await);
    }
    outcomes
}

/// The outcomes of a number of calls on a bus.
struct Conversation {
    outcomes: Outcomes,
    journal: Journal,
    seen: client::Counters,
    violations: Violations,
}

impl Conversation {
    fn assert_all_ran_once(&self) {
        let all = self.outcomes.len() as u64;
        let right = Tally {
            right: all,
            runs: all,
            ..Tally::default()
        };
        let tally = Tally::of(&self.outcomes, &self.journal);
        assert_eq!(tally, right, "{:?}, {:?}", self.seen, self.violations);
    }

    fn assert_undisturbed(&self) {
        self.assert_all_ran_once();
        assert_eq!(self.violations, Violations::default());
        assert_eq!((self.seen.resent, self.seen.broken), (0, 0));
    }
}

/// Runs two ends that let other tasks run while they wait.
fn yielding_to_async(setup: Setup) -> Conversation {
    let time = VirtualTime::default();
    let [caller, device] = bus(&time, setup);
    let uart = caller.0.clone();
    let (mut server, journal) = counter();
    let mut caller = yielding(&time, caller, setup);
    let mut device = link(device, time.clone(), setup);
    let outcomes = time.run_in(server.serve_async(&mut device), accumulate(&mut caller));
    Conversation {
        outcomes,
        journal,
        seen: *caller.client().counters(),
        violations: uart.violations(),
    }
}

/// Runs a caller that waits by blocking.
fn blocking_to_async(setup: Setup) -> Conversation {
    let time = VirtualTime::default();
    let [(uart, pin), device] = bus(&time, setup);
    let (mut server, journal) = counter();
    let mut device = link(device, time.clone(), setup);
    let world = pin!(server.serve_async(&mut device));
    let blocking = Blocking::new(uart.clone(), world);
    let delay = blocking.world();
    let link = with_echo_if(HalfDuplex::new(blocking, pin, delay, TURNAROUND), setup);
    let mut caller =
        BlockingCaller::new(link, time.clock(), Client::<64>::new(1, Timing::default()));
    caller.client().set_patience(Duration::from_secs(60), 0);
    let mut counter = CounterClient::new(&mut caller);
    let outcomes = (1..=CALLS)
        .map(|amount| counter.accumulate(amount))
        .collect();
    Conversation {
        outcomes,
        journal,
        seen: *caller.client().counters(),
        violations: uart.violations(),
    }
}

/// Runs a device that waits by blocking, or one that polls and has other work for so long in
/// between.
fn yielding_to_blocking(setup: Setup, other_things: Option<Duration>) -> Conversation {
    let time = VirtualTime::default();
    let [caller, (uart, pin)] = bus(&time, setup);
    let (mut server, journal) = counter();
    let mut caller = yielding(&time, caller, setup);
    let conversation = Cell::new(None);
    let world = pin!(async {
        let outcomes = accumulate(&mut caller).await;
        conversation.set(Some((outcomes, *caller.client().counters())));
    });
    let blocking = Blocking::new(uart.clone(), world);
    let world = blocking.world();
    let link = HalfDuplex::new(blocking, pin, world.clone(), TURNAROUND);
    let mut link = with_echo_if(link, setup);
    match other_things {
        None => assert_eq!(server.serve(&mut link), Err(LinkError::Closed)),
        Some(time_for_them) => {
            while !world.has_ended() {
                assert_eq!(server.poll(&mut link), Ok(()));
                for _ in 0..time_for_them.as_micros() {
                    world.go_on();
                }
            }
        }
    }
    let (outcomes, seen) = conversation.take().expect("the caller has done");
    Conversation {
        outcomes,
        journal,
        seen,
        violations: uart.violations(),
    }
}

/// Runs every driver on either end.
fn conversations(setup: Setup) -> [Conversation; 4] {
    [
        yielding_to_async(setup),
        blocking_to_async(setup),
        yielding_to_blocking(setup, None),
        yielding_to_blocking(setup, Some(Duration::from_micros(700))),
    ]
}

#[test]
fn on_a_good_bus_every_driver_talks_in_turn() {
    for conversation in conversations(Setup::default()) {
        conversation.assert_undisturbed();
    }
}

#[test]
fn an_end_that_hears_itself_does_not_listen_to_that() {
    let echo = Setup {
        echo: true,
        ..Setup::default()
    };
    for conversation in conversations(echo) {
        conversation.assert_undisturbed();
    }
}

#[test]
fn the_turnaround_leaves_the_other_end_time_to_switch_its_driver_off() {
    let slow = Setup {
        release: TURNAROUND,
        ..Setup::default()
    };
    for conversation in conversations(slow) {
        conversation.assert_undisturbed();
    }
}

#[test]
fn a_driver_that_stays_on_for_longer_than_the_turnaround_is_talked_over() {
    let setup = Setup {
        release: Duration::from_micros(TURNAROUND.as_micros() + 100),
        ..Setup::default()
    };
    let time = VirtualTime::default();
    let [caller, device] = bus(&time, setup);
    let uart = caller.0.clone();
    let (mut server, journal) = counter();
    let mut caller = yielding(&time, caller, setup);
    caller.client().set_patience(Duration::from_secs(1), 0);
    let mut device = link(device, time.clone(), setup);
    let mut counter = CounterAsyncClient::new(&mut caller);
    let outcome = time.run_in(server.serve_async(&mut device), counter.accumulate(1));
    assert!(uart.violations().collisions > 0);
    assert_eq!((outcome, journal.runs()), (Err(CallError::Timeout), 0));
}

#[test]
fn on_a_noisy_bus_every_call_runs_once() {
    for seed in 0..4 {
        let noisy = Setup {
            noise: 2e-3,
            echo: seed % 2 == 1,
            seed,
            ..Setup::default()
        };
        for conversation in conversations(noisy) {
            conversation.assert_all_ran_once();
            assert!(conversation.seen.resent > 0, "the bus was not noisy");
        }
    }
}

#[test]
fn what_the_switching_of_drivers_leaves_behind_costs_no_call() {
    for seed in 0..4 {
        let glitchy = Setup {
            glitches: 0.2,
            echo: seed % 2 == 1,
            seed,
            ..Setup::default()
        };
        for conversation in conversations(glitchy) {
            conversation.assert_all_ran_once();
        }
    }
}

/// A procedure takes so long that its caller has begun to ask again, or is just about to.
#[test]
fn an_answer_that_comes_while_the_caller_asks_again_is_put_off() {
    let mut yielded = 0;
    for millis in 90..125 {
        let setup = Setup::default();
        let time = VirtualTime::default();
        let [caller, device] = bus(&time, setup);
        let journal = Journal::default();
        let counter = JournaledWaitingCounter::new(&time, &journal);
        let mut server = Server::<_, 64, 1>::new(WaitingCounterService(counter));
        let mut caller = yielding(&time, caller, setup);
        let mut device = link(device, time.clone(), setup);
        let calls = async {
            let mut counter = WaitingCounterAsyncClient::new(&mut caller);
            let first = counter.accumulate_slowly(1, millis).await;
            [first, counter.accumulate_now(2).await]
        };
        let outcomes = time.run_in(server.serve_async(&mut device), calls);
        assert_eq!(outcomes, [Ok(1), Ok(3)], "{millis} ms");
        assert_eq!(journal.runs(), 2, "{millis} ms");
        yielded += device.yielded();
    }
    assert!(yielded > 0, "no answer was put off");
}

#[test]
fn a_call_that_is_dropped_anywhere_leaves_the_bus_to_the_next() {
    for polls in 1..80 {
        let setup = Setup::default();
        let time = VirtualTime::default();
        let [caller, device] = bus(&time, setup);
        let (mut server, journal) = counter();
        let mut caller = yielding(&time, caller, setup);
        let mut device = link(device, time.clone(), setup);
        let mut world = pin!(server.serve_async(&mut device));
        let mut counter = CounterAsyncClient::new(&mut caller);
        {
            let call = pin!(counter.accumulate(1));
            time.poll(pin!(select(world.as_mut(), call)), polls);
        }
        let total = time.run_in(world, counter.accumulate(2));
        let ran = i64::from(journal.runs_of(1));
        assert_eq!((total, journal.runs_of(2)), (Ok(2 + ran), 1), "{polls}");
        assert!(ran <= 1);
    }
}
