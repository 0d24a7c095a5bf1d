//! A device simulated in this process: the very firmware that the boards run, over memory.

use super::Link;
use firmware::CheckedCalculator;
use rpc_proto::calculator::CalculatorService;
use rpc_proto::server::Server;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest frame that the simulated device accepts.
const FRAME: usize = 256;
/// How many calls it accepts ahead.
const WINDOW: usize = 8;
/// How many received bytes it could hold while busy.
const BUFFER: u16 = 1024;

/// A calculator that answers as soon as it is written to.
pub struct SimulatedDevice {
    state: Mutex<State>,
    replied: Condvar,
}

struct State {
    server: Server<CalculatorService<CheckedCalculator>, FRAME, WINDOW>,
    unread: VecDeque<u8>,
    /// How many threads wait for something to read.
    readers: usize,
}

impl SimulatedDevice {
    /// A device that was just switched on.
    pub fn new() -> Self {
        let calculator = CalculatorService(CheckedCalculator::new());
        Self {
            state: Mutex::new(State {
                server: Server::new(calculator).with_buffer(BUFFER),
                unread: VecDeque::new(),
                readers: 0,
            }),
            replied: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for SimulatedDevice {
    fn default() -> Self {
        Self::new()
    }
}

impl Link for SimulatedDevice {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let mut state = self.state();
        if state.unread.is_empty() {
            state.readers += 1;
            (state, _) = self
                .replied
                .wait_timeout_while(state, timeout, |state| state.unread.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            state.readers -= 1;
        }
        state.unread.read(buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut guard = self.state();
        let State { server, unread, .. } = &mut *guard;
        for &byte in bytes {
            server.receive(byte);
            let reply = server.outgoing();
            unread.extend(reply);
            let len = reply.len();
            server.sent(len);
        }
        if guard.readers > 0 {
            self.replied.notify_all();
        }
        Ok(bytes.len())
    }
}
