//! Tests `serve_async`: bytes that come in while a procedure waits are not lost, and it can be
//! dropped at any point and called again without loss.

use embassy_futures::select::{Either, select};
use embedded_io_async::Read;
use firmware::CheckedCalculator;
use firmware::calculator::{CalculatorAsyncClient, CalculatorService, CalculatorTotalChanged};
use rpc_proto::client::{CallError, Cause, Client, Timing};
use rpc_proto::device::FIRST_EVENTS_NUMBER;
use rpc_proto::drivers::YieldingCaller;
use rpc_proto::events::{Emit, EventQueue};
use rpc_proto::server::{EventSource, Server};
use rpc_proto::service::{
    Bare, DispatchAsync, Event, FIRST_NUMBER, Interface, Member, Undescribed,
};
use rpc_proto::time::{Duration, Instant};
use rpc_proto::wire::message::Kind;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use tests::counter::{CounterRan, CounterService, Journal, JournaledCounter};
use tests::virtual_time::VirtualTime;
use tests::virtual_uart::{HoldingBack, VirtualUart};
use tests::waiting_counter::{
    JournaledWaitingCounter, WaitingCounterAccumulateSlowly, WaitingCounterAsyncClient,
    WaitingCounterService,
};
use tests::wire::Message;

const ACCUMULATE_SLOWLY: u16 = FIRST_NUMBER;
const ACCUMULATE_NOW: u16 = FIRST_NUMBER + 1;

/// More polls than anything here takes.
const MANY: u32 = 100_000;

type Counter = WaitingCounterService<JournaledWaitingCounter>;

/// Returns a device that counts, and its journal.
fn counter(time: &VirtualTime) -> (Server<Counter, 64, 4>, Journal) {
    let journal = Journal::default();
    let counter = JournaledWaitingCounter::new(time, &journal);
    (Server::new(WaitingCounterService(counter)), journal)
}

type Caller = YieldingCaller<VirtualUart, tests::clock::VirtualClock, VirtualTime, Client<64>>;

fn caller(time: &VirtualTime, uart: VirtualUart) -> Caller {
    YieldingCaller::new(
        uart,
        time.clock(),
        time.clone(),
        Client::new(1, Timing::default()),
    )
}

/// Serves until `future` ends, and starts again whenever it has been polled as many times as
/// `polls` says next.
fn serve_anew<I: DispatchAsync, E: EventSource, F: Future>(
    time: &VirtualTime,
    server: &mut Server<I, 64, 4, E>,
    uart: &mut VirtualUart,
    polls: impl IntoIterator<Item = u32>,
    mut future: Pin<&mut F>,
) -> F::Output {
    for polls in polls {
        let serving = pin!(server.serve_async(uart));
        match time.poll(pin!(select(serving, future.as_mut())), polls) {
            None => {}
            Some(Either::First(ended)) => panic!("{ended:?}"),
            Some(Either::Second(output)) => return output,
        }
    }
    panic!("it takes more polls than that");
}

/// Waits until that many frames have come in.
async fn frames(time: &VirtualTime, uart: &VirtualUart, count: usize) -> Vec<Message> {
    let mut received = Vec::new();
    let ends_frame = |pair: &[u8]| pair[0] != 0 && pair[1] == 0;
    while received.windows(2).filter(|pair| ends_frame(pair)).count() < count {
        time.sleep(Duration::from_micros(50)).await;
        received.extend(uart.received());
    }
    Message::all_in(&received)
}

#[test]
fn calls_that_arrive_while_a_procedure_waits_run_after_it_in_order() {
    let time = VirtualTime::default();
    let (mut server, journal) = counter(&time);
    let [uart, mut device] = VirtualUart::good_pair(&time);
    uart.queue(&Message::connect(1).frame());
    uart.queue(&Message::call(0, ACCUMULATE_SLOWLY, (1_i64, 500_u32)).frame());
    for seq in 1..4 {
        uart.queue(&Message::call(seq, ACCUMULATE_NOW, (i64::from(seq) + 1,)).frame());
    }
    let answers = time.run_in(server.serve_async(&mut device), async {
        // All bytes have come in, one call has begun, and none is answered.
        time.sleep(Duration::from_millis(400)).await;
        assert_eq!(journal.runs(), 1);
        let kinds = Message::all_in(&uart.received());
        assert_eq!(kinds.len(), 1, "the Accept");
        frames(&time, &uart, 4).await
    });
    assert!(time.now() > Instant::from_micros(500_000));
    let totals = [1_i64, 3, 6, 10];
    let expected = (0..).zip(totals).map(|(seq, it)| Message::value(seq, it));
    assert_eq!(answers, expected.collect::<Vec<_>>());
}

