//! A connection to a device: calls from any number of threads share one link and one session.
//!
//! There is no thread of its own. Whoever waits for an answer carries bytes for everybody: the
//! first to wait reads the link, the others sleep until their call has ended or the reader has got
//! its own and leaves the link to one of them. A lone caller thus never waits for another thread
//! to be scheduled.

mod by_name;
mod call;
mod describe;

pub use by_name::NamedCallError;
pub use call::{ConnectionCaller, Reply};
pub use describe::DescriptionError;
pub use rpc_proto::client::Statistics;

use crate::description::Description;
use crate::link::{self, Link, OpenError};
use crate::port::Port;
use rpc_proto::client::{CallError, Cause, Client, Target, Ticket, Timing};
use rpc_proto::message::{Accept, MAX_WINDOW};
use rpc_proto::time::{Duration, Instant};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{thread, time};

/// The longest frame that this end sends or receives, in bytes.
pub const MAX_FRAME: usize = 4096;

/// The frame length that the first resend time is reckoned with.
const USUAL_FRAME: u32 = 64;

/// The longest time that the link is read for without looking up, in case another thread has
/// started a call with an earlier deadline.
const READ_AT_MOST: time::Duration = time::Duration::from_millis(20);

/// How long to wait before trying to open a lost port again.
const REOPEN_AFTER: time::Duration = time::Duration::from_millis(100);

/// How a port is opened and used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The speed of a serial port, in bits a second.
    pub baud: u32,
    /// How long a call may take, connecting included.
    pub timeout: time::Duration,
}

impl Default for Options {
    /// 115,200 baud, two seconds.
    fn default() -> Self {
        Self {
            baud: 115_200,
            timeout: time::Duration::from_secs(2),
        }
    }
}

/// A connection to a device.
///
/// ```
/// use rpc_proto::calculator::CalculatorClient;
/// use serial_rpc::Connection;
///
/// let device = Connection::open("sim")?;
/// let mut calculator = CalculatorClient::new(&device);
/// assert_eq!(calculator.add(2, 3)?, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Connection {
    port: Port,
    options: Options,
    started: time::Instant,
    state: Mutex<State>,
    /// Something may have changed for a thread that waits: a call has ended, or nobody reads.
    changed: Condvar,
}

struct State {
    /// None while the port is lost.
    link: Option<Arc<dyn Link>>,
    client: Box<Client<MAX_FRAME, MAX_WINDOW>>,
    /// Whether a thread is reading the link for all.
    is_read: bool,
    /// Procedure numbers by key, with the fingerprint of the interface they belong to.
    numbers: HashMap<u32, (u16, u32)>,
    description: Option<(u32, Arc<Description>)>,
}

impl Connection {
    /// Opens a port: the path of a serial port, `tcp:HOST:PORT`, or `sim` for a simulated device.
    ///
    /// Nothing is sent before the first call.
    ///
    /// # Errors
    /// When the port is missing, busy, not permitted or cannot be reached.
    pub fn open(port: &str) -> Result<Self, OpenError> {
        let port = port
            .parse()
            .map_err(|error: crate::port::NotAnAddress| OpenError::Other {
                port: port.to_owned(),
                reason: error.to_string(),
            })?;
        Self::open_with(port, Options::default())
    }

    /// Opens a port with other options.
    ///
    /// # Errors
    /// When the port is missing, busy, not permitted or cannot be reached.
    pub fn open_with(port: Port, options: Options) -> Result<Self, OpenError> {
        let link = link::open(&port, options.baud)?;
        Ok(Self::over(port, link, options))
    }

