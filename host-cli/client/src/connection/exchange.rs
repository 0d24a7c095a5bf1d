//! Moves the bytes of all calls of a connection.
//!
//! There is no thread of its own. Whoever waits for an answer carries bytes for everybody: the
//! first to wait reads the link, the others sleep until their call has ended, or until the reader
//! has got its own answer and leaves the link to one of them. A lone caller thus never waits for
//! another thread to be scheduled.

use super::inboxes::Arrival;
use super::{Connection, Reply, State};
use crate::link::{self, Tapped};
use rpc_proto::client::{CallError, Cause, Target, Ticket};
use rpc_proto::time::{Duration, Instant};
use serde::Serialize;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::{thread, time};

/// The longest time that the link is read for without looking up, in case another thread has
/// started a call with an earlier deadline.
const READ_AT_MOST: time::Duration = time::Duration::from_millis(20);

/// How long to wait before trying to open a lost port again.
const REOPEN_AFTER: time::Duration = time::Duration::from_millis(100);

impl Connection {
    /// Starts a call as soon as there is room for it.
    pub(super) fn start<A: Serialize + ?Sized>(
        &self,
        target: Target,
        arguments: &A,
    ) -> Result<Ticket, CallError> {
        let mut now = self.now();
        let deadline = self.deadline(now);
        let mut state = self.state();
        loop {
            match state.client.start(target, deadline, arguments) {
                Err(CallError::Busy) if now < deadline => state = self.exchange(state, None),
                Err(CallError::Busy) => return Err(CallError::Timeout),
                Err(error) => return Err(error),
                Ok(ticket) => {
                    self.send(&mut state, now);
                    return Ok(ticket);
                }
            }
            now = self.now();
        }
    }

    /// Waits until a call has ended.
    pub(super) fn wait(&self, ticket: Ticket) -> Result<Reply, CallError> {
        let mut state = self.state();
        loop {
            if let Some(end) = state.ended.remove(&ticket) {
                // This thread may have been the one that reads.
                self.wake_others(&state);
                return end;
            }
            state = self.exchange(state, None);
        }
    }

    /// Ends all calls under way as if their deadlines had come. Another thread may do that while
    /// some wait, such as one that handles Ctrl-C.
    ///
    /// ```
    /// let device = serial_rpc::Connection::to(serial_rpc_simulator::SimulatedDevice::new());
    /// device.cancel(); // nothing is under way, so nothing happens
    /// assert_eq!(device.call("calculator.add", &serde_json::json!([2, 3]))?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cancel(&self) {
        let mut state = self.state();
        state.cancellations = state.cancellations.wrapping_add(1);
        // No deadline is later than that of a call which would start now.
        let now = self.now();
        state.client.advance(self.deadline(now));
        state.collect_ended();
        self.changed.notify_all();
    }

    /// How long it is until then.
    fn until(&self, instant: Instant) -> time::Duration {
        time::Duration::from_micros(instant.since(self.now()).as_micros())
    }

    /// When a call that starts now must have ended.
    fn deadline(&self, now: Instant) -> Instant {
        let timeout = u64::try_from(self.options.timeout.as_micros()).unwrap_or(u64::MAX);
        now + Duration::from_micros(timeout)
    }

    /// Stops waiting for a call.
    pub(super) fn abandon(&self, ticket: Ticket) {
        let mut state = self.state();
        if state.ended.remove(&ticket).is_none() {
            state.client.abandon(ticket);
        }
    }

    /// Gets on with the conversation: reads the link, or waits for the thread that does. Comes back at
    /// `until` at the latest, or when a call is due to be sent again.
    pub(super) fn exchange<'s>(
        &'s self,
        mut state: MutexGuard<'s, State>,
        until: Option<Instant>,
    ) -> MutexGuard<'s, State> {
        if state.is_read {
            state.sleeping += 1;
            let left = until.map_or(time::Duration::MAX, |until| self.until(until));
            let (mut state, _) = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
            state.sleeping -= 1;
            return state;
        }
        if state.collect_ended() {
            // Some calls end without a byte, such as one that the device has no room for.
            self.wake_others(&state);
            return state;
        }
        let due = [state.client.deadline(), until].into_iter().flatten().min();
        let left = due.map_or(time::Duration::ZERO, |due| self.until(due));
        state.is_read = true;
        let link = state.link.clone();
        drop(state);

        let mut buffer = [0; 512];
        let (read, opened) = match &link {
            Some(link) => (link.read(&mut buffer, left.min(READ_AT_MOST)), None),
            None => {
                thread::sleep(left.min(REOPEN_AFTER));
                let serial_number = self.usb_serial_number.as_deref();
                let opened = link::open_again(&self.port, serial_number, self.options.baud);
                (Ok(0), opened.ok())
            }
        };

        let mut state = self.state();
        state.is_read = false;
        if let Some(link) = opened {
            state.link = Some(match &self.tap {
                Some(tap) => Tapped::over(link, Arc::clone(tap)),
                None => link,
            });
        }
        let now = self.now();
        match read {
            Ok(count) => {
                let State {
                    client,
                    stray,
                    inboxes,
                    ..
                } = &mut *state;
                for &byte in buffer.iter().take(count) {
                    if let Some(event) = client.receive(now, byte).map(Arrival::from) {
                        inboxes.put(event, client);
                    }
                    stray.push(byte, client.statistics().received);
                }
            }
            Err(_) => state.lose_link(),
        }
        state.client.advance(now);
        state.collect_ended();
        self.send(&mut state, now);
        self.wake_others(&state);
        state
    }

    /// Wakes the threads that sleep, if any do: a lone caller is spared the system call.
    fn wake_others(&self, state: &State) {
        if state.sleeping > 0 {
            self.changed.notify_all();
        }
    }

    /// Sends what there is to send.
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
    fn lose_link(&mut self) {
        self.link = None;
        self.client.link_lost();
        self.collect_ended();
    }

    /// Makes room in the client, which is for calls under way and not for answers that nobody
    /// fetches. Tells whether there was anything to collect.
    fn collect_ended(&mut self) -> bool {
        let before = self.ended.len();
        while let Some(ticket) = self.client.ended() {
            let end = match self.client.take(ticket) {
                Some(Ok(answer)) => Ok(Reply::from(answer)),
                Some(Err(error)) if self.link.is_none() => Err(for_lost_link(error)),
                Some(Err(error)) => Err(error),
                None => break,
            };
            self.ended.insert(ticket, end);
        }
        self.ended.len() > before
    }
}

/// A deadline that passed while the port was away says less than that the port was away.
fn for_lost_link(error: CallError) -> CallError {
    match error {
        CallError::Timeout => CallError::Disconnected,
        CallError::OutcomeUnknown(Cause::Timeout) => CallError::OutcomeUnknown(Cause::Disconnected),
        error => error,
    }
}
