//! Tests the callers over a line in virtual time: every call runs once or ends with a true error,
//! and ends in time, whatever the line does and wherever a call is dropped.

use embassy_futures::select::select;
use firmware::CheckedCalculator;
use firmware::calculator::{
    CalculatorAsyncClient, CalculatorClient, CalculatorService, CalculatorTotal, MathError,
};
use rpc_proto::client::{self, AsyncCaller, CallError, Caller, Cause, Client, Ran, Timing};
use rpc_proto::drivers::{BlockingCaller, YieldingCaller};
use rpc_proto::events::EventQueue;
use rpc_proto::server::{NoEvents, Server};
use rpc_proto::time::{Duration, Instant};
use std::pin::pin;
use tests::calculator;
use tests::clock::VirtualClock;
use tests::counter::{
    CounterAccumulate, CounterAsyncClient, CounterClient, CounterRan, CounterService, Journal,
    JournaledCounter,
};
use tests::line::{Faults, Pace};
use tests::virtual_time::VirtualTime;
use tests::virtual_uart::{BlockingUart, HoldingBack, VirtualUart};
use tests::workload::Tally;

type Counters<const WINDOW: usize> = Server<CounterService<JournaledCounter>, 64, WINDOW>;
type Yielding<const WINDOW: usize> =
    YieldingCaller<VirtualUart, VirtualClock, VirtualTime, Client<64, WINDOW>>;
type Blocking<'w, W> = BlockingCaller<BlockingUart<'w, W>, VirtualClock, Client<64>>;

fn counter<const WINDOW: usize>() -> (Counters<WINDOW>, Journal) {
    let journal = Journal::default();
    let counter = JournaledCounter::new(0, journal.clone(), NoEvents);
    (Server::new(CounterService(counter)), journal)
}

fn yielding<const WINDOW: usize>(time: &VirtualTime, uart: VirtualUart) -> Yielding<WINDOW> {
    YieldingCaller::new(
        uart,
        time.clock(),
        time.clone(),
        Client::new(1, Timing::default()),
    )
}

fn blocking<'w, W: Future>(time: &VirtualTime, uart: BlockingUart<'w, W>) -> Blocking<'w, W> {
    BlockingCaller::new(uart, time.clock(), Client::new(1, Timing::default()))
}

/// Creates a calculator at the other end of a good line, with frames for all of its procedures.
fn calculator(
    time: &VirtualTime,
) -> (
    Server<CalculatorService<CheckedCalculator>, 160, 4>,
    [VirtualUart; 2],
) {
    let calculator = CalculatorService(CheckedCalculator::new());
    (Server::new(calculator), VirtualUart::good_pair(time))
}

#[test]
fn a_blocking_caller_calls_every_procedure() {
    let time = VirtualTime::default();
    let (mut server, [uart, mut device]) = calculator(&time);
    let world = pin!(server.serve_async(&mut device));
    let uart = BlockingUart::new(uart, world);
    let caller = BlockingCaller::new(uart, time.clock(), Client::<160>::new(1, Timing::default()));
    calculator::assert_answers(&mut CalculatorClient::new(caller));
}

#[test]
fn a_yielding_caller_calls_procedures_of_every_shape() {
    let time = VirtualTime::default();
    let (mut server, [uart, mut device]) = calculator(&time);
    let (clock, delay) = (time.clock(), time.clone());
    let caller = YieldingCaller::new(uart, clock, delay, Client::<160>::new(1, Timing::default()));
    let mut calculator = CalculatorAsyncClient::new(caller);
    time.run_in(server.serve_async(&mut device), async {
        assert_eq!(calculator.add(2, 3).await, Ok(5));
        let error = CallError::Error(MathError::DivideByZero);
        assert_eq!(calculator.div(1, 0).await, Err(error));
        let expression = String::from("2*(3+4)-5");
        assert_eq!(calculator.evaluate(&expression).await, Ok(9));
        let samples = [1.0, 2.0, 4.5].into_iter().collect();
        let summary = calculator.statistics(samples).await;
        assert_eq!(summary.map(|summary| summary.mean), Ok(2.5));
        assert_eq!(calculator.accumulate(42).await, Ok(42));
        assert_eq!(calculator.clear().await, Ok(()));
        assert_eq!(calculator.total().await, Ok(0));
    });
}