    /// A connection over a link that is open already; `port` is where it is opened again if it
    /// fails.
    pub fn over(port: Port, link: Arc<dyn Link>, options: Options) -> Self {
        let timing = match port {
            Port::Serial(_) => Timing::for_line(options.baud, USUAL_FRAME),
            Port::Tcp(_) | Port::Simulated => Timing::default(),
        };
        // Differs from run to run, so that the sessions of one run are not taken for another's.
        let nonce = RandomState::new().hash_one(std::process::id()) as u32;
        Self {
            port,
            options,
            started: time::Instant::now(),
            state: Mutex::new(State {
                link: Some(link),
                client: Box::new(Client::new(nonce, timing)),
                is_read: false,
                numbers: HashMap::new(),
                description: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// The port that this is a connection to.
    pub fn port(&self) -> &Port {
        &self.port
    }

    /// What the device said about itself when the session began; None before the first call.
    pub fn device(&self) -> Option<Accept> {
        self.state().client.device().copied()
    }

    /// What this end has seen of the link.
    pub fn statistics(&self) -> Statistics {
        *self.state().client.statistics()
    }

    /// Starts a call as soon as there is room for it.
    fn start<A: Serialize + ?Sized>(
        &self,
        target: Target,
        arguments: &A,
    ) -> Result<Ticket, CallError> {
        let timeout = u64::try_from(self.options.timeout.as_micros()).unwrap_or(u64::MAX);
        let deadline = self.now() + Duration::from_micros(timeout);
        let mut state = self.state();
        loop {
            match state.client.start(target, deadline, arguments) {
                Err(CallError::Busy) if self.now() < deadline => state = self.exchange(state),
                Err(CallError::Busy) => return Err(CallError::Timeout),
                Err(error) => return Err(error),
                Ok(ticket) => {
                    self.send(&mut state);
                    return Ok(ticket);
                }
            }
        }
    }

    /// Waits until a call has ended, and hands its end to `take`.
    fn wait<R>(&self, ticket: Ticket, take: impl FnOnce(Result<Reply, CallError>) -> R) -> R {
        let mut state = self.state();
        while !state.client.is_ended(ticket) {
            state = self.exchange(state);
        }
        let lost = state.link.is_none();
        let end = match state.client.take(ticket) {
            Some(Ok(answer)) => Ok(Reply::from(answer)),
            // The deadline passed while waiting for the port to come back.
            Some(Err(CallError::Timeout)) if lost => Err(CallError::Disconnected),
            Some(Err(CallError::OutcomeUnknown(Cause::Timeout))) if lost => {
                Err(CallError::OutcomeUnknown(Cause::Disconnected))
            }
            Some(Err(error)) => Err(error),
            None => Err(CallError::Disconnected),
        };
        drop(state);
        // There is room for another call now, and nobody may be reading.
        self.changed.notify_all();
        take(end)
    }

    /// Gets on with the conversation: reads the link, or waits for the thread that does.
    fn exchange<'s>(&'s self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        if state.is_read {
            return self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.client.advance(self.now());
        self.send(&mut state);
        let left = match state.client.deadline() {
            Some(deadline) => time::Duration::from_micros(deadline.since(self.now()).as_micros()),
            None => time::Duration::ZERO,
        };
        state.is_read = true;
        let mut link = state.link.clone();
        drop(state);

        let mut buffer = [0; 512];
        let read = match &link {
            Some(link) => link.read(&mut buffer, left.min(READ_AT_MOST)),
            None => {
                thread::sleep(left.min(REOPEN_AFTER));
                link = link::open(&self.port, self.options.baud).ok();
                Ok(0)
            }
        };

        let mut state = self.state();
        state.is_read = false;
        match read {
            Ok(count) => {
                let now = self.now();
                for &byte in buffer.iter().take(count) {
                    state.client.receive(now, byte);
                }
                // Another thread may have lost the link while this one was reading it.
                if state.link.is_none() && count == 0 {
                    state.link = link;
                }
            }
            Err(_) => state.lose_link(),
        }
        state.client.advance(self.now());
        self.send(&mut state);
        self.changed.notify_all();
        state
    }

    /// Sends what there is to send.
    fn send(&self, state: &mut State) {
        let State { link, client, .. } = state;
        let Some(link) = link else { return };
        loop {
            let now = self.now();
            let outgoing = client.outgoing(now);
            if outgoing.is_empty() {
                return;
            }
            match link.write(outgoing) {
                Ok(0) => return,
                Ok(count) => client.sent(self.now(), count),
                Err(_) => return state.lose_link(),
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        let elapsed = self.started.elapsed().as_micros();
        Instant::from_micros(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }
}

impl State {
    fn lose_link(&mut self) {
        self.link = None;
        self.client.link_lost();
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("port", &self.port)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