/// Returns a Connect, four calls, and the first of them once more.
fn conversation() -> Vec<u8> {
    let mut frames = vec![Message::connect(1)];
    frames.extend((0..4).map(|seq| Message::call(seq, ACCUMULATE_NOW, (i64::from(seq) + 1,))));
    frames.push(Message::call(0, ACCUMULATE_NOW, (1_i64,)));
    frames.iter().flat_map(Message::frame).collect()
}

/// Runs that conversation while `serve_async` is dropped after so many polls each time.
fn assert_served(polls: impl Iterator<Item = u32>) {
    let time = VirtualTime::default();
    let (mut server, journal) = counter(&time);
    let [uart, mut device] = VirtualUart::good_pair(&time);
    uart.queue(&conversation());
    let answers = pin!(frames(&time, &uart, 6));
    let answers = serve_anew(&time, &mut server, &mut device, polls, answers);
    assert_eq!(answers[0].kind, Kind::Accept);
    let totals = [(0, 1_i64), (1, 3), (2, 6), (3, 10), (0, 1)];
    let expected = totals.map(|(seq, total)| Message::value(seq, total));
    assert_eq!(answers[1..], expected);
    assert_eq!(journal.runs(), 4, "each call ran once");
}

#[test]
fn serving_may_be_dropped_at_any_await_and_started_again() {
    // The whole takes fewer polls, so that this covers each of them.
    for polls in 1..2_000 {
        assert_served([polls, MANY].into_iter());
    }
}

#[test]
fn serving_may_be_dropped_at_every_await() {
    for polls in 1..20 {
        assert_served(std::iter::repeat(polls));
    }
}

#[test]
fn a_call_whose_procedure_is_dropped_has_run_and_is_not_answered() {
    let time = VirtualTime::default();
    let (mut server, journal) = counter(&time);
    let [uart, mut device] = VirtualUart::good_pair(&time);
    let mut caller = caller(&time, uart);
    let mut counter = WaitingCounterAsyncClient::new(&mut caller);
    {
        let mut call = pin!(counter.accumulate_slowly(5, 100));
        let until_it_runs = async {
            while journal.runs() == 0 {
                time.sleep(Duration::from_millis(1)).await;
            }
        };
        let until_it_runs = select(call.as_mut(), until_it_runs);
        let begun = time.run_in(server.serve_async(&mut device), until_it_runs);
        assert!(matches!(begun, Either::Second(())));
        // It is dropped here, and started again.
        let lost = time.run_in(server.serve_async(&mut device), call);
        assert_eq!(lost, Err(CallError::OutcomeUnknown(Cause::Timeout)));
    }
    assert!(time.now() >= Instant::from_micros(2_000_000));
    let later = time.run_in(server.serve_async(&mut device), counter.accumulate_now(1));
    assert_eq!(later, Ok(6));
    assert_eq!((journal.runs_of(5), journal.runs_of(1)), (1, 1));
}

#[test]
fn wherever_serving_is_dropped_the_caller_is_told_the_truth() {
    let mut outcomes = Vec::new();
    for polls in 1..200 {
        let time = VirtualTime::default();
        let (mut server, journal) = counter(&time);
        let [uart, mut device] = VirtualUart::good_pair(&time);
        let mut caller = caller(&time, uart);
        let mut counter = WaitingCounterAsyncClient::new(&mut caller);
        let outcome = {
            let call = pin!(counter.accumulate_slowly(5, 3));
            let polls = [polls, MANY];
            serve_anew(&time, &mut server, &mut device, polls, call)
        };
        assert_eq!(journal.runs_of(5), 1);
        let later = time.run_in(server.serve_async(&mut device), counter.accumulate_now(1));
        assert_eq!(later, Ok(6));
        outcomes.push(outcome);
    }
    let lost = Err(CallError::OutcomeUnknown(Cause::Timeout));
    let first = outcomes.iter().position(|outcome| *outcome == lost);
    let last = outcomes.iter().rposition(|outcome| *outcome == lost);
    let (first, last) = (first.expect("dropped in it"), last.expect("dropped in it"));
    assert!(
        outcomes[first..=last]
            .iter()
            .all(|outcome| *outcome == lost)
    );
    let (before, after) = (&outcomes[..first], &outcomes[last + 1..]);
    assert!(before.iter().chain(after).all(|outcome| *outcome == Ok(5)));
    assert!(!before.is_empty() && !after.is_empty());
}

