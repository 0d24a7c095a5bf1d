//! The device side: bytes in, reply bytes out.
//!
//! A [`Server`] consists of a `Session`, which knows the protocol, and an interface, which knows the
//! procedures. It does no I/O: one of the [`drivers`](crate::drivers), or a loop of the user's own,
//! passes it received bytes and sends the replies. A [`RawServer`] passes on calls as bytes, for a
//! bridge or a gateway to carry out elsewhere.

mod beside;
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
use beside::beside;
use core::ops::Deref;
use events::Sender;
use own_service::{OwnService, Subscriptions};
use session::{Session, assert_bounds};

pub use crate::events::NoEvents;
pub(crate) use beside::Put;
pub use events::EventSource;
pub use raw::{RawCall, RawReply, RawServer};
pub use session::Token;

/// Serves the interface `I` over a link.
///
/// `FRAME` is the longest frame in bytes, delimiter included, in either direction. `WINDOW`, 1 to 15,
/// is the number of calls that may be in flight and of replies that are kept for resending. A server
/// takes a little over `(WINDOW + 1) * FRAME` bytes.
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
// `repr(C)` puts the kept replies at offset 0, so their address is that of the server, which is already
// in a register. The compiler's order would depend on the fields of the fields.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "model-check", derive(Hash))]
#[repr(C)]
pub struct Server<I, const FRAME: usize, const WINDOW: usize, Q: EventSource = NoEvents> {
    session: Session<FRAME, WINDOW>,
    received: Accumulator<FRAME>,
    /// The number of received bytes that can wait. It is here to fill padding, which saves 4 bytes.
    buffer: u16,
    interface: I,
    events: Q::Sender<FRAME>,
}

impl<I: Interface, const FRAME: usize, const WINDOW: usize> Server<I, FRAME, WINDOW> {
    /// Creates a server without a session. It can be created in a `const`, so it may be a `static`,
    /// where it takes no flash.
    ///
    /// It announces no receive buffer, which is right for a UART that is read by polling: the caller
    /// then has one call in flight at a time.
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