/// Returns faults of every kind.
fn noisy() -> Faults {
    Faults::mixed(3e-3)
}

/// Accumulates the amounts from 1 on through that caller.
async fn accumulate(caller: &mut Yielding<1>, count: i64) -> Vec<Result<i64, CallError>> {
    let mut counter = CounterAsyncClient::new(caller);
    let mut outcomes = Vec::new();
    for amount in 1..=count {
        outcomes.push(counter.accumulate(amount).await);
    }
    outcomes
}

fn assert_right(outcomes: &[Result<i64, CallError>], journal: &Journal, seen: &client::Counters) {
    let right = Tally {
        right: outcomes.len() as u64,
        runs: outcomes.len() as u64,
        ..Tally::default()
    };
    assert_eq!(Tally::of(outcomes, journal), right);
    assert!(seen.resent > 0, "the line was not noisy: {seen:?}");
}

#[test]
fn a_yielding_caller_runs_every_call_once_on_a_noisy_line() {
    for seed in 0..5 {
        let time = VirtualTime::default();
        let [uart, mut device] = VirtualUart::pair(&time, Pace::uart(115_200), [noisy(); 2], seed);
        let (mut server, journal) = counter::<4>();
        let mut caller = yielding(&time, uart);
        caller.client().set_patience(Duration::from_secs(60), 0);
        let serving = server.serve_async(&mut device);
        let outcomes = time.run_in(serving, accumulate(&mut caller, 200));
        assert_right(&outcomes, &journal, caller.client().counters());
    }
}

#[test]
fn a_blocking_caller_runs_every_call_once_on_a_noisy_line() {
    for seed in 0..5 {
        let time = VirtualTime::default();
        let [uart, mut device] = VirtualUart::pair(&time, Pace::uart(115_200), [noisy(); 2], seed);
        let (mut server, journal) = counter::<4>();
        let world = pin!(server.serve_async(&mut device));
        let mut caller = blocking(&time, BlockingUart::new(uart, world));
        caller.client().set_patience(Duration::from_secs(60), 0);
        let mut counter = CounterClient::new(&mut caller);
        let outcomes: Vec<_> = (1..=200).map(|amount| counter.accumulate(amount)).collect();
        assert_right(&outcomes, &journal, caller.client().counters());
    }
}

/// Drops a call of 1 after so many polls, makes one of 2, and returns true if the first was dropped
/// before it had ended.
fn call_after_a_dropped_one<const WINDOW: usize>(faults: Faults, seed: u64, polls: u32) -> bool {
    let time = VirtualTime::default();
    let [uart, mut device] = VirtualUart::pair(&time, Pace::uart(115_200), [faults; 2], seed);
    let (mut server, journal) = counter::<4>();
    let mut caller = yielding::<WINDOW>(&time, uart);
    let mut counter = CounterAsyncClient::new(&mut caller);
    let mut world = pin!(server.serve_async(&mut device));
    let dropped = {
        let call = pin!(counter.accumulate(1));
        let both = pin!(select(world.as_mut(), call));
        time.poll(both, polls).is_none()
    };
    let total = time.run_in(world.as_mut(), counter.accumulate(2));
    let runs = journal.runs_of(1);
    assert!(runs <= 1, "it ran {runs} times");
    assert_eq!(
        total,
        Ok(2 + i64::from(runs)),
        "dropped after {polls} polls"
    );
    assert_eq!(journal.runs_of(2), 1);
    dropped
}

#[test]
fn a_call_may_be_dropped_at_any_await_and_the_next_one_works() {
    let dropped = (1..500).filter(|&polls| call_after_a_dropped_one::<1>(Faults::NONE, 1, polls));
    assert!(
        (50..499).contains(&dropped.count()),
        "every await, and the end"
    );
    let dropped = (1..500).filter(|&polls| call_after_a_dropped_one::<2>(Faults::NONE, 1, polls));
    assert!(
        (50..499).contains(&dropped.count()),
        "every await, and the end"
    );
}

#[test]
fn a_call_may_be_dropped_at_any_await_on_a_noisy_line() {
    for seed in 0..10 {
        for polls in (1..150).step_by(3) {
            call_after_a_dropped_one::<1>(noisy(), seed, polls);
            call_after_a_dropped_one::<2>(noisy(), seed, polls);
        }
    }
}

