//! The caller's end: calls in, frames out, answers in, and when to look again.
//!
//! A [`Client`] does no I/O and has no clock. It resolves the numbers of procedures and remembers them,
//! resends unanswered calls, and keeps subscriptions through resets. A driver moves its bytes: it sends
//! the [`outgoing`](Client::outgoing) bytes, passes on received ones, and calls
//! [`advance`](Client::advance) at the [`deadline`](Client::deadline).
//!
//! The driver also waits: for a call, the items of a stream or the end of a feed. Each of these is an
//! [`Operation`], which takes steps and never waits itself. [`drivers`](crate::drivers) has drivers for
//! microcontrollers; the host's `Connection` is another.

mod answer;
mod call_error;
mod caller;
mod calls;
mod event_count;
mod feed;
mod operation;
mod outgoing;
mod patience;
mod pull;
mod session;
mod signatures;
mod stream;
mod subscriptions;
mod target;
mod timing;

pub use answer::{Answer, read, read_owned};
pub use call_error::{CallError, Cause, Ran, SubscribeResult};
pub use caller::{AsyncCaller, Caller, Calling, IntoCaller, Running};
pub use calls::Ticket;
pub use feed::{FeedError, Feeding};
pub use operation::{Calls, Operation, SingleCall, Subscribing};
pub use patience::Patience;
pub use pull::{Batch, Pull};
pub use session::Counters;
pub use signatures::Signatures;
pub use stream::{Pulling, Stream, StreamSource, TypedSource};
pub use subscriptions::{
    EventMemory, NoSubscriptions, Received, ReceivedEvent, Subscription, Subscriptions,
};
pub use target::{Number, Target};
pub use timing::Timing;

use crate::time::{Duration, Instant};
use crate::wire::frame::{Accumulator, DELIMITER, encode};
use crate::wire::message::Accept;
use calls::State;
use core::task::Poll;
use patience::DefaultPatience;
use serde::Serialize;
use session::Session;

/// Calls procedures over a link.
///
/// `FRAME` is the longest frame in bytes that it sends or receives. `WINDOW` is the number of calls
/// that it has room for; if a device allows fewer in flight, the rest waits here. `NUMBERS` is the
/// number of procedures whose numbers it remembers, and `E` its memory for events.
///
/// ```
/// use rpc_proto::client::{Client, Target, Timing};
/// use rpc_proto::time::{Duration, Instant};
///
/// let now = Instant::from_micros(0);
/// let mut client = Client::<64>::new(0x1234_5678, Timing::default());
/// let target = Target::fixed(8, true);
/// let call = client.start(target, now + Duration::from_secs(1), &(2, 3))?;
/// // First comes a delimiter, to end whatever noise there was, and a Connect.
/// assert_eq!(client.outgoing(now), [0]);
/// client.sent(now, 1);
/// assert_eq!(client.outgoing(now).last(), Some(&0));
/// assert!(!client.is_ended(call));
/// # Ok::<(), rpc_proto::client::CallError>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "model-check", derive(Hash))]
pub struct Client<
    const FRAME: usize,
    const WINDOW: usize = 1,
    const NUMBERS: usize = 8,
    E = NoSubscriptions,
> {
    received: Accumulator<FRAME>,
    session: Session<FRAME, WINDOW, NUMBERS>,
    events: E,
    patience: DefaultPatience,
}

impl<const FRAME: usize, const WINDOW: usize, const NUMBERS: usize> Client<FRAME, WINDOW, NUMBERS> {
    /// Creates a client that has no session yet. Its calls time out after two seconds.
    ///
    /// Its sessions are numbered from `nonce` on. Callers that use a link one after the other should
    /// use different nonces: a random number, a serial number, or a counter in flash.
    pub const fn new(nonce: u32, timing: Timing) -> Self {
        Self {
            received: Accumulator::new(),
            session: Session::new(nonce, timing),
            events: NoSubscriptions,
            patience: DefaultPatience::NEW,
        }
    }

    /// Gives the client room for subscriptions to `TOPICS` events, and `BYTES` for those that wait.
    #[must_use]
    pub fn with_subscriptions<const TOPICS: usize, const BYTES: usize>(
        self,
    ) -> Client<FRAME, WINDOW, NUMBERS, Subscriptions<TOPICS, BYTES>> {
        Client {
            received: self.received,
            session: self.session,
            events: Subscriptions::new(),
            patience: self.patience,
        }
    }
}

