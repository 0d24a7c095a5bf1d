//! A device simulated in this process: a server like that of a board, over memory.

use super::Link;
use firmware::Demonstration;
use rpc_proto::server::Server;
use rpc_proto::service::Dispatch;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest frame that a simulated device accepts.
const FRAME: usize = 256;
/// How many calls it accepts ahead.
const WINDOW: usize = 8;
/// How many received bytes it could hold while busy.
const BUFFER: u16 = 1024;

/// A device with the interface `I` that answers as soon as it is written to.
///
/// The program's own is the calculator, and a block of notes: the very code that the boards run. With an interface of
/// your own, it lets a test call your firmware on the desktop:
///
/// ```
/// use rpc_proto::service;
/// use serial_rpc::Connection;
/// use serial_rpc::link::SimulatedDevice;
///
/// #[service]
/// pub trait Lamp {
///     /// Sets the brightness in percent and returns what it was.
///     fn dim(&mut self, percent: u8) -> u8;
/// }
///
/// struct Pwm(u8);
/// impl Lamp for Pwm {
///     fn dim(&mut self, percent: u8) -> u8 {
///         std::mem::replace(&mut self.0, percent)
///     }
/// }
///
/// let device = Connection::to(SimulatedDevice::with(LampService(Pwm(0))));
/// let mut lamp = LampClient::new(&device);
/// assert_eq!(lamp.dim(50), Ok(0));
/// assert_eq!(lamp.dim(80), Ok(50));
/// ```
pub struct SimulatedDevice<I = Demonstration> {
    state: Mutex<State<I>>,
    replied: Condvar,
}

struct State<I> {
    server: Server<I, FRAME, WINDOW>,
    unread: VecDeque<u8>,
    /// How many threads wait for something to read.
    readers: usize,
}

impl SimulatedDevice {
    /// A demonstration device that was just switched on.
    pub fn new() -> Self {
        Self::with(Demonstration::new())
    }
}

impl<I: Dispatch> SimulatedDevice<I> {
    /// A device with that interface that was just switched on.
    pub fn with(interface: I) -> Self {
        Self {
            state: Mutex::new(State {
                server: Server::new(interface).with_buffer(BUFFER),
                unread: VecDeque::new(),
                readers: 0,
            }),
            replied: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<I>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for SimulatedDevice {
    fn default() -> Self {
        Self::new()
    }
}

impl<I: Dispatch + Send> Link for SimulatedDevice<I> {
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
