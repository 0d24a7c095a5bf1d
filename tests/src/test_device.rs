//! A device in this process that a test can mute, reset and unplug.

use firmware::CheckedCalculator;
use rpc_proto::calculator::CalculatorService;
use rpc_proto::server::Server;
use rpc_proto::service::Interface;
use serial_rpc::link::Link;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The device and the link to it.
pub struct TestDevice<I> {
    state: Mutex<State<I>>,
    changed: Condvar,
}

struct State<I> {
    server: Server<I, 160, 4>,
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

impl TestDevice<CalculatorService<CheckedCalculator>> {
    /// A calculator that was just switched on, on a good line.
    pub fn calculator() -> Self {
        Self::new(CalculatorService(CheckedCalculator::new()))
    }

    /// Presses the reset button: the session is forgotten, and the total is zero.
    pub fn reset(&self) {
        self.state().server = switched_on(CalculatorService(CheckedCalculator::new()));
    }
}

impl<I: Interface> TestDevice<I> {
    /// A device with that interface that was just switched on, on a good line.
    pub fn new(interface: I) -> Self {
        Self {
            state: Mutex::new(State {
                server: switched_on(interface),
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

    /// How many delimiters the device has received.
    pub fn frames_received(&self) -> usize {
        self.state().frames_received
    }

    fn state(&self) -> MutexGuard<'_, State<I>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn switched_on<I: Interface>(interface: I) -> Server<I, 160, 4> {
    Server::new(interface).with_buffer(256)
}

impl<I: Interface + Send> Link for TestDevice<I> {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let nothing_to_read =
            |state: &mut State<I>| state.unread.is_empty() && state.line != Line::Unplugged;
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
