//! The device side: bytes in, reply bytes out.
//!
//! A [`Server`] is a [`Session`], which knows the protocol, and an interface,
//! which knows the procedures. It does no I/O: a driver in [`io`](crate::drivers) or a loop of the
//! user's own hands it bytes as they come and writes out what it has to say.

mod events;
mod own_service;
pub mod session;

use crate::device::{DeviceEventsService, DeviceService, FIRST_EVENTS_NUMBER, Statistics};
use crate::service::{Arguments, Dispatch, DispatchAsync, FIRST_NUMBER, Interface, Replied, Reply};
use crate::wire::frame::Accumulator;
use crate::wire::message::{Accept, Fault, VERSION};
use session::Session;

pub use crate::events::NoEvents;
pub use events::{EventSource, QueuedEvents};
pub use own_service::{OwnService, Subscriptions};

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
pub struct Server<I, const FRAME: usize, const WINDOW: usize, E = NoEvents> {
    session: Session<FRAME, WINDOW>,
    received: Accumulator<FRAME>,
    /// How many received bytes can wait. Here, because it fills what alignment leaves free: 4 bytes.
    buffer: u16,
    interface: I,
    events: E,
}

impl<I: Interface, const FRAME: usize, const WINDOW: usize> Server<I, FRAME, WINDOW> {
    /// A server without a session. It can be made in a `const`, so it may live in a `static`, where
    /// it takes no flash.
    ///
    /// It announces no receive buffer, which is right for a UART that is read by polling: the
    /// caller then has one call in flight at a time.
    pub const fn new(interface: I) -> Self {
        Self {
            interface,
            received: Accumulator::new(),
            buffer: 0,
            session: Session::new(),
            events: NoEvents,
        }
    }

    /// A server that also sends the events which are put into a queue. `Q` points to an
    /// [`EventQueue`](crate::events::EventQueue).
    ///
    /// In a `static`, a server with a reference to its queue takes flash for the values it starts
    /// with, since they are no longer all zero. A type of no size that dereferences to the queue
    /// avoids that.
    pub const fn with_events<Q>(
        interface: I,
        queue: Q,
    ) -> Server<I, FRAME, WINDOW, QueuedEvents<Q, FRAME>>
    where
        QueuedEvents<Q, FRAME>: EventSource,
    {
        Server {
            interface,
            received: Accumulator::new(),
            buffer: 0,
            session: Session::new(),
            events: QueuedEvents::new(queue),
        }
    }
}

impl<I: Interface, const FRAME: usize, const WINDOW: usize, E: EventSource>
    Server<I, FRAME, WINDOW, E>
{
    /// What a Connect is answered with, but for the nonce and the buffer.
    const ACCEPT: Accept = Accept {
        version: VERSION,
        nonce: 0,
        window: WINDOW as u8,
        max_frame: FRAME as u16,
        buffer: 0,
        fingerprint: I::FINGERPRINT,
    };

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
        let Some(frame) = self.received.push(byte) else {
            return;
        };
        let Some(mut call) = self.session.take(frame, &Self::ACCEPT, &self.buffer) else {
            return self.forget_events();
        };
        let (arguments, statistics) = (call.arguments.clone(), call.statistics);
        let result = match (call.procedure, call.reply()) {
            (Err(fault), _) => Err(fault),
            (Ok(number @ FIRST_NUMBER..), reply) => {
                let index = number - FIRST_NUMBER;
                self.interface.dispatch(index, arguments, reply)
            }
            (Ok(_), _) if !I::OWN_SERVICE => Err(Fault::UnknownProcedure),
            (Ok(number), reply) => {
                Self::run_own(&mut self.events, statistics, number, arguments, reply)
            }
        };
        call.end(result);
    }

    /// As [`receive`](Self::receive), for procedures that may wait.
    ///
    /// Bytes that come in meanwhile stay in the link. If it is dropped before it has ended, the call
    /// that was running counts as run and is not answered; its caller gives it up at its deadline.
    pub async fn receive_async(&mut self, byte: u8)
    where
        I: DispatchAsync,
    {
        let Some(frame) = self.received.push(byte) else {
            return;
        };
        let Some(mut call) = self.session.take(frame, &Self::ACCEPT, &self.buffer) else {
            return self.forget_events();
        };
        let (arguments, statistics) = (call.arguments.clone(), call.statistics);
        let result = match (call.procedure, call.reply()) {
            (Err(fault), _) => Err(fault),
            (Ok(number @ FIRST_NUMBER..), reply) => {
                let index = number - FIRST_NUMBER;
                self.interface.dispatch_async(index, arguments, reply).await
            }
            (Ok(_), _) if !I::OWN_SERVICE => Err(Fault::UnknownProcedure),
            (Ok(number), reply) => {
                Self::run_own(&mut self.events, statistics, number, arguments, reply)
            }
        };
        call.end(result);
    }

    /// Runs a procedure of the device's own service.
    // Inlined, it would take registers and stack from the calls that matter.
    #[inline(never)]
    fn run_own(
        events: &mut E,
        statistics: &Statistics,
        number: u16,
        arguments: Arguments<'_>,
        reply: Reply<'_>,
    ) -> Result<Replied, Fault> {
        if E::ENABLED && number >= FIRST_EVENTS_NUMBER {
            let index = number - FIRST_EVENTS_NUMBER;
            let mut device = DeviceEventsService(Subscriptions::<I, E>::new(events));
            return device.dispatch(index, arguments, reply);
        }
        DeviceService(OwnService::<I, FRAME>::new(statistics)).dispatch(number, arguments, reply)
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
        if E::ENABLED && self.session.is_accepting() {
            self.events.clear();
        }
    }

    /// Whether there is a reply to send. If not, it can receive, whatever events there are; drivers
    /// do that first, lest a device with much to tell answers no calls.
    pub fn is_replying(&self) -> bool {
        self.session.is_sending()
    }

    /// Whether it is an event's turn: one whose frame was begun, or no reply is to be sent.
    fn sends_event(&self) -> bool {
        E::ENABLED && (self.events.is_sending() || !self.is_replying())
    }

    /// Waits until there is an event to send. Without events, that is for ever.
    pub(crate) async fn event(&mut self) {
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

    /// What the server has seen of the link.
    pub fn statistics(&self) -> &Statistics {
        self.session.statistics()
    }

    /// Counts bytes that the receive buffer had no room for, so that a caller can learn of them.
    pub fn note_overruns(&mut self, bytes: u32) {
        self.session.note_overruns(bytes);
    }
}
