//! Lets threads and tasks wait for a connection.
//!
//! Every operation of a connection is written as a future. A thread drives it with
//! [`block_on`](Shared::block_on), and moves the bytes itself in between. A task of any executor
//! awaits it; the bytes are then moved by a thread that runs only while tasks wait.

use super::Connection;
use super::inboxes::InboxId;
use super::shared::{Shared, State, duration};
use super::turns::Place;
use rpc_proto::client::{Operation, Ticket};
use rpc_proto::time::{Duration, Instant};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

/// The time for which the link of programs that share it is read when no task waits.
const LINGER: Duration = Duration::from_millis(200);

/// The time after which one who waits for an event looks if its subscription still stands.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The condition on which the next step of a future driven by a thread depends.
#[derive(Clone, Copy, Debug, Default)]
struct Blocked {
    /// The latest time at which it must continue.
    limit: Option<Instant>,
    /// The number of changes that it has seen.
    changes: u64,
}

/// The condition of an outer future, if a link or a tap calls a connection. It is put back even if
/// there is a panic.
struct Outer(Option<Blocked>);

thread_local! {
    /// Set while this thread drives a future with `block_on`.
    static BLOCKED: Cell<Option<Blocked>> = const { Cell::new(None) };
}

impl Drop for Outer {
    fn drop(&mut self) {
        BLOCKED.set(self.0);
    }
}

/// The news for which a task is woken.
#[derive(Clone, Copy, Debug)]
pub(super) enum News {
    /// Any at all.
    Any,
    /// Its turn to make a call, or any news if it does not share the connection.
    Room,
    /// The end of that call.
    End(Ticket),
    /// An event in that inbox.
    Event(InboxId),
}

/// The place of one who waits for room, which is given up in the end.
struct Queued<'c> {
    connection: &'c Connection,
    place: Option<Place>,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let shared = &self.connection.shared;
            let mut state = shared.state();
            state.turns.leave(self.connection.program, place);
            shared.offer_room(&mut state);
        }
    }
}

impl Connection {
    /// Runs `step` until it is ready, and lets the bytes be moved in between. Between two steps, a task
    /// waits for that news.
    pub(super) async fn until<T>(
        &self,
        news: News,
        mut step: impl FnMut(&mut State, Instant) -> (Poll<T>, Option<Instant>),
    ) -> T {
        let mut queued = Queued {
            connection: self,
            place: None,
        };
        poll_fn(|context| {
            let shared = &self.shared;
            let mut state = shared.state();
            let now = shared.now();
            let place = queued.place;
            state.enter(self.user(place), now, self.timeout);
            let (polled, limit) = step(&mut state, now);
            let task = BLOCKED.get().is_none().then(|| context.waker());
            queued.place = match polled.is_pending() {
                true => state.queue_up(task, limit),
                false => None,
            };
            if let Some(place) = place.filter(|_| queued.place.is_none()) {
                state.turns.leave(self.program, place);
            }
            // Before anything is sent, because the link may be read then.
            match task {
                _ if polled.is_ready() => {}
                None => {
                    let changes = state.changes;
                    BLOCKED.set(Some(Blocked { limit, changes }));
                }
                Some(task) => {
                    match news {
                        News::Room if queued.place.is_some() => {}
                        News::Any | News::Room => state.tasks.add(task, limit),
                        News::End(call) => state.tasks.add_for(call, task),
                        News::Event(inbox) => {
                            let limit = [limit, Some(now + LOOK_EVERY)];
                            state
                                .inboxes
                                .wait(inbox, task, limit.into_iter().flatten().min());
                        }
                    }
                    if state.turns.are_taken() {
                        // The next program finds the link being read, and nobody to be woken for that.
                        state.read_until = now + LINGER;
                    }
                    shared.start_pump();
                }
            }
            let state = shared.send(state);
            if polled.is_ready() {
                shared.wake_threads(&state);
            }
            polled
        })
        .await
    }

