//! Operations: everything that a caller waits for, as steps that do not wait.
//!
//! A step looks at the calls under way, makes others, and says whether it has come to an end. A
//! blocking caller, an async one and a host's connection differ only in how they let time pass
//! between two steps.

use super::answer::Answer;
use super::call_error::CallError;
use super::calls::Ticket;
use super::patience::Patience;
use super::target::Target;
use crate::device::SubscribeError;
use crate::time::Instant;
use crate::wire::message::Accept;
use core::task::Poll;

/// Calls under way, as operations see them.
pub trait Calls {
    /// Makes a call with arguments that `encode` writes. It returns their length, or None if they do
    /// not fit.
    ///
    /// # Errors
    /// [`CallError::Busy`] if there is no room for it now, and [`CallError::ArgumentsTooLarge`].
    fn start(
        &mut self,
        target: Target,
        patience: Patience,
        encode: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<Ticket, CallError>;

    /// Returns true if there is room for another call.
    fn has_room(&self) -> bool;

    /// Makes room, where nobody else has a call under way, by forgetting those that have ended and
    /// whose handle was leaked.
    fn reclaim(&mut self) {}

    /// Returns the end of a call, which stays until it is forgotten. None if it has not ended.
    fn end(&mut self, call: Ticket) -> Option<Result<Answer<'_>, CallError>>;

    /// Is done with a call. If it has not been sent, it never runs.
    fn forget(&mut self, call: Ticket);

    /// Returns what the device said about itself when the session began. None without a session.
    fn device(&self) -> Option<&Accept>;

    /// Returns how many calls keep the device busy, at least 1.
    fn window(&self) -> usize;

    /// Returns the longest frame that both ends take, as far as the device is known.
    fn max_frame(&self) -> usize;

    /// Returns how many bytes of arguments are sure to fit a call.
    fn room(&self, target: &Target) -> usize;

    /// Returns the patience with a call that is made now.
    fn patience(&self, now: Instant) -> Patience;

    /// Subscribes to an event; see [`Client::subscribe`](super::Client::subscribe).
    ///
    /// # Errors
    /// If there is no room for it.
    fn subscribe(&mut self, now: Instant, key: u32) -> Result<(), CallError<SubscribeError>>;

    /// Ends a subscription; see [`Client::unsubscribe`](super::Client::unsubscribe).
    fn unsubscribe(&mut self, now: Instant, key: u32);

    /// Asks about a subscription; see [`Client::poll_subscribed`](super::Client::poll_subscribed).
    fn poll_subscribed(&mut self, key: u32) -> Poll<Result<(), CallError<SubscribeError>>>;
}

/// Something that takes calls and comes to an end.
pub trait Operation {
    /// The outcome.
    type Output;

    /// Takes the steps that can be taken now.
    fn poll<C: Calls>(&mut self, calls: &mut C, now: Instant) -> Poll<Self::Output>;

    /// Gives up, and is done with all calls that are under way for it.
    fn forget<C: Calls>(&mut self, calls: &mut C, now: Instant);

    /// Returns when to take the next step at the latest, beside when calls under way are due.
    fn limit(&self) -> Option<Instant> {
        None
    }
}

/// A single call, whose end is then to be taken by its ticket.
#[derive(Debug)]
pub struct SingleCall<E> {
    target: Target,
    encode: E,
    /// None until a step has been taken.
    patience: Option<Patience>,
    ticket: Option<Ticket>,
}

impl<E: Fn(&mut [u8]) -> Option<usize>> SingleCall<E> {
    /// A call with arguments that `encode` writes.
    pub const fn new(target: Target, encode: E) -> Self {
        Self {
            target,
            encode,
            patience: None,
            ticket: None,
        }
    }

    /// Makes the call if there is room for it.
    fn start<C: Calls>(&mut self, calls: &mut C, now: Instant) -> Poll<Result<Ticket, CallError>> {
        if let Some(ticket) = self.ticket {
            return Poll::Ready(Ok(ticket));
        }
        let patience = *self.patience.get_or_insert_with(|| calls.patience(now));
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
        match self.start(calls, now) {
            Poll::Ready(Ok(ticket)) if calls.end(ticket).is_none() => Poll::Pending,
            end => {
                // Whoever has the ticket is done with the call.
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

/// A subscription that the device is to take.
#[derive(Debug)]
pub struct Subscribing {
    key: u32,
    is_kept: bool,
}

impl Subscribing {
    /// Subscribes to the event with that key.
    pub const fn new(key: u32) -> Self {
        Self {
            key,
            is_kept: false,
        }
    }
}

impl Operation for Subscribing {
    type Output = Result<(), CallError<SubscribeError>>;

    fn poll<C: Calls>(&mut self, calls: &mut C, now: Instant) -> Poll<Self::Output> {
        if !self.is_kept {
            match calls.subscribe(now, self.key) {
                Ok(()) => self.is_kept = true,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let taken = calls.poll_subscribed(self.key);
        match taken {
            // It is the subscriber's to end from now on.
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
}
