//! Moves the bytes of all calls of a connection.
//!
//! This needs no thread while only threads wait. Each waiting thread can carry bytes for all: the
//! first one reads the link, and the others sleep until something has changed for them, or until
//! the reader has its result and leaves the link to one of them. So a lone caller never waits for
//! another thread to be scheduled. Whoever has something to send writes it, unless somebody writes
//! already and will send that, too.
//!
//! The state is not locked while a link reads, writes or is opened. So a link that takes its time
//! keeps nobody from giving up, and a link or a tap that panics, or that uses its own connection,
//! ends in errors.

use super::shared::{Guard, Shared, State};
use crate::link::{Link, Tapped};
use rpc_proto::client::{CallError, Cause};
use rpc_proto::time::{Duration, Instant};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::{io, mem, thread, time};

/// The longest read or write, in case another thread has started a call with an earlier deadline.
const AT_MOST: time::Duration = time::Duration::from_millis(20);

/// The longest attempt to open a lost link, in case the calls are cancelled meanwhile. To ask again
/// for a TCP connection after a second is what the system does, too.
const OPEN_AT_MOST: time::Duration = time::Duration::from_secs(1);

/// The time to wait before trying to open a lost link again.
const REOPEN_AFTER: time::Duration = time::Duration::from_millis(100);

/// The time for which a link was not read after which it may have failed unnoticed.
const UNSEEN: Duration = Duration::from_millis(2);

/// The time after which somebody else ends the calls of a reader whose link keeps it.
const LATE: Duration = Duration::from_millis(50);

/// The number of bytes that are read at once.
pub(super) const CHUNK: usize = 512;

impl Shared {
    /// Continues the conversation: reads the link, or waits for the thread that does. Returns by
    /// `limit`, or when something may have changed.
    pub(super) fn turn<'s>(&'s self, mut state: Guard<'s>, limit: Option<Instant>) -> Guard<'s> {
        if state.reader.is_some() {
            let late = state.deadline().map(|due| due + LATE);
            let left = self.time_until([late, limit], time::Duration::MAX);
            state.sleeping += 1;
            (state, _) = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
            state.sleeping -= 1;
            let now = self.now();
            if state.deadline().is_some_and(|due| now >= due + LATE) {
                state.advance(now);
                self.wake_if_ended(&mut state);
            }
            return state;
        }
        if self.wake_if_ended(&mut state) {
            // Some calls end without a byte, such as one that the device has no room for.
            return state;
        }
        let due = [state.deadline(), limit];
        let mut has_changed;
        (state, has_changed) = match state.link.clone() {
            Some(link) => {
                let left = self.time_until(due, AT_MOST);
                self.read(state, &link, left)
            }
            None => self.reopen(state, due),
        };
        let now = self.now();
        has_changed |= due.into_iter().flatten().any(|due| now >= due);
        state.advance(now);
        has_changed |= state.collect_ended();
        state = self.send(state);
        if has_changed {
            self.wake_all(&mut state);
        } else {
            // One of them may have to read now.
            self.wake_threads(&state);
        }
        state
    }

