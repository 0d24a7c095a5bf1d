//! A connection to a device, shared by any number of threads and tasks.
//!
//! `shared` has the state behind all handles, `exchange` moves the bytes, `waiting` and `tasks` let
//! threads and tasks wait. `calls` (typed), `by_name`, `streams`, `feeds`, `subscription`, `blocks` and
//! `updates` build on these. Each is written once, as something that can be awaited.

mod attempts;
mod blocks;
mod by_name;
mod calls;
mod describe;
mod events;
mod exchange;
mod feeds;
mod inboxes;
mod prepared;
mod reply;
mod shared;
mod signatures;
mod statistics;
mod stray;
mod streams;
mod subscription;
mod tasks;
mod turns;
mod updates;
mod waiting;

pub use by_name::NamedStream;
pub use calls::{Pending, PendingReply};
pub use describe::DescriptionError;
pub use events::{Arrived, EncodedEvents, Held};
pub use feeds::NamedFeed;
pub use prepared::{NamedCallError, NamedResult, NamedSource, PreparedCall};
pub use reply::Reply;
pub use rpc_proto::client::{Counters, Received, SubscribeResult};
pub use statistics::Statistics;
pub use streams::{EncodedSource, Stream};
pub use subscription::{EncodedEvent, EncodedSubscription, Subscription, read_event};
pub use updates::{FirmwareUpdate, UpdateFailure, UpdateOutcome, UpdatePlan, UpdateStep, Updated};

use crate::cache::Cache;
use crate::link::{Connector, PortConnector, Tap, Tapped};
use crate::port::{OpenError, Port, Selector};
use rpc_proto::wire::message::Accept;
use shared::Shared;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use turns::{Program, User};

/// The longest frame that this end sends or receives, in bytes.
pub const MAX_FRAME: usize = 4096;

/// The options for opening and using a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The speed of a serial port, in bits per second.
    pub baud: u32,
    /// The time limit for a call, connecting included. [`Connection::within`] sets another for some
    /// calls.
    pub timeout: Duration,
    /// The number of times that an unanswered call is tried again, if it never ran or its procedure
    /// is idempotent. Each try has the full time limit.
    pub retries: u32,
}

impl Options {
    /// Returns the default options at that speed: on a slow line a call has more time, because its
    /// frames take longer.
    pub fn at(baud: u32) -> Self {
        /// The approximate length of a few long frames, in bits.
        const BITS: u64 = 8 * 256 * 10;
        let frames = Duration::from_millis(1000 * BITS / u64::from(baud.max(1)));
        let default = Self::default();
        Self {
            baud,
            timeout: default.timeout + frames,
            ..default
        }
    }
}

impl Default for Options {
    /// Returns 115,200 baud, two seconds, no second try.
    fn default() -> Self {
        Self {
            baud: 115_200,
            timeout: Duration::from_secs(2),
            retries: 0,
        }
    }
}

/// A connection to a device. Clones share it, and it is closed when the last of them is dropped.
///
/// Calls from any number of threads and tasks share one link and one session. A typed client owns its
/// connection, so both can live in one struct:
///
/// ```no_run
/// use serial_rpc::Connection;
///
/// /// A lamp.
/// #[rpc_proto::service]
/// trait Lamp {
///     /// Sets the brightness in percent.
///     fn dim(&mut self, percent: u8);
/// }
///
/// struct Rig {
///     device: Connection,
///     lamp: LampClient<Connection>,
/// }
///
/// let device = Connection::open("/dev/ttyACM0")?;
/// let lamp = LampClient::new(&device);
/// let mut rig = Rig { device, lamp };
/// rig.lamp.dim(50)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Connection {
    shared: Arc<Shared>,
    /// The time limit of this handle's calls, if it is not the default.
    timeout: Option<Duration>,
    /// The program whose handle this is.
    program: Program,
    /// The time after which its calls end if there is no session to send them in.
    give_up: Option<Duration>,
    /// The last reply to a typed call of this handle; its value borrows from it.
    reply: Reply,
}

impl Connection {
    /// Opens a port: the path of a serial port, `VID:PID`, `VID:PID:SERIAL` or `id:SERIAL` for that
    /// of a USB device, `tcp:HOST:PORT`, or `unix:PATH` for the socket of a gateway. A port that a gateway
    /// of this user has is opened through it.
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
    /// Fails if the port is missing, busy, not permitted or cannot be reached, or if several match.
    pub fn open(port: &str) -> Result<Self, OpenError> {
        let selector: Selector = port.parse()?;
        Self::open_with(selector, Options::default())
    }

    /// Opens a port with other options. If the port is lost, the same device is looked for, and a
    /// device that was selected by its identity is never replaced by another; see [`PortConnector`].
    ///
    /// # Errors
    /// Fails as [`open`](Self::open) does.
    pub fn open_with(port: impl Into<Selector>, options: Options) -> Result<Self, OpenError> {
        Self::over(PortConnector::new(port, options.baud)?, options)
    }

    /// Opens a link of any other kind. If it is lost, the same connector opens it again.
    ///
    /// # Errors
    /// Fails if the link cannot be opened.
    pub fn over(connector: impl Connector + 'static, options: Options) -> Result<Self, OpenError> {
        let link = connector.open(options.timeout)?;
        Ok(Self::of(Shared::new(
            Box::new(connector),
            Some(link),
            options,
        )))
    }