#[test]
fn a_call_that_was_dropped_before_it_was_sent_never_runs() {
    let time = VirtualTime::default();
    let [uart, mut device] = VirtualUart::good_pair(&time);
    let (mut server, journal) = counter::<4>();
    let mut caller = yielding::<2>(&time, uart);
    let mut counter = CounterAsyncClient::new(&mut caller);
    // The device does not answer the Connect yet.
    assert_eq!(time.poll(pin!(counter.accumulate(1)), 40), None);
    let total = time.run_in(server.serve_async(&mut device), counter.accumulate(2));
    assert_eq!((total, journal.runs_of(1)), (Ok(2), 0));
}

#[test]
fn what_a_link_holds_back_goes_out_even_if_the_call_is_dropped() {
    for polls in 1..200 {
        let time = VirtualTime::default();
        let [uart, mut device] = VirtualUart::good_pair(&time);
        let (mut server, journal) = counter::<1>();
        let (clock, delay) = (time.clock(), time.clone());
        let uart = HoldingBack::from(uart);
        let mut caller =
            YieldingCaller::new(uart, clock, delay, Client::<64>::new(1, Timing::default()));
        let mut world = pin!(server.serve_async(&mut device));
        {
            let call = pin!(caller.call::<CounterAccumulate>(&(1,)));
            // It makes no difference if it is dropped or ends, here or there.
            let _ = time.poll(pin!(select(world.as_mut(), call)), polls);
        }
        let call = caller.call::<CounterAccumulate>(&(2,));
        let total = time.run_in(world.as_mut(), call);
        assert_eq!(total, Ok(2 + i64::from(journal.runs_of(1))));
        assert_eq!(caller.client().counters().resent, 0);
    }
}

/// Calls on a link that takes so many bytes and no more, and again when it takes bytes again.
///
/// Returns None if they were enough.
fn call_while_the_link_takes_only(room: usize) -> Option<CallError> {
    let time = VirtualTime::default();
    let [mut uart, mut device] = VirtualUart::good_pair(&time);
    uart.set_room(room);
    let (mut server, journal) = counter::<1>();
    let mut caller = yielding::<1>(&time, uart);
    let mut world = pin!(server.serve_async(&mut device));
    let call = caller.call::<CounterAccumulate>(&(1,));
    let failed = time.run_in(world.as_mut(), call).err()?;
    let late = time.now().since(Instant::from_micros(2_000_000));
    assert!(time.now() >= Instant::from_micros(2_000_000));
    assert!(
        late < Duration::from_millis(1),
        "{late:?} after the deadline"
    );

    caller.link().set_room(usize::MAX);
    let call = caller.call::<CounterAccumulate>(&(2,));
    let total = time.run_in(world.as_mut(), call);
    let runs = journal.runs_of(1);
    assert_eq!(total, Ok(2 + i64::from(runs)));
    assert!(runs == 0 || failed.ran() == Ran::Unknown, "{failed:?}");
    Some(failed)
}

/// The lengths of a Connect with the delimiter before it, and of a call.
const CONNECT: usize = 11;
const CALL: usize = 9;

#[test]
fn a_link_that_takes_no_more_bytes_does_not_hold_a_call_beyond_its_deadline() {
    let failures: Vec<CallError> = (0..).map_while(call_while_the_link_takes_only).collect();
    let unknown = CallError::OutcomeUnknown(Cause::Timeout);
    let to_connect = failures.partition_point(|&failure| failure == CallError::Timeout);
    let [connect, call] = [&failures[..to_connect], &failures[to_connect..]];
    assert_eq!(connect, [CallError::Timeout; CONNECT]);
    assert_eq!(call, [unknown; CALL]);
}

#[test]
fn a_call_does_not_wait_for_the_deadline_of_one_that_was_dropped() {
    let time = VirtualTime::default();
    let [uart, mut device] = VirtualUart::good_pair(&time);
    let (mut server, journal) = counter::<1>();
    let mut caller = yielding::<1>(&time, uart);
    caller.client().set_patience(Duration::from_secs(1000), 0);
    {
        let call = pin!(caller.call::<CounterAccumulate>(&(1,)));
        let both = pin!(select(server.serve_async(&mut device), call));
        // The device has answered the Connect and waits for the rest of the call, for ever.
        assert!(time.poll(both, 60).is_none());
    }
    caller.client().set_patience(Duration::from_secs(1), 0);
    let begin = time.now();
    let end = time.run(caller.call::<CounterAccumulate>(&(2,)));
    assert_eq!(end, Err(CallError::Timeout));
    assert!(time.now().since(begin) < Duration::from_millis(1001));
    assert!(caller.client().device().is_some(), "the session goes on");
    assert_eq!(journal.runs(), 0);
}

