//! A server whose calls are carried out elsewhere, such as in a bridge to another device.

use super::events::Sender;
use super::own_service::Subscriptions;
use super::session::{Outstanding, Token};
use super::{EventSource, NoEvents, Server};
use crate::device::{DeviceEvents, DeviceEventsSubscribe, Statistics, SubscribeError};
use crate::service::{Arguments, FIRST_NUMBER, Interface, Member};
use crate::wire::message::Fault;
use core::fmt;

/// A server that passes on calls as bytes, and takes their answers later, in any order.
///
/// Up to `WINDOW` calls can be open at once. Replies are sent in the order of the calls, and all other
/// guarantees of a session hold as with a [`Server`]: a call that is received again is not passed on
/// again. Calls of the device's own service are answered at once, from the [`Interface`], whose
/// description may be known only at run time.
///
/// ```
/// use rpc_proto::server::{RawReply, RawServer};
/// # use rpc_proto::service::Interface;
/// # struct Other;
/// # impl Interface for Other {
/// #     fn description(&self, _: u32) -> &[u8] { &[] }
/// #     fn fingerprint(&self) -> u32 { 0 }
/// #     fn resolve(&self, _: u32) -> Option<u16> { None }
/// # }
/// # let (interface, received) = (Other, [0_u8; 3]);
/// # fn pass_on(_: u16, _: &[u8]) {}
///
/// let mut server = RawServer::<_, 64, 4>::new(interface);
/// let mut open = Vec::new();
/// for byte in received {
///     if let Some(call) = server.receive(byte) {
///         pass_on(call.index, call.arguments);
///         open.push(call.token);
///     }
/// }
/// // Later, when there is an answer:
/// for token in open {
///     server.answer(token, RawReply::Return(&[5]));
/// }
/// let len = server.outgoing().len();
/// server.sent(len);
/// ```
pub struct RawServer<I, const FRAME: usize, const WINDOW: usize, Q: EventSource = NoEvents> {
    server: Server<I, FRAME, WINDOW, Q>,
    outstanding: Outstanding<WINDOW>,
    /// The longest frame that callers are told of, at most `FRAME`.
    max_frame: u16,
    passes_subscriptions: bool,
}

/// Written by hand, because `derive` would add a bound on the pointer to the queue.
impl<I, const FRAME: usize, const WINDOW: usize, Q: EventSource> fmt::Debug
    for RawServer<I, FRAME, WINDOW, Q>
where
    Server<I, FRAME, WINDOW, Q>: fmt::Debug,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = formatter.debug_struct("RawServer");
        fields.field("server", &self.server);
        fields.field("outstanding", &self.outstanding).finish()
    }
}

/// A call that was passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RawCall<'f> {
    /// The name of the call, to answer it.
    pub token: Token,
    /// The position of the procedure in the interface, or [`SUBSCRIPTION`](Self::SUBSCRIPTION).
    pub index: u16,
    /// The encoded arguments.
    pub arguments: &'f [u8],
}

impl RawCall<'_> {
    /// The index of a subscription, whose argument is the key of the event. Only a server that
    /// [passes subscriptions on](RawServer::with_subscriptions_passed_on) returns it; no procedure has it.
    pub const SUBSCRIPTION: u16 = u16::MAX;

    /// Returns the key of the event to which this call subscribes, if it is a subscription.
    pub fn subscribes_to(&self) -> Option<u32> {
        let mut arguments = Arguments::new(self.arguments);
        let is_one = self.index == Self::SUBSCRIPTION;
        is_one.then(|| arguments.number().ok()).flatten()
    }
}

