//! A connection to a device: calls from any number of threads share one link and one session.
//!
//! `exchange` moves the bytes; `call`, `by_name`, `describe` and `subscription` are what is done with
//! that.

mod blocks;
mod by_name;
mod call;
mod describe;
mod exchange;
mod inboxes;
mod named_feed;
mod named_stream;
mod stray;
mod subscription;

pub use by_name::{NamedCallError, PreparedCall};
pub use call::{ConnectionCaller, Pending, PendingReply, Reply, Submitted};
pub use describe::DescriptionError;
pub use named_feed::NamedFeed;
pub use named_stream::NamedStream;
pub use rpc_proto::client::Statistics;
pub use subscription::{EncodedEvent, EncodedSubscription, Received, Subscription};

use crate::cache::Cache;
use crate::description::Description;
use crate::link::{self, Link, Tap, Tapped};
use crate::port::{OpenError, Port, Selector, usb_serial_number};
use inboxes::Inboxes;
use rpc_proto::client::{CallError, Client, Ticket, Timing};
use rpc_proto::time::Instant;
use rpc_proto::wire::message::{Accept, MAX_WINDOW};
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time;
use stray::Stray;

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
    /// How often a call that was not answered in time is made again, if it never ran or its
    /// procedure is idempotent. Each time, it may take as long again.
    pub retries: u32,
}

impl Options {
    /// The default at that speed: on a slow line a call has longer, because its frames take longer.
    pub fn at(baud: u32) -> Self {
        /// About what a few long frames come to, in bits.
        const BITS: u64 = 8 * 256 * 10;
        let frames = time::Duration::from_millis(1000 * BITS / u64::from(baud.max(1)));
        let default = Self::default();
        Self {
            baud,
            timeout: default.timeout + frames,
            ..default
        }
    }
}

impl Default for Options {
    /// 115,200 baud, two seconds, no second try.
    fn default() -> Self {
        Self {
            baud: 115_200,
            timeout: time::Duration::from_secs(2),
            retries: 0,
        }
    }
}

/// A connection to a device.
///
/// ```
/// use firmware::calculator::CalculatorClient;
/// use serial_rpc::Connection;
/// use serial_rpc_simulator::SimulatedDevice;
///
/// let device = Connection::to(SimulatedDevice::new());
/// let mut calculator = CalculatorClient::new(&device);
/// assert_eq!(calculator.add(2, 3)?, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Connection {
    port: Port,
    /// By which a USB device is found again when it comes back under another path.
    usb_serial_number: Option<String>,
    options: Options,
    cache: Option<Cache>,
    /// Sees every byte that passes.
    tap: Option<Tap>,
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
    stray: Stray,
    inboxes: Inboxes,
    /// How often [`Connection::cancel`] was called.
    cancellations: u32,
}

impl Connection {
    /// Opens a port: the path of a serial port, `VID:PID`, `VID:PID:SERIAL` or `id:SERIAL` for that
    /// of a USB device, or `tcp:HOST:PORT`.
    ///
    /// Nothing is sent before the first call.
    ///
    /// ```no_run
    /// # use serial_rpc::Connection;
    /// let device = Connection::open("2e8a:000a")?;
    /// # Ok::<(), serial_rpc::port::OpenError>(())
    /// ```
    ///
    /// # Errors
    /// When the port is missing, busy, not permitted or cannot be reached, or several match.
    pub fn open(port: &str) -> Result<Self, OpenError> {
        let selector: Selector = port.parse()?;
        Self::open_with(selector.find()?, Options::default())
    }

    /// Opens a port with other options.
    ///
    /// # Errors
    /// When the port is missing, busy, not permitted or cannot be reached.
    pub fn open_with(port: Port, options: Options) -> Result<Self, OpenError> {
        let link = link::open(&port, options.baud)?;
        Ok(Self::over(port, link, options))
    }

    /// A connection over a link that the program has made itself, such as a simulated device.
    pub fn to(link: impl Link + 'static) -> Self {
        Self::over(
            Port::Own("link".to_owned()),
            Arc::new(link),
            Options::default(),
        )
    }

    /// A connection over a link that is open already; `port` is where it is opened again if it
    /// fails.
    pub fn over(port: Port, link: Arc<dyn Link>, options: Options) -> Self {
        let timing = match port {
            Port::Serial(_) => Timing::for_line(options.baud, USUAL_FRAME),
            Port::Tcp(_) | Port::Own(_) => Timing::default(),
        };
        let usb_serial_number = match &port {
            Port::Serial(path) => usb_serial_number(path),
            Port::Tcp(_) | Port::Own(_) => None,
        };
        // Differs from run to run, so that the sessions of one run are not taken for another's.
        let nonce = RandomState::new().hash_one(std::process::id()) as u32;
        Self {
            port,
            usb_serial_number,
            options,
            cache: None,
            tap: None,
            started: time::Instant::now(),
            state: Mutex::new(State {
                link: Some(link),
                client: Box::new(Client::new(nonce, timing)),
                is_read: false,
                sleeping: 0,
                ended: HashMap::new(),
                numbers: HashMap::new(),
                description: None,
                stray: Stray::default(),
                inboxes: Inboxes::default(),
                cancellations: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// Looks for descriptions in a cache before asking the device, and keeps them there.
    #[must_use]
    pub fn with_cache(mut self, cache: Cache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Shows `tap` every byte that passes the link, also after the port was lost and opened again.
    ///
    /// ```
    /// use serial_rpc::Connection;
    /// use serial_rpc_simulator::SimulatedDevice;
    /// use std::sync::Arc;
    ///
    /// let device = Connection::to(SimulatedDevice::new()).tapped_by(Arc::new(|direction, bytes| {
    ///     eprintln!("{direction} {bytes:02x?}");
    /// }));
    /// assert_eq!(device.call("calculator.add", &serde_json::json!([2, 3]))?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tapped_by(mut self, tap: Tap) -> Self {
        let mut state = self.state();
        let link = state.link.take();
        state.link = link.map(|link| Tapped::over(link, Arc::clone(&tap)));
        drop(state);
        self.tap = Some(tap);
        self
    }

    /// The port that this is a connection to.
    pub fn port(&self) -> &Port {
        &self.port
    }

    /// How the port was opened and is used.
    pub fn options(&self) -> Options {
        self.options
    }

    /// What the device said about itself when the session began; None before the first call.
    pub fn device(&self) -> Option<Accept> {
        self.state().client.device().copied()
    }

    /// What this end has seen of the link.
    pub fn statistics(&self) -> Statistics {
        *self.state().client.statistics()
    }

    /// The last 200 bytes that came and were no part of a frame: noise, or text that the device
    /// prints on the same line.
    pub fn stray_bytes(&self) -> Vec<u8> {
        self.state().stray.bytes()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cancellations(&self) -> u32 {
        self.state().cancellations
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
