//! A calculator in this process that a test can mute, reset and unplug.

use firmware::CheckedCalculator;
use rpc_proto::calculator::CalculatorService;
use rpc_proto::server::Server;
use serial_rpc::link::Link;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

type CalculatorServer = Server<CalculatorService<CheckedCalculator>, 160, 4>;

/// The device and the link to it.
pub struct TestDevice {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    server: CalculatorServer,
    unread: VecDeque<u8>,
    line: Line,
    frames_received: usize,
}

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// They arrive.
    Good,
    /// What the caller sends is lost.
    Mute,
    /// Calls arrive and run, but what the device answers is lost.
    RepliesLost,
    /// Reading and writing fail.
    Unplugged,
}

impl TestDevice {
    /// A device that was just switched on, on a good line.
    pub fn new() -> Self {
        Self {
            state: Mutex::new(State {
                server: switched_on(),
                unread: VecDeque::new(),
                line: Line::Good,
                frames_received: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// Changes what becomes of bytes from now on.
    pub fn set_line(&self, line: Line) {
        self.state().line = line;
        self.changed.notify_all();
    }

    /// Presses the reset button: the session is forgotten, and the total is zero.
    pub fn reset(&self) {
        self.state().server = switched_on();
    }

    /// How many delimiters the device has received.
    pub fn frames_received(&self) -> usize {
        self.state().frames_received
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for TestDevice {
    fn default() -> Self {
        Self::new()
    }
}

fn switched_on() -> CalculatorServer {
    Server::new(CalculatorService(CheckedCalculator::new())).with_buffer(256)
}

impl Link for TestDevice {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let nothing_to_read =
            |state: &mut State| state.unread.is_empty() && state.line != Line::Unplugged;
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.state(), timeout, nothing_to_read)
            .unwrap_or_else(PoisonError::into_inner);
        match state.line {
            Line::Unplugged => Err(ErrorKind::BrokenPipe.into()),
            _ => state.unread.read(buffer),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut guard = self.state();
        let State {
            server,
            unread,
            line,
            frames_received,
        } = &mut *guard;
        match line {
            Line::Unplugged => return Err(ErrorKind::BrokenPipe.into()),
            Line::Mute => return Ok(bytes.len()),
            Line::Good | Line::RepliesLost => {}
        }
        for &byte in bytes {
            *frames_received += usize::from(byte == 0);
            server.receive(byte);
            let reply = server.outgoing();
            if *line == Line::Good {
                unread.extend(reply);
            }
            let len = reply.len();
            server.sent(len);
        }
        drop(guard);
        self.changed.notify_all();
        Ok(bytes.len())
    }
}
