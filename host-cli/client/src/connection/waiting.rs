//! Lets threads and tasks wait for a connection.
//!
//! Every operation of a connection is written as a future. A thread drives it with
//! [`block_on`](Shared::block_on), and moves the bytes itself in between. A task of any executor
//! awaits it; the bytes are then moved by a thread that runs only while tasks wait.

use super::Connection;
use super::shared::{Shared, State};
use rpc_proto::client::Operation;
use rpc_proto::time::Instant;
use std::cell::Cell;
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

thread_local! {
    /// Set while this thread drives a future with `block_on`.
    static BLOCKED: Cell<Option<Blocked>> = const { Cell::new(None) };
}

impl Shared {
    /// Runs `step` until it is ready, and lets the bytes be moved in between.
    pub(super) async fn until<T>(
        self: &Arc<Self>,
        mut step: impl FnMut(&mut State, Instant) -> (Poll<T>, Option<Instant>),
    ) -> T {
        poll_fn(|context| {
            let mut state = self.state();
            let now = self.now();
            let (polled, limit) = step(&mut state, now);
            self.send(&mut state, now);
            if polled.is_ready() {
                self.wake_threads(&state);
                return polled;
            }
            match BLOCKED.get() {
                Some(_) => {
                    let changes = state.changes;
                    BLOCKED.set(Some(Blocked { limit, changes }));
                }
                None => {
                    state.tasks.add(context.waker(), limit);
                    self.start_pump();
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Waits for the end of an operation.
    pub(super) async fn operate<O: Operation>(self: &Arc<Self>, operation: &mut O) -> O::Output {
        self.until(|state, now| (operation.poll(state, now), operation.limit()))
            .await
    }

    /// Drives a future of this connection to its end, moving bytes while it waits.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            // An outer one may exist, if a tap or a link calls the connection.
            let outer = BLOCKED.replace(Some(Blocked::default()));
            let polled = future.as_mut().poll(&mut context);
            let blocked = BLOCKED.replace(outer).unwrap_or_default();
            if let Poll::Ready(output) = polled {
                return output;
            }
            let state = self.state();
            if state.changes == blocked.changes {
                drop(self.turn(state, blocked.limit));
            }
        }
    }
}

impl Connection {
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
