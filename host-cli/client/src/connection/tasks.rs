//! The waiting tasks of a connection, and the signal to the thread that moves bytes for them.

use rpc_proto::client::Ticket;
use rpc_proto::time::Instant;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time;

/// The time for which the thread that moves bytes for tasks stays when no task waits.
const LINGER: time::Duration = time::Duration::from_millis(200);

/// The waiting tasks: those that wait for a call, who are woken at its end, and those that wait for any
/// change.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    waiting: Vec<Waker>,
    /// The latest time at which one of them must be woken.
    limit: Option<Instant>,
    calls: HashMap<Ticket, Waker>,
}

impl Tasks {
    /// Returns true if no task waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.calls.is_empty()
    }

    /// Returns the latest time at which one of them must be woken.
    pub(super) const fn limit(&self) -> Option<Instant> {
        self.limit
    }

    /// Wakes those that wait for any change, to check again.
    pub(super) fn wake(&mut self) {
        self.limit = None;
        for task in self.waiting.drain(..) {
            task.wake();
        }
    }

    /// Wakes all of them if the time has come at which one must be woken.
    pub(super) fn wake_due(&mut self, now: Instant) {
        if self.limit.is_some_and(|limit| now >= limit) {
            self.wake();
        }
    }

    /// Adds a task that waits for any change, and must be woken at `limit` at the latest.
    pub(super) fn add(&mut self, task: &Waker, limit: Option<Instant>) {
        self.limit = [self.limit, limit].into_iter().flatten().min();
        let is_last = self.waiting.last().is_some_and(|last| last.will_wake(task));
        if !is_last {
            self.waiting.push(task.clone());
        }
    }

    /// Adds a task that waits for the end of a call.
    pub(super) fn add_for(&mut self, call: Ticket, task: &Waker) {
        self.calls.insert(call, task.clone());
    }

    /// Wakes the task that waits for a call, because it has ended.
    pub(super) fn wake_for(&mut self, call: Ticket) {
        if let Some(task) = self.calls.remove(&call) {
            task.wake();
        }
    }

    /// Notes that nobody waits for a call any more.
    pub(super) fn forget(&mut self, call: Ticket) {
        self.calls.remove(&call);
    }
}

/// Signals that the thread that moves bytes is needed, and that it runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Pump(Arc<Signal>);

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
    fn state(&self) -> MutexGuard<'_, PumpState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests the thread. Returns true if it does not run and must be started.
    pub(super) fn call(&self) -> bool {
        let mut state = self.state();
        state.is_wanted = true;
        self.0.wanted.notify_one();
        !std::mem::replace(&mut state.is_running, true)
    }

    /// Waits until the thread is needed. Returns false if it was not for a while, and should end.
    pub(super) fn wait(&self) -> bool {
        let (mut state, _) = self
            .0
            .wanted
            .wait_timeout_while(self.state(), LINGER, |state| !state.is_wanted)
            .unwrap_or_else(PoisonError::into_inner);
        state.is_running = std::mem::take(&mut state.is_wanted);
        state.is_running
    }
}