    /// Reads the link, and returns true if something came or the link failed.
    fn read<'s>(
        &'s self,
        mut state: Guard<'s>,
        link: &Arc<dyn Link>,
        timeout: time::Duration,
    ) -> (Guard<'s>, bool) {
        state.reader = Some(thread::current().id());
        drop(state);
        let mut buffer = [0; CHUNK];
        let read = caught(|| link.read(&mut buffer, timeout));
        let mut state = self.state();
        state.reader = None;
        if !state.has(link) {
            return (state, true);
        }
        let now = self.now();
        state.read_at = now;
        let has_changed = !matches!(read, Ok(0));
        match read {
            Ok(count) => state.receive(now, buffer.get(..count).unwrap_or_default()),
            Err(_) => state.lose_link(),
        }
        (state, has_changed)
    }

    /// Tries to open the lost link, and returns true if that succeeded.
    fn reopen<'s>(&'s self, mut state: Guard<'s>, due: [Option<Instant>; 2]) -> (Guard<'s>, bool) {
        state.reader = Some(thread::current().id());
        drop(state);
        thread::sleep(self.time_until(due, REOPEN_AFTER));
        let left = self.time_until(due, OPEN_AT_MOST);
        let opened = caught(|| {
            let link = self.connector.open(left).map_err(io::Error::other)?;
            Ok((link, self.connector.identity()))
        });
        let mut state = self.state();
        state.reader = None;
        let Ok((link, identity)) = opened else {
            return (state, false);
        };
        state.link = Some(match &state.tap {
            Some(tap) => Tapped::over(link, Arc::clone(tap)),
            None => link,
        });
        state.read_at = self.now();
        let before = mem::replace(&mut state.identity, identity);
        if before.is_some() && before != state.identity {
            state.meet_other_device();
        }
        (state, true)
    }

    /// Returns the time until the first of these instants, `most` at most.
    fn time_until(&self, dues: [Option<Instant>; 2], most: time::Duration) -> time::Duration {
        let first = dues.into_iter().flatten().min();
        first.map_or(most, |due| {
            most.min(time::Duration::from_micros(
                due.since(self.now()).as_micros(),
            ))
        })
    }

    /// Wakes all if calls have ended, and returns true then.
    fn wake_if_ended(&self, state: &mut State) -> bool {
        let has_ended = state.collect_ended();
        if has_ended {
            self.wake_all(state);
        }
        has_ended
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

    /// Tells the program whose turn it is that there is room for a call, if there is.
    pub(super) fn offer_room(&self, state: &mut State) {
        if state.turns.are_taken() {
            let open_calls = state.client.open_calls();
            if state.turns.offer(open_calls, self.now()) {
                state.changes = state.changes.wrapping_add(1);
                self.wake_threads(state);
            }
        }
    }

    /// Sends all waiting bytes that the link takes. A link that takes none now gets them in a later
    /// turn, when it was read: a device may have to send before it can receive.
    pub(super) fn send<'s>(&'s self, mut state: Guard<'s>) -> Guard<'s> {
        self.offer_room(&mut state);
        while state.writer.is_none()
            && let Some(link) = state.link.clone()
        {
            let now = self.now();
            let State { client, outbox, .. } = &mut *state;
            outbox.clear();
            outbox.extend_from_slice(client.outgoing(now));
            if outbox.is_empty() {
                break;
            }
            if now.since(state.read_at) > UNSEEN && state.reader.is_none() {
                // A port that was unplugged meanwhile may still take bytes.
                state.client.sent(now, 0);
                let has_changed;
                (state, has_changed) = self.read(state, &link, time::Duration::ZERO);
                if has_changed {
                    self.wake_all(&mut state);
                }
                continue;
            }
            let outbox = mem::take(&mut state.outbox);
            state.writer = Some(thread::current().id());
            drop(state);
            let written = caught(|| link.write(&outbox, AT_MOST));
            state = self.state();
            state.writer = None;
            state.outbox = outbox;
            if !state.has(&link) {
                continue;
            }
            match written {
                Ok(count) => {
                    state.client.sent(self.now(), count);
                    if count == 0 {
                        break;
                    }
                }
                Err(_) => {
                    state.client.sent(now, 0);
                    state.lose_link();
                }
            }
        }
        state
    }
}

/// Runs a part of a link. A panic, which may come from a user's link or tap, is an error of the link.
fn caught<T>(run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(io::Error::other("it panicked")))
}

impl State {
    /// Returns true if this is still the link to the device.
    fn has(&self, link: &Arc<dyn Link>) -> bool {
        self.link.as_ref().is_some_and(|now| Arc::ptr_eq(now, link))
    }

    /// Processes bytes from the device.
    fn receive(&mut self, now: Instant, bytes: &[u8]) {
        self.is_cut &= bytes.is_empty();
        for &byte in bytes {
            self.client.receive(now, byte);
            self.stray.push(byte, self.client.counters().received);
        }
        while let Some(event) = self.client.next_event() {
            self.inboxes.put(&event);
        }
        if let Some(device) = self.client.device() {
            let fingerprint = device.fingerprint;
            self.turns.set_window(device.window);
            let before = self.fingerprint.replace(fingerprint);
            if before.is_some_and(|before| before != fingerprint) {
                self.meet_other_device();
            }
        }
    }

    /// Ends the calls that were meant for the device before. None of them has been sent to this one.
    fn meet_other_device(&mut self) {
        self.client
            .give_up(CallError::OtherDevice, Cause::OtherDevice);
    }
}
