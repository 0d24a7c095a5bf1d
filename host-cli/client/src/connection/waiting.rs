//! Lets threads and tasks wait for a connection.
//!
//! Every operation of a connection is written as a future. A thread drives it with
//! [`block_on`](Shared::block_on), and moves the bytes itself in between. A task of any executor
//! awaits it; the bytes are then moved by a thread that runs only while tasks wait.

use super::Connection;
use super::shared::{Shared, State, duration};
use rpc_proto::client::Operation;
use rpc_proto::time::{Duration, Instant};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

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

impl Connection {
    /// Runs `step` until it is ready, and lets the bytes be moved in between.
    pub(super) async fn until<T>(
        &self,
        mut step: impl FnMut(&mut State, Instant) -> (Poll<T>, Option<Instant>),
    ) -> T {
        poll_fn(|context| {
            let shared = &self.shared;
            let mut state = shared.state();
            state.enter(self.timeout);
            let (polled, limit) = step(&mut state, shared.now());
            // Before anything is sent, because the link may be read then.
            match BLOCKED.get() {
                _ if polled.is_ready() => {}
                Some(_) => {
                    let changes = state.changes;
                    BLOCKED.set(Some(Blocked { limit, changes }));
                }
                None => {
                    state.tasks.add(context.waker(), limit);
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
        self.until(|state, now| (operation.poll(state, now), operation.limit()))
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
        if state.tasks.is_empty() {
            return false;
        }
        let limit = state.tasks.limit;
        let mut state = self.turn(state, limit);
        if limit.is_some_and(|limit| self.now() >= limit) {
            state.tasks.wake();
        }
        true
    }
}
