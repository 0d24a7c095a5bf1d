//! A connection to a device: calls from any number of threads share one link and one session.
//!
//! [`exchange`] moves the bytes; [`call`], [`by_name`] and [`describe`] are what is done with that.

mod by_name;
mod call;
mod describe;
mod exchange;

pub use by_name::NamedCallError;
pub use call::{ConnectionCaller, Pending, Reply};
pub use describe::DescriptionError;
pub use rpc_proto::client::Statistics;

use crate::description::Description;
use crate::link::{self, Link, OpenError};
use crate::port::{Port, usb_serial_number};
use rpc_proto::client::{CallError, Client, Ticket, Timing};
use rpc_proto::message::{Accept, MAX_WINDOW};
use rpc_proto::time::Instant;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time;

/// The longest frame that this end sends or receives, in bytes.
pub const MAX_FRAME: usize = 4096;

/// The frame length that the first resend time is reckoned with.
const USUAL_FRAME: u32 = 64;

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
    /// By which a USB device is found again when it comes back under another path.
    usb_serial_number: Option<String>,
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
    /// How many threads wait for `changed`.
    sleeping: usize,
    /// How calls ended that nobody has asked for yet.
    ended: HashMap<Ticket, Result<Reply, CallError>>,
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
        let usb_serial_number = match &port {
            Port::Serial(path) => usb_serial_number(path),
            Port::Tcp(_) | Port::Simulated => None,
        };
        // Differs from run to run, so that the sessions of one run are not taken for another's.
        let nonce = RandomState::new().hash_one(std::process::id()) as u32;
        Self {
            port,
            usb_serial_number,
            options,
            started: time::Instant::now(),
            state: Mutex::new(State {
                link: Some(link),
                client: Box::new(Client::new(nonce, timing)),
                is_read: false,
                sleeping: 0,
                ended: HashMap::new(),
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        let elapsed = self.started.elapsed().as_micros();
        Instant::from_micros(u64::try_from(elapsed).unwrap_or(u64::MAX))
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
