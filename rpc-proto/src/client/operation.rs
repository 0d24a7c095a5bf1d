//! Operations: everything that a caller waits for, as steps that do not wait.
//!
//! A step looks at the pending calls, makes more, and returns whether it has finished. A blocking
//! caller, an async one and a host's connection differ only in how they wait between two steps.

use super::answer::Answer;
use super::call_error::{CallError, SubscribeResult};
use super::calls::Ticket;
use super::patience::Patience;
use super::target::Target;
use crate::time::{Duration, Instant};
use crate::wire::message::Accept;
use core::task::Poll;

/// The pending calls, as operations see them.
pub trait Calls {
    /// Makes a call with arguments that `encode` writes. It returns their length, or None if they do
    /// not fit.
    ///
    /// Returns [`CallError::Busy`] if there is no room for it now, or [`CallError::ArgumentsTooLarge`]
    /// if the arguments do not fit.
    fn start(
        &mut self,
        target: Target,
        patience: Patience,
        encode: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<Ticket, CallError>;

    /// Returns true if there is room for another call.
    fn has_room(&self) -> bool;

    /// Makes room by forgetting ended calls whose handle was leaked, unless others have pending calls.
    fn reclaim(&mut self) {}

    /// Returns the result of a call, which stays until it is forgotten, or None if it has not ended.
    fn end(&mut self, call: Ticket) -> Option<Result<Answer<'_>, CallError>>;

    /// Forgets a call. If it has not been sent, it never runs.
    fn forget(&mut self, call: Ticket);

    /// Returns the device's Accept of this session, or None without a session.
    fn device(&self) -> Option<&Accept>;

    /// Returns how many calls keep the device busy, at least 1.
    fn window(&self) -> usize;

    /// Returns the longest frame that both ends accept, as far as the device is known.
    fn max_frame(&self) -> usize;

    /// Returns how many bytes of arguments are certain to fit a call.
    fn room(&self, target: &Target) -> usize;

    /// Returns the patience with a call that is made now.
    fn patience(&self, now: Instant) -> Patience;

    /// Subscribes to an event; see [`Client::subscribe`](super::Client::subscribe).
    ///
    /// # Errors
    /// Fails if there is no room for it.
    fn subscribe(&mut self, now: Instant, key: u32) -> SubscribeResult<()>;

    /// Ends a subscription; see [`Client::unsubscribe`](super::Client::unsubscribe).
    fn unsubscribe(&mut self, now: Instant, key: u32);

    /// Asks about a subscription; see [`Client::poll_subscribed`](super::Client::poll_subscribed).
    fn poll_subscribed(&mut self, key: u32) -> Poll<SubscribeResult<()>>;
}

/// Something that makes calls and finishes.
pub trait Operation {
    /// The outcome.
    type Output;

    /// Takes all steps that are possible now.
    fn poll<C: Calls>(&mut self, calls: &mut C, now: Instant) -> Poll<Self::Output>;

    /// Gives up, and forgets all of its pending calls.
    fn forget<C: Calls>(&mut self, calls: &mut C, now: Instant);

    /// Returns the time of the next step at the latest, in addition to the deadlines of pending calls.
    fn limit(&self) -> Option<Instant> {
        None
    }
}

/// A single call, whose result is then taken by its ticket.
#[derive(Debug)]
pub struct SingleCall<E> {
    target: Target,
    encode: E,
    least: Duration,
    /// The patience, once a step has been taken.
    patience: Option<Patience>,
    ticket: Option<Ticket>,
}

impl<E: Fn(&mut [u8]) -> Option<usize>> SingleCall<E> {
    /// Creates a call with arguments that `encode` writes.
    pub const fn new(target: Target, encode: E) -> Self {
        Self {
            target,
            encode,
            least: Duration::from_micros(0),
            patience: None,
            ticket: None,
        }
    }

    /// Gives the call at least that much time, whatever the caller gives to others.
    #[must_use]
    pub const fn with_time(mut self, least: Duration) -> Self {
        self.least = least;
        self
    }

    /// Makes the call as soon as there is room for it, and does not wait for its end.
    ///
    /// # Errors
    /// Returns [`CallError::Timeout`] if there is no room by the deadline of the call, or the reason why
    /// it cannot be made.
    pub fn poll_start<C: Calls>(
        &mut self,
        calls: &mut C,
        now: Instant,
    ) -> Poll<Result<Ticket, CallError>> {
        if let Some(ticket) = self.ticket {
            return Poll::Ready(Ok(ticket));
        }
        let least = now + self.least;
        let patience = *self
            .patience
            .get_or_insert_with(|| calls.patience(now).until(least));
        match calls.start(self.target, patience, &self.encode) {
            Ok(ticket) => {
                self.ticket = Some(ticket);
                Poll::Ready(Ok(ticket))
            }
            Err(CallError::Busy) if now < patience.deadline => {
                calls.reclaim();
                Poll::Pending
            }
            Err(CallError::Busy) => Poll::Ready(Err(CallError::Timeout)),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<E: Fn(&mut [u8]) -> Option<usize>> Operation for SingleCall<E> {
    type Output = Result<Ticket, CallError>;

    fn poll<C: Calls>(&mut self, calls: &mut C, now: Instant) -> Poll<Self::Output> {
        match self.poll_start(calls, now) {
            Poll::Ready(Ok(ticket)) if calls.end(ticket).is_none() => Poll::Pending,
            end => {
                // From here on, the owner of the ticket has to forget the call.
                self.ticket = None;
                end
            }
        }
    }

    fn forget<C: Calls>(&mut self, calls: &mut C, _: Instant) {
        if let Some(ticket) = self.ticket.take() {
            calls.forget(ticket);
        }
    }

    fn limit(&self) -> Option<Instant> {
        let waits_for_room = self.patience.filter(|_| self.ticket.is_none());
        waits_for_room.map(|patience| patience.deadline)
    }
}

/// A subscription that waits for the device to accept it.
#[derive(Debug)]
pub struct Subscribing {
    key: u32,
    is_kept: bool,
    /// The time when it ends at the latest, once a step has been taken.
    deadline: Option<Instant>,
}

impl Subscribing {
    /// Subscribes to the event with that key.
    pub const fn new(key: u32) -> Self {
        Self {
            key,
            is_kept: false,
            deadline: None,
        }
    }
}

impl Operation for Subscribing {
    type Output = SubscribeResult<()>;

    fn poll<C: Calls>(&mut self, calls: &mut C, now: Instant) -> Poll<Self::Output> {
        if !self.is_kept {
            match calls.subscribe(now, self.key) {
                Ok(()) => self.is_kept = true,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let deadline = *self
            .deadline
            .get_or_insert_with(|| calls.patience(now).last_deadline());
        let mut taken = calls.poll_subscribed(self.key);
        if taken.is_pending() && now >= deadline {
            // A device that is reset again and again may answer always too late.
            taken = Poll::Ready(Err(CallError::Timeout));
        }
        match taken {
            // From here on, the subscriber has to end it.
            Poll::Ready(Ok(())) => self.is_kept = false,
            Poll::Ready(Err(_)) => self.forget(calls, now),
            Poll::Pending => {}
        }
        taken
    }

    fn forget<C: Calls>(&mut self, calls: &mut C, now: Instant) {
        if core::mem::replace(&mut self.is_kept, false) {
            calls.unsubscribe(now, self.key);
        }
    }

    fn limit(&self) -> Option<Instant> {
        self.deadline
    }
}