rpc_proto::interface! {
    /// A procedure that waits, and some that do not.
    async struct Bench("bench", "1.0.0") {
        calculator: CalculatorService<CheckedCalculator>,
        counter: Counter,
    }
}

fn bench(time: &VirtualTime) -> Bench {
    Bench {
        calculator: CalculatorService(CheckedCalculator::new()),
        counter: WaitingCounterService(JournaledWaitingCounter::new(time, &Journal::default())),
    }
}

/// Calls both services of a bench.
fn assert_both_answer(time: &VirtualTime, interface: impl DispatchAsync) {
    let mut server = Server::<_, 160, 2>::new(interface);
    let [uart, mut device] = VirtualUart::good_pair(time);
    let mut caller = caller(time, uart);
    let answers = time.run_in(server.serve_async(&mut device), async {
        let sum = CalculatorAsyncClient::new(&mut caller).add(2, 3).await;
        let mut counter = WaitingCounterAsyncClient::new(&mut caller);
        (sum, counter.accumulate_slowly(4, 10).await)
    });
    assert_eq!(answers, (Ok(5), Ok(4)));
}

#[test]
fn one_interface_may_have_services_that_wait_and_services_that_do_not() {
    let time = VirtualTime::default();
    assert_both_answer(&time, bench(&time));
}

#[test]
fn an_async_interface_may_be_undescribed() {
    let time = VirtualTime::default();
    assert_both_answer(&time, Undescribed(bench(&time)));
}

#[test]
fn an_async_service_may_be_all_that_there_is() {
    let time = VirtualTime::default();
    let counter = JournaledWaitingCounter::new(&time, &Journal::default());
    let mut server = Server::<_, 64, 2>::new(Bare(WaitingCounterService(counter)));
    let [uart, mut device] = VirtualUart::good_pair(&time);
    let mut caller = caller(&time, uart);
    let mut counter = WaitingCounterAsyncClient::new(&mut caller);
    let serving = server.serve_async(&mut device);
    let value = time.run_in(serving, counter.accumulate_slowly(4, 10));
    assert_eq!(value, Ok(4));
}

#[test]
fn what_a_link_holds_back_goes_out_even_if_serving_is_dropped() {
    for polls in 1..300 {
        let time = VirtualTime::default();
        let (mut server, _) = counter(&time);
        let [caller, device] = VirtualUart::good_pair(&time);
        let mut device = HoldingBack::from(device);
        caller.queue(&Message::connect(1).frame());
        caller.queue(&Message::call(0, ACCUMULATE_NOW, (1_i64,)).frame());
        let mut answers = pin!(frames(&time, &caller, 2));
        let dropped = {
            let serving = pin!(server.serve_async(&mut device));
            time.poll(pin!(select(serving, answers.as_mut())), polls)
        };
        // Nothing is sent again: all bytes that come now were held back.
        let answers = match dropped {
            Some(Either::Second(answers)) => answers,
            _ => time.run_in(server.serve_async(&mut device), answers),
        };
        assert_eq!(answers[1], Message::value(0, 1_i64));
    }
}

/// Returns a Connect, and a call that subscribes to the event with that key.
fn subscription(key: u32) -> Vec<u8> {
    let subscribe = Message::call(0, FIRST_EVENTS_NUMBER, key);
    [Message::connect(1).frame(), subscribe.frame()].concat()
}

