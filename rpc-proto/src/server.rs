//! The device side: bytes in, reply bytes out.
//!
//! A [`Server`] is a `Session`, which knows the protocol, and an interface, which knows the
//! procedures. It does no I/O: one of the [`drivers`](crate::drivers), or a loop of the user's own,
//! hands it bytes as they come and writes out the replies. A [`RawServer`] hands out calls as bytes,
//! for a bridge or a gateway to carry out elsewhere.

mod events;
mod own_service;
mod raw;
#[doc(hidden)]
pub mod session;

use crate::device::{DeviceEventsService, DeviceService, FIRST_EVENTS_NUMBER, Statistics};
use crate::events::EventQueue;
use crate::service::{Arguments, Dispatch, DispatchAsync, FIRST_NUMBER, Interface, Replied, Reply};
use crate::wire::frame::Accumulator;
use crate::wire::message::Fault;
use core::ops::Deref;
use events::Sender;
use own_service::{OwnService, Subscriptions};
use session::{Session, assert_bounds};

pub use crate::events::NoEvents;
pub use events::EventSource;
pub use raw::{RawCall, RawReply, RawServer};
pub use session::Token;

/// Serves the interface `I` over a link.
///
/// `FRAME` is the longest frame in bytes, delimiter included, in either direction; `WINDOW` is how
/// many calls may be in flight and how many replies are kept for resending, 1 to 15. Together they
/// make the size of a server: a little over `(WINDOW + 1) * FRAME` bytes.
///
/// ```
/// use rpc_proto::{server::Server, service};
///
/// /// A lamp.
/// #[service]
/// trait Lamp {
///     /// Switches the lamp.
///     fn set(&mut self, on: bool);
/// }
/// struct Pin(bool);
/// impl Lamp for Pin {
///     fn set(&mut self, on: bool) {
///         self.0 = on;
///     }
/// }
///
/// let mut server = Server::<_, 64, 1>::new(LampService(Pin(false)));
/// # let (received, mut sent) = ([0_u8; 3], Vec::new());
/// for byte in received {
///     server.receive(byte);
///     let reply = server.outgoing();
///     sent.extend_from_slice(reply);
///     let len = reply.len();
///     server.sent(len);
/// }
/// ```
// In this order the kept replies come first, and their address is then that of the server, which a
// processor has at hand; the compiler's order depends on the fields of the fields.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "model-check", derive(Hash))]
#[repr(C)]
pub struct Server<I, const FRAME: usize, const WINDOW: usize, Q: EventSource = NoEvents> {
    session: Session<FRAME, WINDOW>,
    received: Accumulator<FRAME>,
    /// How many received bytes can wait. Here, because it fills what alignment leaves free: 4 bytes.
    buffer: u16,
    interface: I,
    events: Q::Sender<FRAME>,
}

impl<I: Interface, const FRAME: usize, const WINDOW: usize> Server<I, FRAME, WINDOW> {
    /// A server without a session. It can be made in a `const`, so it may live in a `static`, where
    /// it takes no flash.
    ///
    /// It announces no receive buffer, which is right for a UART that is read by polling: the
    /// caller then has one call in flight at a time.
    #[track_caller]
    pub const fn new(interface: I) -> Self {
        assert_bounds(FRAME, WINDOW);
        Self {
            interface,
            received: Accumulator::new(),
            buffer: 0,
            session: Session::new(),
            events: NoEvents,
        }
    }

    /// A server that also sends the events which are put into a queue. `Q` points to an
    /// [`EventQueue`].
    ///
    /// In a `static`, a server with a reference to its queue takes flash for the values it starts
    /// with, since they are no longer all zero. A type of no size that dereferences to the queue
    /// avoids that.
    #[track_caller]
    pub const fn with_events<Q, const BYTES: usize, const TOPICS: usize>(
        interface: I,
        queue: Q,
    ) -> Server<I, FRAME, WINDOW, Q>
    where
        Q: Deref<Target = EventQueue<BYTES, TOPICS>>,
    {
        assert_bounds(FRAME, WINDOW);
        Server {
            interface,
            received: Accumulator::new(),
            buffer: 0,
            session: Session::new(),
            events: events::QueuedEvents::new(queue),
        }
    }
}

/// The way of a received byte: the body of [`Server::receive`] and [`Server::receive_async`], which
/// differ in an `.await`.
// A function that gave back the call to be run would cost 25 instructions a call to move it.
macro_rules! take_byte {
    ($server:ident, $byte:ident, $dispatch:ident $(.$await:tt)?) => {
        let Some(candidate) = $server.received.push($byte) else {
            return;
        };
        // The session knows whether the frame is a call that is to be run.
        let Some(mut call) = $server.session.take(
            candidate,
            $server.interface.fingerprint(),
            &$server.buffer,
        ) else {
            return $server.forget_events();
        };
        let (arguments, statistics) = (call.arguments.clone(), call.statistics);
        let (procedure, reply) = (call.procedure, call.reply());
        let result = match procedure {
            Ok(number @ FIRST_NUMBER..) => {
                // The interface takes the arguments apart, runs the procedure and fills the reply.
                let index = number - FIRST_NUMBER;
                $server.interface.$dispatch(index, arguments, reply)$(.$await)?
            }
            Ok(number) => Self::answer_own(
                &$server.interface,
                &mut $server.events,
                number,
                arguments,
                reply,
                statistics,
            ),
            Err(fault) => Err(fault),
        };
        // From here on the reply is outgoing.
        call.end(result);
    };
}