rpc_proto::interface! {
    /// A calculator whose procedures' numbers have to be looked up.
    struct Asked("asked", "1.0.0") {
        calculator: CalculatorService<CheckedCalculator>,
    }
}

/// Creates a device that is far away: an answer takes 1.4 seconds. The first call takes three of
/// them: to connect, to look up the procedure's number, and to call.
fn far_away(time: &VirtualTime) -> (Server<Asked, 160, 1>, [VirtualUart; 2]) {
    let pace = Pace::adapter(115_200, Duration::from_millis(700));
    let calculator = CalculatorService(CheckedCalculator::new());
    (
        Server::new(Asked { calculator }),
        VirtualUart::pair(time, pace, [Faults::NONE; 2], 1),
    )
}

#[test]
fn the_time_of_a_yielding_callers_call_includes_asking_for_its_number() {
    for (seconds, outcome) in [(2, Err(CallError::Timeout)), (5, Ok(0))] {
        let time = VirtualTime::default();
        let (mut server, [uart, mut device]) = far_away(&time);
        let mut caller = yielding::<1>(&time, uart);
        caller
            .client()
            .set_patience(Duration::from_secs(seconds), 0);
        let call = caller.call::<CalculatorTotal>(&());
        let end = time.run_in(server.serve_async(&mut device), call);
        assert_eq!(end, outcome);
        assert!(time.now() < Instant::from_micros(u64::from(seconds) * 1_000_000 + 1_000));
    }
}

#[test]
fn the_time_of_a_blocking_callers_call_includes_asking_for_its_number() {
    for (seconds, outcome) in [(2, Err(CallError::Timeout)), (5, Ok(0))] {
        let time = VirtualTime::default();
        let (mut server, [uart, mut device]) = far_away(&time);
        let world = pin!(server.serve_async(&mut device));
        let mut caller = blocking(&time, BlockingUart::new(uart, world));
        caller
            .client()
            .set_patience(Duration::from_secs(seconds), 0);
        let end = caller.call::<CalculatorTotal>(&());
        assert_eq!(end, outcome);
        assert!(time.now() < Instant::from_micros(u64::from(seconds) * 1_000_000 + 1_000));
    }
}

#[test]
fn events_that_find_no_room_in_the_caller_are_counted_once() {
    let time = VirtualTime::default();
    let queue = EventQueue::<256>::new();
    let counter = JournaledCounter::new(0, Journal::default(), &queue);
    let mut server = Server::<_, 64, 1, _>::with_events(CounterService(counter), &queue);
    let [uart, mut device] = VirtualUart::good_pair(&time);
    let world = pin!(server.serve_async(&mut device));
    // There is room for two events.
    let client = Client::<64, 1>::new(1, Timing::default()).with_subscriptions::<1, 40>();
    let mut caller = BlockingCaller::new(BlockingUart::new(uart, world), time.clock(), client);
    let mut early: client::Subscription<CounterRan> = caller.subscribe().unwrap();
    for amount in 0..10 {
        CounterClient::new(&mut caller).double(amount).unwrap();
    }
    let mut read = Vec::new();
    while let Some(event) = caller.next_event(Duration::from_millis(100)) {
        read.push(early.read(&event).map(|event| event.unwrap().lost));
    }
    // The last event follows the reply to its call, and finds room again.
    assert_eq!(read, [Some(0), Some(0), Some(7)]);
    assert_eq!(caller.client().lost_events(), 7);
    let mut late: client::Subscription<CounterRan> = caller.subscribe().unwrap();
    CounterClient::new(&mut caller).double(10).unwrap();
    let event = caller.next_event(Duration::from_millis(100)).unwrap();
    assert_eq!(early.read(&event).map(|event| event.unwrap().lost), Some(0));
    assert_eq!(late.read(&event).map(|event| event.unwrap().lost), Some(0));
}
