//! Tests programs that share a connection: they take turns, and the time limit of one ends no call of
//! another.

use firmware::calculator::{CalculatorAccumulate, CalculatorTotal};
use futures::executor::block_on;
use futures::future::{join_all, poll_fn};
use futures::stream::{FuturesUnordered, StreamExt};
use rpc_proto::client::Target;
use serial_rpc::connection::{PendingReply, Reply};
use serial_rpc::link::Link;
use serial_rpc::{CallError, Cause, Connection, Options};
use serial_rpc_simulator::SimulatedDevice;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

/// The window of the simulated device.
const WINDOW: i64 = 8;

/// A device whose answers wait behind a gate.
struct Gated {
    device: SimulatedDevice,
    is_open: AtomicBool,
    is_cut: AtomicBool,
}

impl Gated {
    fn connection(timeout: Duration) -> (Arc<Self>, Connection) {
        let device = Arc::new(Self {
            device: SimulatedDevice::new(),
            is_open: AtomicBool::new(true),
            is_cut: AtomicBool::new(false),
        });
        let options = Options {
            timeout,
            ..Options::default()
        };
        let connection = Connection::over(Arc::clone(&device), options).unwrap();
        // It knows the window and the number of the procedure from here on.
        assert_eq!(block_on(accumulate(&connection, 0)), Ok(0));
        (device, connection)
    }

    fn set_open(&self, is_open: bool) {
        self.is_open.store(is_open, Ordering::SeqCst);
    }
}

impl Link for Gated {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        if self.is_open.load(Ordering::SeqCst) {
            return self.device.read(buffer, timeout);
        }
        thread::sleep(timeout.min(Duration::from_millis(1)));
        Ok(0)
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        match self.is_cut.load(Ordering::SeqCst) {
            true => Err(io::ErrorKind::BrokenPipe.into()),
            false => self.device.write(bytes, timeout),
        }
    }
}

/// For calls that must succeed, however busy the machine is.
const PATIENT: Duration = Duration::from_secs(60);

/// Short enough to wait for.
const SHORT: Duration = Duration::from_millis(50);

async fn accumulate(program: &Connection, amount: i32) -> Result<i64, CallError> {
    let arguments = postcard::to_stdvec(&(amount,)).unwrap();
    let target = Target::of::<CalculatorAccumulate>();
    let reply = program.call_encoded_async(target, &arguments).await?;
    match reply {
        Reply::Return(value) => Ok(postcard::from_bytes(&value).unwrap()),
        Reply::Error(error) => panic!("it has no error: {error:?}"),
    }
}

/// Makes that many calls at once, and returns the total after the last.
async fn last_of(program: &Connection, calls: usize) -> i64 {
    let calls = (0..calls).map(|_| Box::pin(accumulate(program, 1)));
    let ends = calls.collect::<FuturesUnordered<_>>();
    ends.fold(0, async |last: i64, end| last.max(end.unwrap()))
        .await
}

fn total(program: &Connection) -> i64 {
    let target = Target::of::<CalculatorTotal>();
    let Reply::Return(value) = program.call_encoded(target, &[]).unwrap() else {
        panic!("it has no error")
    };
    postcard::from_bytes(&value).unwrap()
}

/// Polls a future once, so that its call is made or waits for its turn.
async fn begin<F: Future + Unpin>(future: &mut F) {
    poll_fn(|context| {
        let polled = pin!(&mut *future).poll(context);
        assert!(polled.is_pending(), "its answer waits");
        Poll::Ready(())
    })
    .await;
}

#[test]
fn a_single_call_waits_for_no_more_than_a_window_of_those_of_a_program_that_makes_thousands() {
    let (device, connection) = Gated::connection(PATIENT);
    let (greedy, other) = (connection.for_another(), connection.for_another());
    let calls: i64 = if cfg!(debug_assertions) {
        2_000
    } else {
        10_000
    };
    block_on(async {
        device.set_open(false);
        let mut flood: FuturesUnordered<_> = (0..calls)
            .map(|_| Box::pin(accumulate(&greedy, 1)))
            .collect();
        begin(&mut flood.next()).await;
        let mut single = Box::pin(accumulate(&other, 0));
        begin(&mut single).await;
        device.set_open(true);
        let everything = futures::future::join(single, flood.collect::<Vec<_>>());
        let (before, ends) = everything.await;
        let before = before.unwrap();
        assert!(before <= WINDOW, "{before} calls ran before it");
        assert_eq!(ends.len() as i64, calls);
        assert!(ends.iter().all(Result::is_ok));
    });
    assert_eq!(total(&connection), calls);
}

#[test]
fn programs_that_make_as_many_calls_as_they_can_get_equal_shares() {
    let (device, connection) = Gated::connection(PATIENT);
    let programs: Vec<_> = (0..5).map(|_| connection.for_another()).collect();
    // The total after the last call of a program shows how many calls of all ran before.
    let mut ends: Vec<_> = programs
        .iter()
        .map(|program| Box::pin(last_of(program, 300)))
        .collect();
    let ends = block_on(async {
        device.set_open(false);
        for end in &mut ends {
            begin(end).await;
        }
        device.set_open(true);
        join_all(ends).await
    });
    assert_eq!(ends.iter().max(), Some(&1500));
    for end in ends {
        assert!(
            end > 1500 - 5 * (WINDOW + 1),
            "a program was done at {end} already"
        );
    }
}

