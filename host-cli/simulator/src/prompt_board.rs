//! A simulated board whose procedures return at once: they run on the thread that writes to it, so
//! that a lone caller waits for no other thread.

use crate::board::{Board, SimulatedEvents, SimulatedServer, server};
use rpc_proto::service::Dispatch;
use serial_rpc::link::Link;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The interval at which a reader checks for events that did not come from a call.
const LOOK_FOR_EVENTS: Duration = Duration::from_millis(1);

/// A board whose procedures run while it is written to.
pub(crate) struct PromptBoard<I, const FRAME: usize, const WINDOW: usize> {
    state: Mutex<State<I, FRAME, WINDOW>>,
    replied: Condvar,
    events: Arc<SimulatedEvents>,
    buffer: u16,
}

struct State<I, const FRAME: usize, const WINDOW: usize> {
    server: SimulatedServer<I, FRAME, WINDOW>,
    unread: VecDeque<u8>,
    /// The number of threads that wait for bytes to read.
    readers: usize,
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize> State<I, FRAME, WINDOW> {
    /// Sends the waiting bytes.
    fn send(&mut self) {
        let Self { server, unread, .. } = self;
        loop {
            let outgoing = server.outgoing();
            let len = outgoing.len();
            if len == 0 {
                return;
            }
            unread.extend(outgoing);
            server.sent(len);
        }
    }
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize> PromptBoard<I, FRAME, WINDOW> {
    /// Creates a board that was just switched on.
    pub(crate) fn new(interface: I, events: Arc<SimulatedEvents>, buffer: u16) -> Self {
        Self {
            state: Mutex::new(State {
                server: server(interface, &events, buffer),
                unread: VecDeque::new(),
                readers: 0,
            }),
            replied: Condvar::new(),
            events,
            buffer,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<I, FRAME, WINDOW>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: Dispatch + Send, const FRAME: usize, const WINDOW: usize> Board<I>
    for PromptBoard<I, FRAME, WINDOW>
{
    fn power_cycle(&self, interface: I) {
        let mut state = self.state();
        state.server = server(interface, &self.events, self.buffer);
        state.unread.clear();
    }
}

impl<I: Dispatch + Send, const FRAME: usize, const WINDOW: usize> Link
    for PromptBoard<I, FRAME, WINDOW>
{
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let mut state = self.state();
        let mut until = None;
        while state.unread.is_empty() {
            state.send();
            let until = *until.get_or_insert_with(|| Instant::now() + timeout);
            let left = until.saturating_duration_since(Instant::now());
            if !state.unread.is_empty() || left.is_zero() {
                break;
            }
            state.readers += 1;
            (state, _) = self
                .replied
                .wait_timeout(state, left.min(LOOK_FOR_EVENTS))
                .unwrap_or_else(PoisonError::into_inner);
            state.readers -= 1;
        }
        state.unread.read(buffer)
    }

    fn write(&self, bytes: &[u8], _: Duration) -> io::Result<usize> {
        let mut state = self.state();
        for &byte in bytes {
            state.server.receive(byte);
            if state.server.is_replying() {
                state.send();
            }
        }
        if state.readers > 0 {
            self.replied.notify_all();
        }
        Ok(bytes.len())
    }
}