impl<const FRAME: usize, const WINDOW: usize, const NUMBERS: usize, E: EventMemory>
    Client<FRAME, WINDOW, NUMBERS, E>
{
    /// Creates an operation that subscribes to an event and waits for the device's answer.
    ///
    /// A client without memory for events does not compile here.
    pub(crate) const fn subscribing(key: u32) -> Subscribing {
        const {
            assert!(
                E::TOPICS > 0,
                "this client has no room for events: make it with `Client::with_subscriptions`"
            );
        }
        Subscribing::new(key)
    }

    /// Sets the time limit of a call and the number of retries. A call is only retried if it was not
    /// sent or its procedure is idempotent.
    pub const fn set_patience(&mut self, timeout: Duration, retries: u32) {
        self.patience = DefaultPatience { timeout, retries };
    }

    /// Starts a call, which is sent as soon as the device can take it.
    ///
    /// # Errors
    /// Returns [`CallError::Busy`] if there is no room until the result of another call is taken, and
    /// [`CallError::ArgumentsTooLarge`] if it does not fit a frame.
    pub fn start<A: Serialize + ?Sized>(
        &mut self,
        target: Target,
        patience: impl Into<Patience>,
        arguments: &A,
    ) -> Result<Ticket, CallError> {
        self.session
            .calls
            .add(target, patience.into(), false, |place| {
                encode(arguments, place)
            })
    }

    /// Returns the bytes to send now, empty if there is nothing to send. Until [`sent`](Self::sent) tells
    /// how many the link has accepted, it may have accepted any.
    pub fn outgoing(&mut self, now: Instant) -> &[u8] {
        self.session.outgoing(now)
    }

    /// Notes that the link has accepted the first `count` bytes of [`outgoing`](Self::outgoing), perhaps
    /// none. If it has accepted no byte of a call's frame, that call is not in flight: it has never run.
    pub fn sent(&mut self, now: Instant, count: usize) {
        self.session.sent(now, count);
    }

    /// Takes one received byte.
    pub fn receive(&mut self, now: Instant, byte: u8) {
        if byte != DELIMITER {
            self.received.push(byte);
            if self.received.is_decoding() {
                self.session.heard(now);
            }
            return;
        }
        let Some(frame) = self.received.push(byte) else {
            return;
        };
        let event = self.session.take(now, frame);
        if let Some(event) = event {
            let session = self.session.counters().sessions;
            let lost = self.session.events.lost();
            if !Self::keep_event(&mut self.events, now, session, lost, event) {
                self.session.events.note_dropped();
            }
        }
        self.tend_subscriptions(now);
    }

    /// Returns how many events were lost since the client was created: those that the device has
    /// dropped, that did not arrive, or that found no room here. Losses while there was no session are
    /// not included.
    pub fn lost_events(&self) -> u32 {
        self.session.events.lost()
    }

    /// Returns when to call [`advance`](Self::advance) next, if nothing else happens before.
    pub fn deadline(&self) -> Option<Instant> {
        let dues = [self.session.deadline(), self.subscriptions_due()];
        dues.into_iter().flatten().min()
    }

    /// Does everything that is due: resends unanswered calls and ends calls whose deadline has passed.
    pub fn advance(&mut self, now: Instant) {
        self.session.advance(now);
        self.tend_subscriptions(now);
    }

    /// Ends the session because the link is gone. Calls that were not sent are kept, and those that may
    /// run twice are sent again, once the link is back.
    pub fn link_lost(&mut self) {
        self.received = Accumulator::new();
        self.session.end(Cause::Disconnected, None);
    }

    /// Ends every call that is waiting to be sent, with `error`. If it may have run in an earlier
    /// session, its outcome is unknown because of `cause`.
    pub fn give_up(&mut self, error: CallError, cause: Cause) {
        for call in self.session.calls.iter_mut() {
            if call.state == State::Waiting {
                call.give_up(error, cause);
            }
        }
    }

    /// Ends every call, and the session with them if one was in flight.
    pub fn cancel(&mut self) {
        self.session.cancel();
    }

    /// Returns true if the call has ended, so that its result can be taken.
    pub fn is_ended(&self, ticket: Ticket) -> bool {
        self.session.calls.end(ticket).is_some()
    }

    /// Returns the oldest call whose result can be taken.
    pub fn ended(&self) -> Option<Ticket> {
        let mut calls = self.session.calls.iter();
        calls
            .find(|call| call.is_ended() && !call.is_own)
            .map(|call| call.ticket)
    }

    /// Takes the result of a call. Returns None if it has not ended, or was taken before.
    pub fn take(&mut self, ticket: Ticket) -> Option<Result<Answer<'_>, CallError>> {
        self.session.calls.take(ticket)
    }

    /// Stops waiting for a call. One that was not sent never runs. One in flight may run, and is resent
    /// until it is answered, because the device runs no later call before it.
    pub fn abandon(&mut self, ticket: Ticket) {
        self.session.take_back();
        if let Some(call) = self.session.calls.by_ticket(ticket) {
            call.abandoned = true;
            if !matches!(call.state, State::InFlight(_)) {
                call.state = State::Free;
            }
        }
    }

    /// Stops waiting for a call as [`abandon`](Self::abandon) does, because its time is over for the one
    /// who made it, and not for the session that it shares with others. Returns how the call ends for that
    /// one: never sent, or of unknown outcome.
    pub fn leave(&mut self, ticket: Ticket) -> CallError {
        self.session.take_back();
        let may_run = self.may_run(ticket);
        self.abandon(ticket);
        match may_run {
            true => CallError::OutcomeUnknown(Cause::Timeout),
            false => CallError::Timeout,
        }
    }

    /// Returns true if a call that has not ended was sent, so that it may have run.
    pub fn may_run(&self, ticket: Ticket) -> bool {
        let mut calls = self.session.calls.iter();
        let call = calls.find(|call| call.ticket == ticket && call.is_open());
        call.is_some_and(|call| {
            call.may_have_run || call.flight().is_some_and(|flight| !flight.is_question)
        })
    }

    /// Returns the number of calls that are waiting to be sent or in flight, those for subscriptions and
    /// abandoned ones included.
    pub fn open_calls(&self) -> usize {
        let calls = self.session.calls.iter();
        calls.filter(|call| call.is_open()).count()
    }

    /// Returns the device's Accept of this session, or None without a session.
    pub fn device(&self) -> Option<&Accept> {
        self.session.device()
    }

    /// Returns the counters of the link.
    pub fn counters(&self) -> &Counters {
        self.session.counters()
    }
}