#[test]
fn a_task_that_is_not_run_when_its_turn_comes_keeps_nobody_waiting() {
    let (device, connection) = Gated::connection(PATIENT);
    let programs = [(); 3].map(|()| connection.for_another());
    block_on(async {
        device.set_open(false);
        let mut window: FuturesUnordered<_> = (0..WINDOW)
            .map(|_| Box::pin(accumulate(&programs[0], 1)))
            .collect();
        begin(&mut window.next()).await;
        let mut idle = Box::pin(accumulate(&programs[1], 1));
        begin(&mut idle).await;
        device.set_open(true);
        // It is behind the one that is not polled again.
        assert_eq!(accumulate(&programs[2], 1).await, Ok(WINDOW + 1));
        assert_eq!(idle.await, Ok(WINDOW + 2));
    });
}

#[test]
fn a_place_in_the_queue_is_free_when_the_one_who_waits_there_is_gone() {
    let (device, connection) = Gated::connection(PATIENT);
    let programs = [(); 3].map(|()| connection.for_another());
    block_on(async {
        device.set_open(false);
        let mut window: FuturesUnordered<_> = (0..WINDOW)
            .map(|_| Box::pin(accumulate(&programs[0], 1)))
            .collect();
        begin(&mut window.next()).await;
        let mut gone = Box::pin(accumulate(&programs[1], 1));
        begin(&mut gone).await;
        let mut next = Box::pin(accumulate(&programs[2], 1));
        begin(&mut next).await;
        drop(gone);
        device.set_open(true);
        assert_eq!(next.await, Ok(WINDOW + 1));
    });
}

#[test]
fn a_time_limit_that_passes_ends_no_call_of_another_program() {
    let (device, connection) = Gated::connection(PATIENT);
    let (hasty, patient) = (
        connection.for_another().within(SHORT),
        connection.for_another(),
    );
    let sessions = connection.counters().sessions;
    block_on(async {
        device.set_open(false);
        let mut waits = Box::pin(accumulate(&patient, 1));
        begin(&mut waits).await;
        let timed_out = accumulate(&hasty, 10).await;
        assert_eq!(timed_out, Err(CallError::OutcomeUnknown(Cause::Timeout)));
        device.set_open(true);
        assert_eq!(waits.await, Ok(1));
    });
    assert_eq!(total(&connection), 11, "both have run");
    assert_eq!(connection.counters().sessions, sessions);
}

#[test]
fn a_call_that_was_not_sent_by_its_time_limit_never_runs() {
    let (device, connection) = Gated::connection(PATIENT);
    let (hasty, patient) = (
        connection.for_another().within(SHORT),
        connection.for_another(),
    );
    block_on(async {
        device.set_open(false);
        let mut window: FuturesUnordered<_> = (0..WINDOW)
            .map(|_| Box::pin(accumulate(&patient, 1)))
            .collect();
        begin(&mut window.next()).await;
        assert_eq!(accumulate(&hasty, 10).await, Err(CallError::Timeout));
        device.set_open(true);
        assert!(window.all(async |end| end.is_ok()).await);
    });
    assert_eq!(total(&connection), WINDOW);
}

#[test]
fn one_who_passes_calls_on_is_told_soon_that_there_is_no_device_and_waits_for_one_that_is_busy() {
    let (device, connection) = Gated::connection(PATIENT);
    let relay = connection.giving_up_after(SHORT);
    block_on(async {
        device.set_open(false);
        let mut busy = Box::pin(accumulate(&relay, 1));
        begin(&mut busy).await;
        thread::sleep(3 * SHORT);
        begin(&mut busy).await;
        device.set_open(true);
        assert_eq!(busy.await, Ok(1));

        device.is_cut.store(true, Ordering::SeqCst);
        // As many as find room, and more.
        let calls = (0..3 * WINDOW).map(|_| accumulate(&relay, 10));
        for end in join_all(calls).await {
            let error = end.unwrap_err();
            assert!(
                matches!(
                    error,
                    CallError::Disconnected | CallError::OutcomeUnknown(Cause::Disconnected)
                ),
                "{error:?}"
            );
        }
    });
}

#[test]
fn threads_take_turns_as_tasks_do() {
    let (_, connection) = Gated::connection(PATIENT);
    thread::scope(|scope| {
        for _ in 0..4 {
            let program = connection.for_another();
            scope.spawn(move || {
                let arguments = postcard::to_stdvec(&(1_i32,)).unwrap();
                let target = Target::of::<CalculatorAccumulate>();
                let calls: Vec<PendingReply> = (0..100)
                    .map(|_| program.submit_encoded(target, &arguments).unwrap())
                    .collect();
                for call in calls {
                    call.wait().unwrap();
                }
            });
        }
    });
    assert_eq!(total(&connection), 400);
}