#[test]
fn events_go_out_once_wherever_serving_is_dropped() {
    for polls in 1..20 {
        let time = VirtualTime::default();
        let queue = EventQueue::<64>::new();
        let counter = JournaledCounter::new(0, Journal::default(), &queue);
        let mut server = Server::<_, 64, 4>::with_events(CounterService(counter), &queue);
        let [uart, mut device] = VirtualUart::good_pair(&time);
        uart.queue(&subscription(CounterRan::KEY));
        for seq in 1..4 {
            uart.queue(&Message::call(seq, FIRST_NUMBER, (i64::from(seq),)).frame());
        }
        let answers = pin!(frames(&time, &uart, 8));
        let polls = std::iter::repeat(polls);
        let answers = serve_anew(&time, &mut server, &mut device, polls, answers);
        let events = answers.iter().filter(|answer| answer.kind == Kind::Event);
        let amounts = events.map(|event| {
            let (_topic, amount): (u16, i64) = postcard::from_bytes(&event.body).expect("an event");
            (event.seq, amount)
        });
        assert_eq!(amounts.collect::<Vec<_>>(), [(0, 1), (1, 2), (2, 3)]);
    }
}

/// True if anybody was woken.
#[derive(Default)]
struct Alarm(AtomicBool);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asserts that an event wakes a server, which then sends it.
fn assert_woken<E: Event>(
    time: &VirtualTime,
    uart: &VirtualUart,
    queue: &EventQueue<64>,
    mut serving: Pin<&mut impl Future>,
    event: &E,
) {
    let alarm = Arc::new(Alarm::default());
    let waker = Waker::from(Arc::clone(&alarm));
    let waiting = serving.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(waiting.is_pending() && !alarm.0.load(Ordering::Relaxed));
    queue.emit(event);
    assert!(alarm.0.load(Ordering::Relaxed), "it sleeps on");
    let event = time.run_in(serving, frames(time, uart, 1));
    assert_eq!(event[0].kind, Kind::Event);
}

#[test]
fn an_event_wakes_a_server_that_waits_for_bytes() {
    let time = VirtualTime::default();
    let queue = EventQueue::new();
    let counter = JournaledCounter::new(0, Journal::default(), &queue);
    let mut server = Server::<_, 64, 4>::with_events(CounterService(counter), &queue);
    let [uart, mut device] = VirtualUart::good_pair(&time);
    uart.queue(&subscription(CounterRan::KEY));
    let mut serving = pin!(server.serve_async(&mut device));
    let subscribed = frames(&time, &uart, 2);
    assert_eq!(time.run_in(serving.as_mut(), subscribed).len(), 2);
    let event = CounterRan { amount: 5 };
    assert_woken(&time, &uart, &queue, serving, &event);
}

#[test]
fn an_event_wakes_a_server_whose_procedure_waits() {
    let time = VirtualTime::default();
    let queue = EventQueue::new();
    let mut server = Server::<_, 160, 4>::with_events(bench(&time), &queue);
    let [uart, mut device] = VirtualUart::good_pair(&time);
    uart.queue(&subscription(CalculatorTotalChanged::KEY));
    let slowly = server
        .interface()
        .resolve(WaitingCounterAccumulateSlowly::KEY);
    let number = FIRST_NUMBER + slowly.expect("it is there");
    uart.queue(&Message::call(1, number, (1_i64, 500_u32)).frame());
    let mut serving = pin!(server.serve_async(&mut device));
    time.run_in(serving.as_mut(), time.sleep(Duration::from_millis(100)));
    assert_eq!(Message::all_in(&uart.received()).len(), 2);
    let event = CalculatorTotalChanged { total: 5 };
    assert_woken(&time, &uart, &queue, serving, &event);
    assert!(time.now() < Instant::from_micros(200_000));
}

#[test]
fn an_event_wakes_a_driver_of_ones_own() {
    let time = VirtualTime::default();
    let queue = EventQueue::new();
    let counter = JournaledCounter::new(0, Journal::default(), &queue);
    let mut server = Server::<_, 64, 4>::with_events(CounterService(counter), &queue);
    let [uart, mut device] = VirtualUart::good_pair(&time);
    uart.queue(&subscription(CounterRan::KEY));
    let mut serving = pin!(async {
        loop {
            let mut byte = [0];
            match select(device.read(&mut byte), server.event()).await {
                Either::First(Ok(_)) => server.receive(byte[0]),
                Either::Second(()) => {}
            }
            device.queue(server.outgoing());
            server.sent_all();
        }
    });
    let subscribed = frames(&time, &uart, 2);
    assert_eq!(time.run_in(serving.as_mut(), subscribed).len(), 2);
    let event = CounterRan { amount: 5 };
    assert_woken(&time, &uart, &queue, serving, &event);
}
