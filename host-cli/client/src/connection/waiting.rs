//! Lets threads and tasks wait for what happens on a connection.
//!
//! Everything that a connection does is written as a future. A thread drives it with
//! [`block_on`](Shared::block_on), moving the bytes itself in between. A task of any executor awaits it;
//! then the bytes are moved by a thread, which is there only while tasks wait.

use super::Connection;
use super::shared::{Shared, State};
use rpc_proto::client::Operation;
use rpc_proto::time::Instant;
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::{thread, time};

/// How long the thread that moves bytes for tasks stays when no task waits.
const LINGER: time::Duration = time::Duration::from_millis(200);

/// The tasks that wait.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    waiting: Vec<Waker>,
    /// When one of them is to be woken at the latest.
    limit: Option<Instant>,
}

impl Tasks {
    /// Wakes all of them, to take another look.
    pub(super) fn wake(&mut self) {
        self.limit = None;
        for task in self.waiting.drain(..) {
            task.wake();
        }
    }

    fn add(&mut self, task: &Waker, limit: Option<Instant>) {
        self.limit = [self.limit, limit].into_iter().flatten().min();
        let is_last = self.waiting.last().is_some_and(|last| last.will_wake(task));
        if !is_last {
            self.waiting.push(task.clone());
        }
    }
}

/// What a future that a thread drives waits for.
#[derive(Clone, Copy, Debug, Default)]
struct Blocked {
    /// When it is to go on at the latest.
    limit: Option<Instant>,
    /// How many changes it has seen.
    changes: u64,
}

thread_local! {
    /// Set while this thread drives a future with `block_on`.
    static BLOCKED: Cell<Option<Blocked>> = const { Cell::new(None) };
}

impl Shared {
    /// Takes steps until one is ready, and lets the bytes be moved in between.
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
                    self.pump.run(self);
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
            // An outer one may be there, if a tap or a link calls the connection.
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

/// The thread that moves bytes for tasks.
#[derive(Debug, Default)]
pub(super) struct Pump {
    signal: Arc<Signal>,
}

#[derive(Debug, Default)]
struct Signal {
    state: Mutex<PumpState>,
    wanted: Condvar,
}

#[derive(Debug, Default)]
struct PumpState {
    is_running: bool,
    is_wanted: bool,
}

impl Pump {
    /// Starts the thread, if it is not there, or lets it go on.
    fn run(&self, shared: &Arc<Shared>) {
        let mut state = self.signal.lock();
        state.is_wanted = true;
        if std::mem::replace(&mut state.is_running, true) {
            self.signal.wanted.notify_one();
            return;
        }
        drop(state);
        let (signal, shared) = (Arc::clone(&self.signal), Arc::downgrade(shared));
        thread::spawn(move || {
            // It keeps the connection open only while it moves bytes.
            while signal.wait() {
                while let Some(shared) = shared.upgrade()
                    && shared.pump_once()
                {}
            }
        });
    }
}

impl Signal {
    fn lock(&self) -> std::sync::MutexGuard<'_, PumpState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the thread is wanted. False if it was not for a while, and is to end.
    fn wait(&self) -> bool {
        let (mut state, _) = self
            .wanted
            .wait_timeout_while(self.lock(), LINGER, |state| !state.is_wanted)
            .unwrap_or_else(PoisonError::into_inner);
        state.is_running = std::mem::take(&mut state.is_wanted);
        state.is_running
    }
}

impl Shared {
    /// Moves bytes for a turn. False if no task waits.
    fn pump_once(&self) -> bool {
        let state = self.state();
        if state.tasks.waiting.is_empty() {
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
