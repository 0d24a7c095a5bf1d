//! The caller side: calls in, frames out, answers in, and when to look again.
//!
//! A [`Client`] does no I/O and has no clock. A driver starts calls, sends what is
//! [`outgoing`](Client::outgoing), hands over what it receives, calls
//! [`advance`](Client::advance) when [`deadline`](Client::deadline) has come, and takes each call's
//! end. [`io`](crate::drivers) has such a driver for microcontrollers; the host's `Connection` is another.

mod call_error;
mod caller;
mod calls;
mod events;
mod feed;
mod pipelined;
mod pull;
mod session;
mod stream;
mod timing;

pub use call_error::{CallError, Cause, Ran};
pub use caller::{AsyncCaller, Caller, IntoCaller, Subscriber, read, read_owned};
pub use calls::{Answer, Target, Ticket};
pub use events::ReceivedEvent;
pub use feed::{FeedError, encode_items, feed, feed_async};
pub use pipelined::{AsyncPipelinedCaller, PipelinedCaller};
pub use pull::{Batch, Pull};
pub use session::Statistics;
pub use stream::{AsyncStream, Stream};
pub use timing::Timing;

use crate::time::Instant;
use crate::wire::frame::{Accumulator, DELIMITER};
use crate::wire::message::Accept;
use calls::State;
use serde::Serialize;
use session::Session;

/// Calls procedures over a link.
///
/// `FRAME` is the longest frame in bytes that it sends or receives, `WINDOW` how many calls it has
/// room for; a device may allow fewer in flight, then the rest waits here.
///
/// ```
/// use rpc_proto::calculator::CalculatorAdd;
/// use rpc_proto::client::{Client, Target, Timing};
/// use rpc_proto::time::{Duration, Instant};
///
/// let now = Instant::from_micros(0);
/// let mut client = Client::<64, 1>::new(0x1234_5678, Timing::default());
/// let target = Target { number: 8, fingerprint: None, idempotent: true };
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
pub struct Client<const FRAME: usize, const WINDOW: usize> {
    received: Accumulator<FRAME>,
    session: Session<FRAME, WINDOW>,
}

impl<const FRAME: usize, const WINDOW: usize> Client<FRAME, WINDOW> {
    /// A caller that has no session yet.
    ///
    /// `nonce` numbers its sessions from there on. Callers that use a link one after the other
    /// should differ in it: a random number, a serial number, a count kept in flash.
    pub const fn new(nonce: u32, timing: Timing) -> Self {
        Self {
            received: Accumulator::new(),
            session: Session::new(nonce, timing),
        }
    }

    /// Starts a call, which is sent as soon as the device can take it.
    ///
    /// # Errors
    /// [`CallError::Busy`] if there is no room for it until another's end has been taken, and
    /// [`CallError::ArgumentsTooLarge`] if it does not fit a frame.
    pub fn start<A: Serialize + ?Sized>(
        &mut self,
        target: Target,
        deadline: Instant,
        arguments: &A,
    ) -> Result<Ticket, CallError> {
        self.session.calls.add(target, deadline, arguments)
    }

    /// As [`start`](Self::start), with arguments that `encode` writes. It tells how long they are, or
    /// None if they do not fit.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(
        &mut self,
        target: Target,
        deadline: Instant,
        encode: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<Ticket, CallError> {
        self.session.calls.add_with(target, deadline, encode)
    }

    /// The bytes to send now, empty if there is nothing to send.
    pub fn outgoing(&mut self, now: Instant) -> &[u8] {
        self.session.outgoing(now)
    }

    /// Notes that the first `count` bytes of [`outgoing`](Self::outgoing) were sent.
    pub fn sent(&mut self, now: Instant, count: usize) {
        self.session.sent(now, count);
    }