impl<I: Interface, const FRAME: usize, const WINDOW: usize, Q: EventSource>
    Server<I, FRAME, WINDOW, Q>
{
    /// True if the server can send events.
    pub(crate) const HAS_EVENTS: bool = Q::Sender::<FRAME>::ENABLED;
    /// Refuses a `FRAME` or `WINDOW` that is out of bounds. Where a server is made in a function, that
    /// is found out when the compiler comes to the first of these methods, at the line that calls it.
    pub(crate) const BOUNDS: () = assert_bounds(FRAME, WINDOW);

    /// The same server, with a receive buffer; see [`announce_buffer`](Self::announce_buffer).
    #[must_use]
    pub const fn with_buffer(mut self, bytes: u16) -> Self {
        self.announce_buffer(bytes);
        self
    }

    /// Announces that `bytes` received bytes can wait while a procedure runs, because an interrupt
    /// or DMA puts them into a buffer of that size. Callers that connect from then on send up to
    /// `WINDOW` calls ahead, as far as they fit.
    pub const fn announce_buffer(&mut self, bytes: u16) {
        self.buffer = bytes;
    }

    /// Takes one received byte, and runs the call that it completes, if it does.
    ///
    /// As long as there is something to send, a frame that completes is dropped as if the line had
    /// lost it; so send first, unless the line has no patience.
    pub fn receive(&mut self, byte: u8)
    where
        I: Dispatch,
    {
        let () = Self::BOUNDS;
        take_byte!(self, byte, dispatch);
    }

    /// As [`receive`](Self::receive), for procedures that may wait.
    ///
    /// Bytes that come in meanwhile stay in the link. If it is dropped before it has ended, the call
    /// that was running counts as run and is not answered; its caller gives it up at its deadline.
    pub async fn receive_async(&mut self, byte: u8)
    where
        I: DispatchAsync,
    {
        let () = Self::BOUNDS;
        take_byte!(self, byte, dispatch_async.await);
    }

    /// Runs a procedure of the device's own service, if the device offers that.
    fn answer_own(
        interface: &I,
        events: &mut Q::Sender<FRAME>,
        number: u16,
        arguments: Arguments<'_>,
        reply: Reply<'_>,
        statistics: &Statistics,
    ) -> Result<Replied, Fault> {
        if I::OWN_SERVICE {
            Self::run_own(interface, events, number, arguments, reply, statistics)
        } else {
            Err(Fault::UnknownProcedure)
        }
    }

    // Inlined, it would take registers and stack from the calls that matter.
    #[inline(never)]
    fn run_own(
        interface: &I,
        events: &mut Q::Sender<FRAME>,
        number: u16,
        arguments: Arguments<'_>,
        reply: Reply<'_>,
        statistics: &Statistics,
    ) -> Result<Replied, Fault> {
        if Self::HAS_EVENTS && number >= FIRST_EVENTS_NUMBER {
            let index = number - FIRST_EVENTS_NUMBER;
            let mut device = DeviceEventsService(Subscriptions { interface, events });
            return device.dispatch(index, arguments, reply);
        }
        let own = OwnService::<I, FRAME> {
            interface,
            statistics,
        };
        DeviceService(own).dispatch(number, arguments, reply)
    }

    /// The bytes to send, empty if there is nothing to say.
    pub fn outgoing(&mut self) -> &[u8] {
        if self.sends_event() {
            self.events.outgoing(self.session.seal())
        } else {
            self.session.outgoing()
        }
    }

    /// Notes that the first `count` bytes of [`outgoing`](Self::outgoing) were sent, before anything
    /// else was received.
    pub fn sent(&mut self, count: usize) {
        if self.sends_event() {
            self.events.sent(count);
        } else {
            self.session.sent(count);
        }
    }

    /// Forgets subscriptions if a session has begun.
    fn forget_events(&mut self) {
        if Self::HAS_EVENTS && self.session.is_accepting() {
            self.events.clear();
        }
    }

    /// Tells if there is a reply to send. If not, it can receive, whatever events there are; drivers
    /// do that first, lest a device with much to tell answers no calls.
    pub fn is_replying(&self) -> bool {
        self.session.is_sending()
    }

    /// Tells if it is an event's turn: its frame was begun, or there is no reply to send.
    fn sends_event(&self) -> bool {
        Self::HAS_EVENTS && (self.events.is_sending() || !self.is_replying())
    }

    /// Waits until there is an event to send, for a driver that sleeps meanwhile. Without events, that
    /// is for ever.
    pub async fn event(&mut self) {
        self.events.wait().await;
    }

    /// Notes that all of [`outgoing`](Self::outgoing) was sent.
    pub fn sent_all(&mut self) {
        if self.sends_event() {
            self.events.sent(usize::MAX);
        } else {
            self.session.sent_all();
        }
    }

    /// The interface, for the rest of the firmware to share with its callers.
    pub fn interface(&mut self) -> &mut I {
        &mut self.interface
    }

    /// The counters of the link.
    pub fn statistics(&self) -> &Statistics {
        self.session.statistics()
    }

    /// Counts bytes that the receive buffer had no room for, so that a caller can learn of them.
    pub fn note_overruns(&mut self, bytes: u32) {
        self.session.note_overruns(bytes);
    }
}