/// The answer to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RawReply<'a> {
    /// The encoded value.
    Return(&'a [u8]),
    /// The procedure's own error, encoded.
    Error(&'a [u8]),
    /// The reason why the call was not carried out.
    Fault(Fault),
}

impl<I: Interface, const FRAME: usize, const WINDOW: usize> RawServer<I, FRAME, WINDOW> {
    /// Creates a server without a session. It announces no receive buffer.
    #[track_caller]
    pub const fn new(interface: I) -> Self {
        Self::of(Server::new(interface))
    }
}

impl<I: Interface, const FRAME: usize, const WINDOW: usize, Q: EventSource>
    RawServer<I, FRAME, WINDOW, Q>
{
    /// Creates the same server, but one that passes on calls.
    pub const fn of(server: Server<I, FRAME, WINDOW, Q>) -> Self {
        Self {
            server,
            outstanding: Outstanding::new(),
            max_frame: FRAME as u16,
            passes_subscriptions: false,
        }
    }

    /// Returns the same server, but callers that connect send it no frame that is longer than that: the
    /// device behind it takes no longer ones. Replies may still have `FRAME` bytes.
    #[must_use]
    pub const fn with_max_frame(mut self, bytes: u16) -> Self {
        if 0 < bytes && (bytes as usize) < FRAME {
            self.max_frame = bytes;
        }
        self
    }

    /// Returns the same server, but one that passes subscriptions on like calls, so that they can be
    /// confirmed by the device behind it before they are [answered](Self::answer_subscription).
    #[must_use]
    pub const fn with_subscriptions_passed_on(mut self) -> Self {
        self.passes_subscriptions = true;
        self
    }

    /// Returns the same server, with a receive buffer of that many bytes, so that callers send calls
    /// ahead; see [`Server::announce_buffer`].
    #[must_use]
    pub const fn with_buffer(mut self, bytes: u16) -> Self {
        self.server.announce_buffer(bytes);
        self
    }

    /// Takes one received byte, and returns the call that it completes, if it does. The call is not
    /// returned again, so it has to be [answered](Self::answer).
    ///
    /// As long as there is something to send, a completed frame is dropped as if the line had lost it,
    /// so send first.
    pub fn receive(&mut self, byte: u8) -> Option<RawCall<'_>> {
        let () = Server::<I, FRAME, WINDOW, Q>::BOUNDS;
        let Server {
            session,
            received,
            interface,
            events,
            buffer,
        } = &mut self.server;
        const SUBSCRIBE: Option<u16> = DeviceEventsSubscribe::NUMBER;

        let candidate = received.push(byte)?;
        let (engine, fingerprint) = (interface.engine(), interface.fingerprint());
        let Some(mut call) = session.take(candidate, engine, fingerprint, self.max_frame, buffer)
        else {
            if session.is_accepting() {
                events.clear();
                self.outstanding.clear();
            } else {
                self.outstanding.withhold(session);
            }
            self.outstanding.send_next(session);
            return None;
        };
        let (arguments, statistics) = (call.arguments.clone(), call.statistics);
        let result = match call.procedure {
            Ok(number)
                if number >= FIRST_NUMBER
                    || self.passes_subscriptions && Some(number) == SUBSCRIBE =>
            {
                let index = number.checked_sub(FIRST_NUMBER);
                return Some(RawCall {
                    token: self.outstanding.defer(&mut call),
                    index: index.unwrap_or(RawCall::SUBSCRIPTION),
                    arguments: arguments.bytes(),
                });
            }
            Ok(number) => Server::<I, FRAME, WINDOW, Q>::answer_own(
                interface,
                events,
                number,
                arguments,
                call.reply(),
                statistics,
            ),
            Err(fault) => Err(fault),
        };
        self.outstanding.end(&mut call, result, interface.engine());
        self.outstanding.send_next(session);
        None
    }

    /// Answers a call. Does nothing if [the call is not open](Self::is_open).
    ///
    /// An answer that does not fit a frame becomes [`Fault::ReplyTooLarge`].
    pub fn answer(&mut self, token: Token, reply: RawReply<'_>) {
        let Server {
            session, interface, ..
        } = &mut self.server;
        self.outstanding
            .answer(session, token, interface.engine(), |place| match reply {
                RawReply::Return(value) => Ok(place.return_bytes(value)),
                RawReply::Error(error) => Ok(place.error_bytes(error)),
                RawReply::Fault(fault) => Err(fault),
            });
        self.outstanding.send_next(session);
    }

    /// Answers a subscription that was passed on: begins it, unless the device behind has refused it.
    /// Does nothing if [the call is not open](Self::is_open).
    pub fn answer_subscription(
        &mut self,
        token: Token,
        key: u32,
        confirmed: Result<(), SubscribeError>,
    ) {
        if !self.is_open(token) {
            return;
        }
        let Server {
            session,
            interface,
            events,
            ..
        } = &mut self.server;
        let engine = interface.engine();
        let mut own = Subscriptions {
            interface: &*interface,
            events,
        };
        let subscribed = confirmed.and_then(|()| own.subscribe(key));
        self.outstanding.answer(
            session,
            token,
            engine,
            |place| Ok(place.result(&subscribed)),
        );
        self.outstanding.send_next(session);
    }

    /// Returns true if a call waits for its answer. It no longer does once it has been answered or its
    /// session has ended.
    pub fn is_open(&self, token: Token) -> bool {
        self.outstanding.is_open(token)
    }

    /// Returns the bytes to send, empty if there are none.
    pub fn outgoing(&mut self) -> &[u8] {
        self.server.outgoing()
    }

    /// Notes that the first `count` bytes of [`outgoing`](Self::outgoing) were sent, before anything
    /// else was received.
    pub fn sent(&mut self, count: usize) {
        self.server.sent(count);
        self.outstanding.send_next(&mut self.server.session);
    }

    /// Returns true if there is a reply to send. If not, the server can receive, even if there are
    /// events.
    pub fn is_replying(&self) -> bool {
        self.server.is_replying()
    }

    /// Waits until there is an event to send. Without events, it waits for ever.
    pub async fn event(&mut self) {
        self.server.event().await;
    }

    /// Returns the interface.
    pub const fn interface(&mut self) -> &mut I {
        &mut self.server.interface
    }

    /// Returns the counters of the link.
    pub fn statistics(&self) -> &Statistics {
        self.server.statistics()
    }

    /// Counts bytes lost because the receive buffer was full.
    pub fn note_overruns(&mut self, bytes: u32) {
        self.server.note_overruns(bytes);
    }
}