impl<const FRAME: usize, const WINDOW: usize, const NUMBERS: usize, E: EventMemory> Calls
    for Client<FRAME, WINDOW, NUMBERS, E>
{
    fn start(
        &mut self,
        target: Target,
        patience: Patience,
        encode: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<Ticket, CallError> {
        self.session.calls.add(target, patience, false, encode)
    }

    fn has_room(&self) -> bool {
        self.session.calls.has_room()
    }

    fn reclaim(&mut self) {
        while let Some(ended) = self.ended() {
            self.abandon(ended);
        }
    }

    fn end(&mut self, call: Ticket) -> Option<Result<Answer<'_>, CallError>> {
        self.session.calls.end(call)
    }

    fn forget(&mut self, call: Ticket) {
        self.abandon(call);
    }

    fn device(&self) -> Option<&Accept> {
        self.session.device()
    }

    fn window(&self) -> usize {
        match self.session.device() {
            Some(device) => WINDOW.min(usize::from(device.window)),
            None => 1,
        }
    }

    fn max_frame(&self) -> usize {
        match self.session.device() {
            Some(device) => FRAME.min(usize::from(device.max_frame)),
            None => FRAME,
        }
    }

    fn room(&self, target: &Target) -> usize {
        let number = match (self.session.device(), target.number) {
            (_, Number::Fixed(number)) => Some(number),
            (Some(device), _) => self.session.numbers.of(target, device.fingerprint),
            (None, _) => None,
        };
        target::room(number, self.max_frame())
    }

    fn patience(&self, now: Instant) -> Patience {
        self.patience.from(now)
    }

    fn subscribe(&mut self, now: Instant, key: u32) -> SubscribeResult<()> {
        self.subscribe(now, key)
    }

    fn unsubscribe(&mut self, now: Instant, key: u32) {
        self.unsubscribe(now, key);
    }

    fn poll_subscribed(&mut self, key: u32) -> Poll<SubscribeResult<()>> {
        self.poll_subscribed(key)
    }
}