    /// Creates a server that also sends the events from a queue. `Q` points to an [`EventQueue`].
    ///
    /// In a `static`, a server with a reference to its queue takes flash for its initial values, since
    /// they are no longer all zero. A zero-sized type that dereferences to the queue avoids that.
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

/// Processes what was received: the body of [`Server::receive_from`], [`Server::receive_async`] and
/// [`Server::receive_beside`], which differ in how they get from the procedure to its result.
// A function that returned the call to run would take 25 instructions per call to move it.
macro_rules! process {
    ($server:ident, $received:expr, $dispatch:ident, |$procedure:ident| $result:expr) => {
        if let Some(candidate) = $received {
            // The session decides whether the frame is a call to run.
            let taken = $server.session.take(
                candidate,
                $server.interface.engine(),
                $server.interface.fingerprint(),
                FRAME as u16,
                &$server.buffer,
            );
            if let Some(mut call) = taken {
                let (arguments, statistics) = (call.arguments.clone(), call.statistics);
                let (procedure, reply) = (call.procedure, call.reply());
                let result = match procedure {
                    Ok(number @ FIRST_NUMBER..) => {
                        // The interface decodes the arguments, runs the procedure and fills the reply.
                        let index = number - FIRST_NUMBER;
                        let $procedure = $server.interface.$dispatch(index, arguments, reply);
                        $result
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
                call.end(result, $server.interface.engine());
            } else {
                $server.forget_events();
            }
        }
    };
}

impl<I: Interface, const FRAME: usize, const WINDOW: usize, Q: EventSource>
    Server<I, FRAME, WINDOW, Q>
{
    /// True if the server can send events.
    pub(crate) const HAS_EVENTS: bool = Q::Sender::<FRAME>::ENABLED;
    /// Rejects a `FRAME` or `WINDOW` that is out of bounds, or a `FRAME` that is too short for the
    /// interface. For a server that is created in a function,
    /// the compiler reports it at the line that calls the first of these methods.
    pub(crate) const BOUNDS: () = {
        assert_bounds(FRAME, WINDOW);
        I::LONGEST.assert_fits(FRAME);
    };

    /// Returns the same server, with a receive buffer; see [`announce_buffer`](Self::announce_buffer).
    #[must_use]
    pub const fn with_buffer(mut self, bytes: u16) -> Self {
        self.announce_buffer(bytes);
        self
    }

    /// Announces that `bytes` received bytes can wait while a procedure runs, because an interrupt or
    /// DMA puts them into a buffer of that size. Callers that connect from then on send up to `WINDOW`
    /// calls ahead, as far as they fit.
    pub const fn announce_buffer(&mut self, bytes: u16) {
        self.buffer = bytes;
    }

    /// Takes one received byte, and runs the call that it completes, if it does.
    ///
    /// As long as there is something to send, a completed frame is dropped as if the line had lost it,
    /// so send first.
    pub fn receive(&mut self, byte: u8)
    where
        I: Dispatch,
    {
        let () = Self::BOUNDS;
        let mut byte = Some(byte);
        // There is an error if the byte completes nothing.
        let _ended = self.receive_from(|| byte.take().ok_or(()));
    }

    /// Takes bytes like [`receive`](Self::receive), until there is a delimiter or none comes.
    pub(crate) fn receive_from<E>(&mut self, next: impl FnMut() -> Result<u8, E>) -> Result<(), E>
    where
        I: Dispatch,
    {
        process!(self, self.received.fill(next)?, dispatch, |result| result);
        Ok(())
    }

    /// Takes one received byte like [`receive`](Self::receive), for procedures that may wait.
    ///
    /// Bytes that arrive meanwhile stay in the link, and events in their queue;
    /// [`serve_async`](Self::serve_async) sends them. If the future is dropped before it has ended, the
    /// call that was running counts as run and is not answered; its caller gives up at its deadline.
    pub async fn receive_async(&mut self, byte: u8)
    where
        I: DispatchAsync,
    {
        let () = Self::BOUNDS;
        process!(
            self,
            self.received.push(byte),
            dispatch_async,
            |procedure| procedure.await
        );
    }

    /// Takes one received byte like [`receive_async`](Self::receive_async), and sends the events that come
    /// while a procedure waits. If the link fails, it still fails no sooner than the procedure has ended.
    pub(crate) async fn receive_beside<L: Put>(
        &mut self,
        byte: u8,
        link: &mut L,
    ) -> Result<(), L::Error>
    where
        I: DispatchAsync,
    {
        // A call that runs leaves the session as it is.
        let seal = self.session.seal();
        let mut sent = Ok(());
        process!(
            self,
            self.received.push(byte),
            dispatch_async,
            |procedure| {
                let result;
                (result, sent) = beside(procedure, &mut self.events, seal, link).await;
                result
            }
        );
        sent
    }

    /// Runs a procedure of the device's own service, if the device offers it.
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

    // Inlined, it would take registers and stack from the code for ordinary calls.
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

    /// Returns the bytes to send, empty if there are none.
    pub fn outgoing(&mut self) -> &[u8] {
        if self.sends_event() {
            let seal = self.session.seal().by(self.interface.engine());
            self.events.outgoing(seal)
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

    /// Returns true if there is a reply to send. If not, the server can receive, even if there are
    /// events. Drivers receive first, so that a device with many events still answers calls.
    pub fn is_replying(&self) -> bool {
        self.session.is_sending()
    }

    /// Returns true if it is an event's turn: its frame was begun, or there is no reply to send.
    fn sends_event(&self) -> bool {
        Self::HAS_EVENTS && (self.events.is_sending() || !self.is_replying())
    }

    /// Waits until there is an event to send, for a driver of your own that sleeps meanwhile. Without
    /// events, it waits for ever. The future may be dropped at any time.
    ///
    /// ```
    /// # use embassy_futures::select::{Either, select};
    /// # use embedded_io_async::{Read, Write};
    /// # use rpc_proto::server::{EventSource, Server};
    /// # use rpc_proto::service::Dispatch;
    /// async fn drive<I: Dispatch, Q: EventSource, L: Read + Write>(
    ///     server: &mut Server<I, 64, 4, Q>,
    ///     link: &mut L,
    /// ) -> Result<(), L::Error> {
    ///     loop {
    ///         let mut byte = [0];
    ///         match select(link.read(&mut byte), server.event()).await {
    ///             Either::First(read) => {
    ///                 read?;
    ///                 server.receive(byte[0]);
    ///             }
    ///             Either::Second(()) => {}
    ///         }
    ///         link.write_all(server.outgoing()).await?;
    ///         server.sent_all();
    ///     }
    /// }
    /// ```
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

    /// Returns the interface, to share it with the rest of the firmware between two calls of
    /// [`poll`](Self::poll) or [`receive`](Self::receive). While the server is borrowed by
    /// [`serve`](Self::serve) or [`serve_async`](Self::serve_async), it cannot be reached: there, share
    /// what is in a mutex outside of it.
    pub fn interface(&mut self) -> &mut I {
        &mut self.interface
    }

    /// Returns the counters of the link.
    pub fn statistics(&self) -> &Statistics {
        self.session.statistics()
    }

    /// Counts bytes lost because the receive buffer was full, so that callers can read the count.
    pub fn note_overruns(&mut self, bytes: u32) {
        self.session.note_overruns(bytes);
    }
}
