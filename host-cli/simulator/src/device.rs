//! A device simulated in this process: a server like that of a board, over memory.

use firmware::calculator::CalculatorService;
use firmware::{CheckedCalculator, Notes};
use rpc_proto::events::EventQueue;
use rpc_proto::server::{QueuedEvents, Server};
use rpc_proto::service::Dispatch;
use rpc_proto::services::blocks::{BlocksService, Stored};
use rpc_proto::services::log::LogService;
use serial_rpc::link::Link;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest frame that a simulated device accepts.
const FRAME: usize = 256;
/// How many calls it accepts ahead.
const WINDOW: usize = 8;
/// How many received bytes it could hold while busy.
const BUFFER: u16 = 1024;
/// How often a device that is read looks for events that something other than a call has brought.
const LOOK_FOR_EVENTS: Duration = Duration::from_millis(1);

/// A device with the interface `I` that answers as soon as it is written to.
///
/// The one that is [`new`](SimulatedDevice::new) is the calculator, a block of notes, and a log: the very code that the boards run. With an interface of
/// your own, it lets a test call your firmware on the desktop:
///
/// ```
/// use rpc_proto::service;
/// use serial_rpc::Connection;
/// use serial_rpc_simulator::SimulatedDevice;
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
pub struct SimulatedDevice<I = SimulatedInterface> {
    state: Mutex<State<I>>,
    replied: Condvar,
}

rpc_proto::interface! {
    /// Everything that the demonstration device offers.
    pub struct SimulatedInterface("calculator", env!("CARGO_PKG_VERSION")) {
        calculator: CalculatorService<CheckedCalculator<Arc<SimulatedEvents>>>,
        blocks: BlocksService<Stored<Notes>>,
        log: LogService<()>,
    }
}

/// Where a simulated device has its events from.
pub type SimulatedEvents = EventQueue<4096, 16>;

struct State<I> {
    server: Server<I, FRAME, WINDOW, QueuedEvents<Arc<SimulatedEvents>, FRAME>>,
    unread: VecDeque<u8>,
    /// How many threads wait for something to read.
    readers: usize,
}

impl<I: Dispatch> State<I> {
    /// Sends what there is to send.
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

impl SimulatedDevice {
    /// A demonstration device that was just switched on.
    pub fn new() -> Self {
        let events = Arc::new(SimulatedEvents::new());
        let calculator = CheckedCalculator::telling(Arc::clone(&events));
        let interface = SimulatedInterface {
            calculator: CalculatorService(calculator),
            blocks: BlocksService(Stored::new(Notes::new())),
            log: LogService(()),
        };
        Self::with_events(interface, events)
    }
}

impl<I: Dispatch> SimulatedDevice<I> {
    /// A device with that interface that was just switched on.
    pub fn with(interface: I) -> Self {
        Self::with_events(interface, Arc::default())
    }

    /// A device with that interface, which sends the events that are put into the queue.
    pub fn with_events(interface: I, events: Arc<SimulatedEvents>) -> Self {
        Self {
            state: Mutex::new(State {
                server: Server::with_events(interface, events).with_buffer(BUFFER),
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

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
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