    /// Takes one received byte, and gives back the event that it completes, if it does.
    pub fn receive(&mut self, now: Instant, byte: u8) -> Option<ReceivedEvent<'_>> {
        if byte != DELIMITER {
            self.received.push(byte);
            if self.received.is_decoding() {
                self.session.heard(now);
            }
            return None;
        }
        let candidate = self.received.push(byte)?;
        self.session.take(now, candidate)
    }

    /// How many events the device has sent that did not arrive, or has dropped, since the caller was
    /// made. What was lost while there was no session is not among them.
    pub fn lost_events(&self) -> u32 {
        self.session.events.lost()
    }

    /// Learns how many events there were in this session, from the answer to a subscription.
    pub fn reckon_events(&mut self, count: u32) {
        self.session.events.reckon(count);
    }

    /// When to call [`advance`](Self::advance) next, if nothing else happens before.
    pub fn deadline(&self) -> Option<Instant> {
        self.session.deadline()
    }

    /// Does what is due: sends again what was not answered, ends calls whose deadline has passed.
    pub fn advance(&mut self, now: Instant) {
        self.session.advance(now);
    }

    /// Ends the session because the link is gone. Calls that were not sent stay, and those that
    /// may be sent twice are sent again: they are waiting for the link to come back.
    pub fn link_lost(&mut self) {
        self.received = Accumulator::new();
        self.session.end(Cause::Disconnected, None);
    }

    /// Ends every call that is waiting to be sent, because the link will not come back.
    pub fn give_up(&mut self) {
        for call in self.session.calls.iter_mut() {
            if call.state == State::Waiting {
                call.give_up(CallError::Disconnected, Cause::Disconnected);
            }
        }
    }

    /// Whether the call has ended, so that its end can be taken.
    pub fn is_ended(&self, ticket: Ticket) -> bool {
        self.session
            .calls
            .iter()
            .any(|call| call.ticket == ticket && call.is_ended())
    }

    /// A call whose end can be taken, the oldest first.
    pub fn ended(&self) -> Option<Ticket> {
        let mut calls = self.session.calls.iter();
        calls.find(|call| call.is_ended()).map(|call| call.ticket)
    }

    /// Why a call that has ended failed, without taking its end. None if it was answered.
    pub fn failure(&self, ticket: Ticket) -> Option<CallError> {
        self.session.calls.iter().find_map(|call| match call.state {
            State::Failed(error) if call.ticket == ticket => Some(error),
            _ => None,
        })
    }

    /// The end of a call, which can still be taken. None if it has not ended, or was taken before.
    pub fn end(&self, ticket: Ticket) -> Option<Result<Answer<'_>, CallError>> {
        let mut calls = self.session.calls.iter();
        let call = calls.find(|call| call.ticket == ticket && call.is_ended())?;
        Some(match call.state {
            State::Failed(error) => Err(error),
            State::Erred => Ok(Answer::Error(call.bytes())),
            _ => Ok(Answer::Return(call.bytes())),
        })
    }

    /// Takes the end of a call. None if it has not ended, or was taken before.
    pub fn take(&mut self, ticket: Ticket) -> Option<Result<Answer<'_>, CallError>> {
        let call = self.session.calls.by_ticket(ticket)?;
        if !call.is_ended() {
            return None;
        }
        match core::mem::replace(&mut call.state, State::Free) {
            State::Failed(error) => Some(Err(error)),
            State::Erred => Some(Ok(Answer::Error(call.bytes()))),
            _ => Some(Ok(Answer::Return(call.bytes()))),
        }
    }

    /// Stops waiting for a call. One that was not sent never runs. One in flight may, and is still
    /// sent again until it is answered, because the device runs nothing younger before it.
    pub fn abandon(&mut self, ticket: Ticket) {
        if let Some(call) = self.session.calls.by_ticket(ticket) {
            call.abandoned = true;
            if !matches!(call.state, State::InFlight(_)) {
                call.state = State::Free;
            }
        }
    }

    /// What the device said about itself when the session began; None without a session.
    pub fn device(&self) -> Option<&Accept> {
        self.session.device()
    }

    /// What the caller has seen of the link.
    pub fn statistics(&self) -> &Statistics {
        self.session.statistics()
    }
}
