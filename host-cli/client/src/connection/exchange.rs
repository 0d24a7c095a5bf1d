//! Moves the bytes of all calls of a connection.
//!
//! This needs no thread while only threads wait. Each waiting thread can carry bytes for all: the
//! first one reads the link, and the others sleep until something has changed for them, or until
//! the reader has its result and leaves the link to one of them. So a lone caller never waits for
//! another thread to be scheduled.

use super::shared::{Shared, State};
use crate::link::Tapped;
use rpc_proto::time::Instant;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::{thread, time};

/// The longest read of the link, in case another thread has started a call with an earlier
/// deadline.
const READ_AT_MOST: time::Duration = time::Duration::from_millis(20);

/// The time to wait before trying to open a lost link again.
const REOPEN_AFTER: time::Duration = time::Duration::from_millis(100);

/// The number of bytes that are read at once.
pub(super) const CHUNK: usize = 512;

impl Shared {
    /// Continues the conversation: reads the link, or waits for the thread that does. Returns by
    /// `limit`, or when something may have changed.
    pub(super) fn turn<'s>(
        &'s self,
        mut state: MutexGuard<'s, State>,
        limit: Option<Instant>,
    ) -> MutexGuard<'s, State> {
        if state.is_read {
            state.sleeping += 1;
            let left = limit.map_or(time::Duration::MAX, |limit| self.time_until(limit));
            let (mut state, _) = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
            state.sleeping -= 1;
            return state;
        }
        if state.collect_ended() {
            // Some calls end without a byte, such as one that the device has no room for.
            self.wake_all(&mut state);
            return state;
        }
        let due = [state.client.deadline(), limit].into_iter().flatten().min();
        let left = due.map_or(READ_AT_MOST, |due| self.time_until(due));
        state.is_read = true;
        let link = state.link.clone();
        drop(state);

        let mut buffer = [0; CHUNK];
        let (read, opened) = match &link {
            Some(link) => (link.read(&mut buffer, left.min(READ_AT_MOST)), None),
            None => {
                thread::sleep(left.min(REOPEN_AFTER));
                (Ok(0), self.connector.open().ok())
            }
        };

        let mut state = self.state();
        state.is_read = false;
        let now = self.now();
        let mut has_changed = opened.is_some() || due.is_some_and(|due| now >= due);
        if let Some(link) = opened {
            state.link = Some(match &state.tap {
                Some(tap) => Tapped::over(link, Arc::clone(tap)),
                None => link,
            });
        }
        match read {
            Ok(count) => {
                has_changed |= count > 0;
                state.receive(now, buffer.get(..count).unwrap_or_default());
            }
            Err(_) => {
                has_changed = true;
                state.lose_link();
            }
        }
        state.client.advance(now);
        has_changed |= state.collect_ended();
        self.send(&mut state, now);
        if has_changed {
            self.wake_all(&mut state);
        } else {
            // One of them may have to read now.
            self.wake_threads(&state);
        }
        state
    }

    /// Returns the time until then.
    fn time_until(&self, instant: Instant) -> time::Duration {
        time::Duration::from_micros(instant.since(self.now()).as_micros())
    }

    /// Wakes the sleeping threads, if there are any: a lone caller is spared the system call.
    pub(super) fn wake_threads(&self, state: &State) {
        if state.sleeping > 0 {
            self.changed.notify_all();
        }
    }

    /// Wakes all waiting threads and tasks.
    pub(super) fn wake_all(&self, state: &mut State) {
        state.changes = state.changes.wrapping_add(1);
        self.wake_threads(state);
        state.tasks.wake();
    }

    /// Sends all waiting bytes.
    pub(super) fn send(&self, state: &mut State, mut now: Instant) {
        let State { link, client, .. } = state;
        let Some(link) = link else { return };
        loop {
            let outgoing = client.outgoing(now);
            if outgoing.is_empty() {
                return;
            }
            match link.write(outgoing) {
                Ok(0) => return,
                Ok(count) => {
                    now = self.now();
                    client.sent(now, count);
                }
                Err(_) => return state.lose_link(),
            }
        }
    }
}

impl State {
    /// Processes bytes from the device.
    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        for &byte in bytes {
            self.client.receive(now, byte);
            self.stray.push(byte, self.client.counters().received);
        }
        while let Some(event) = self.client.next_event() {
            self.inboxes.put(&event);
        }
    }
}