    /// Waits for the end of an operation.
    pub(super) async fn operate<O: Operation>(&self, operation: &mut O) -> O::Output {
        self.until(News::Any, |state, now| {
            (operation.poll(state, now), operation.limit())
        })
        .await
    }
}

impl Shared {
    /// Drives a future of this connection to its end, moving bytes while it waits.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        match self.drive(future, None, || Ok::<_, Infallible>(())) {
            Ok(output) => output,
            Err(never) => match never {},
        }
    }

    /// Drives a future of this connection to its end, unless `go_on` fails, which is called at that
    /// interval.
    fn drive<T, E>(
        &self,
        future: impl Future<Output = T>,
        interval: Option<Duration>,
        mut go_on: impl FnMut() -> Result<(), E>,
    ) -> Result<T, E> {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        let mut ask_at = interval.map(|interval| self.now() + interval);
        loop {
            let outer = Outer(BLOCKED.replace(Some(Blocked::default())));
            let polled = future.as_mut().poll(&mut context);
            let blocked = BLOCKED.get().unwrap_or_default();
            drop(outer);
            if let Poll::Ready(output) = polled {
                return Ok(output);
            }
            let state = self.state();
            if state.changes == blocked.changes {
                let limit = [blocked.limit, ask_at].into_iter().flatten().min();
                drop(self.turn(state, limit));
            }
            if ask_at.is_some_and(|ask_at| self.now() >= ask_at) {
                go_on()?;
                ask_at = interval.map(|interval| self.now() + interval);
            }
        }
    }
}

impl Connection {
    /// Drives a future of this connection to its end on this thread, as [`call`](Self::call) does.
    /// Meanwhile `go_on` is called at that interval, and ends the wait by an error: for programs that
    /// stop waiting when something else happens, such as a signal.
    ///
    /// ```
    /// use serde_json::json;
    /// use serial_rpc::Connection;
    /// use serial_rpc_simulator::SimulatedDevice;
    /// use std::time::Duration;
    ///
    /// let device = Connection::to(SimulatedDevice::new());
    /// let arguments = json!([2, 3]);
    /// let call = device.call_async("calculator.add", &arguments);
    /// let sum = device.drive(call, Duration::from_millis(20), || Ok::<_, String>(()))?;
    /// assert_eq!(sum?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the error of `go_on`.
    pub fn drive<T, E>(
        &self,
        future: impl Future<Output = T>,
        interval: std::time::Duration,
        go_on: impl FnMut() -> Result<(), E>,
    ) -> Result<T, E> {
        self.shared.drive(future, Some(duration(interval)), go_on)
    }

    /// Drives a future of this connection to its end on this thread.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.shared.block_on(future)
    }
}

impl Shared {
    /// Starts the thread that moves bytes for tasks, if it does not run.
    fn start_pump(self: &Arc<Self>) {
        if !self.pump.call() {
            return;
        }
        let (pump, shared) = (self.pump.clone(), Arc::downgrade(self));
        thread::spawn(move || {
            // It keeps the connection open only while it moves bytes.
            while pump.wait() {
                while let Some(shared) = shared.upgrade()
                    && shared.pump_once()
                {}
            }
        });
    }

    /// Moves bytes for a turn. Returns false if no task waits.
    fn pump_once(&self) -> bool {
        let state = self.state();
        let is_waited_for =
            !state.tasks.is_empty() || state.turns.is_waited_for() || state.inboxes.have_tasks();
        if !is_waited_for && self.now() >= state.read_until {
            return false;
        }
        let limits = [
            state.tasks.limit(),
            state.turns.limit(),
            state.inboxes.limit(),
        ];
        let mut state = self.turn(state, limits.into_iter().flatten().min());
        let now = self.now();
        state.tasks.wake_due(now);
        state.turns.wake_due(now);
        state.inboxes.wake_due(now);
        self.offer_room(&mut state);
        true
    }
}