    /// Creates a connection with the default options to any connector's link, such as a simulated
    /// device. If the link cannot be opened now, calls wait for it until their deadlines.
    pub fn to(connector: impl Connector + 'static) -> Self {
        Self::awaiting(connector, Options::default())
    }

    /// Creates a connection as [`to`](Self::to) does, with other options.
    pub fn awaiting(connector: impl Connector + 'static, options: Options) -> Self {
        let link = connector.open(options.timeout).ok();
        Self::of(Shared::new(Box::new(connector), link, options))
    }

    fn of(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            timeout: None,
            program: Program::default(),
            give_up: None,
            reply: Reply::Return(Vec::new()),
        }
    }

    /// Returns a handle of this connection whose calls have that time limit, such as for a procedure
    /// that takes long. Other handles keep theirs.
    ///
    /// ```
    /// use firmware::calculator::CalculatorClient;
    /// use serial_rpc::Connection;
    /// use serial_rpc_simulator::SimulatedDevice;
    /// use std::time::Duration;
    ///
    /// let device = Connection::to(SimulatedDevice::new());
    /// let patient = device.within(Duration::from_secs(60));
    /// // For calls by name, or for all calls of a typed client.
    /// patient.call("calculator.add", &serde_json::json!([2, 3]))?;
    /// CalculatorClient::new(&patient).add(2, 3)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A device runs one call at a time, so calls made after a long one wait for it; their time passes
    /// meanwhile. If it runs out, they end with [`CallError::Timeout`](crate::CallError::Timeout): a
    /// call is not sent while one with a later deadline is in flight, so it has never run, and the
    /// long one goes on. Events and the log wait as well, unless the procedure is an async one.
    #[must_use]
    pub fn within(&self, timeout: Duration) -> Self {
        Self {
            timeout: Some(timeout),
            ..self.clone()
        }
    }

    /// Returns a handle for another program, or another part of this one, that shares the device. Clones of
    /// it belong to the same.
    ///
    /// From then on the programs take turns: each call waits behind no more calls of others than the device
    /// has in its window, however many they make at once. A time limit that passes ends a call for its
    /// program alone; the session goes on for the others. So a call of unknown outcome may still run.
    #[must_use]
    pub fn for_another(&self) -> Self {
        Self {
            program: self.shared.state().turns.another(),
            ..self.clone()
        }
    }

    /// Returns a [handle for another program](Self::for_another) whose calls end after that time if they
    /// cannot be sent because the device does not answer: for one who passes on the calls of others, and
    /// does not know how long these wait. A device that is only busy is waited for.
    #[must_use]
    pub fn giving_up_after(&self, time: Duration) -> Self {
        Self {
            give_up: Some(time),
            ..self.for_another()
        }
    }

    /// Returns who uses the state if this handle does.
    fn user(&self, place: Option<turns::Place>) -> User {
        User {
            program: self.program,
            place,
            give_up: self.give_up.map(shared::duration),
        }
    }

    /// Returns the time limit of this handle's calls.
    pub fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(self.shared.options.timeout)
    }

    /// Returns the time that a call may take with all retries.
    fn patience(&self) -> Duration {
        let tries = self.shared.options.retries.saturating_add(1);
        self.timeout().saturating_mul(tries)
    }

    /// Looks for descriptions in a cache before asking the device, and keeps them there.
    #[must_use]
    pub fn with_cache(self, cache: Cache) -> Self {
        // A second cache is ignored: a reader of a description may be using the first.
        let _ = self.shared.cache.set(cache);
        self
    }

    /// Passes every byte on the link to `tap`, also after the link was lost and opened again.
    #[must_use]
    pub fn tapped_by(self, tap: Tap) -> Self {
        let mut state = self.shared.state();
        let link = state.link.take();
        state.link = link.map(|link| Tapped::over(link, Arc::clone(&tap)));
        state.tap = Some(tap);
        drop(state);
        self
    }

    /// Returns the name of the port or link.
    pub fn name(&self) -> String {
        self.shared.connector.name()
    }

    /// Returns the port, if the connection is to one.
    pub fn port(&self) -> Option<Port> {
        self.shared.connector.port()
    }

    /// Returns the socket of the gateway through which the link goes, if a gateway has the port.
    pub fn gateway(&self) -> Option<String> {
        self.shared.connector.gateway()
    }

    /// Returns true if the link is open, as far as it is known: the loss of a link shows when it is used.
    pub fn is_open(&self) -> bool {
        self.shared.state().link.is_some()
    }

    /// Returns the options with which the port was opened.
    pub fn options(&self) -> Options {
        self.shared.options
    }

    /// Returns the device's answer from when the session began. None before the first call.
    pub fn device(&self) -> Option<Accept> {
        self.shared.state().client.device().copied()
    }

    /// Returns this end's counters of the link.
    pub fn counters(&self) -> Counters {
        *self.shared.state().client.counters()
    }

    /// Returns the last 200 bytes that came outside frames: noise, or text that the device prints
    /// on the same line.
    pub fn stray_bytes(&self) -> Vec<u8> {
        self.shared.state().stray.bytes()
    }

    /// Ends all calls in flight and all waits for events. Another thread may call this while some
    /// wait, such as one that handles Ctrl-C.
    pub fn cancel(&self) {
        self.shared.cancel();
    }
}

impl Clone for Connection {
    fn clone(&self) -> Self {
        Self {
            timeout: self.timeout,
            program: self.program,
            give_up: self.give_up,
            ..Self::of(Arc::clone(&self.shared))
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("name", &self.name())
            .field("options", &self.options())
            .finish_non_exhaustive()
    }
}
