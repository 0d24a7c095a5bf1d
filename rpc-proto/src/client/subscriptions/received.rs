//! An event on its way from the client to its user.

use crate::client::answer::exactly;
use crate::client::call_error::{CallError, SubscribeResult};
use crate::service::Event;
use core::marker::PhantomData;

/// An event as the client has received it. [`Subscription::read`] makes it a typed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ReceivedEvent<'a> {
    /// The key of the event.
    pub key: u32,
    /// The encoded data.
    pub data: &'a [u8],
    /// The number of events that the client has lost so far, over all its subscriptions.
    pub lost: u32,
    /// The session in which it came, counted from 1.
    pub session: u32,
}

/// An event that a subscription received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Received<T> {
    /// The event's data.
    pub data: T,
    /// The number of events lost since the last one that this subscription received. They may be any
    /// that the caller subscribed to. Events between two sessions are not counted.
    pub lost: u32,
    /// True if the event before it arrived in another session: the device was reset or the link was
    /// lost, and it is unknown what happened in between.
    pub after_gap: bool,
}

/// One user's subscription to the event `E`: it selects the event from those received and tracks
/// losses.
#[derive(Debug)]
pub struct Subscription<E> {
    lost: u32,
    session: Option<u32>,
    event: PhantomData<fn() -> E>,
}

impl<E> Subscription<E> {
    /// Creates a subscription for a client that has lost that many events so far.
    pub const fn new(lost: u32) -> Self {
        Self {
            lost,
            session: None,
            event: PhantomData,
        }
    }

    /// Returns how many of `lost` events were lost since the last that this subscription received.
    pub const fn lost_since(&self, lost: u32) -> u32 {
        lost.wrapping_sub(self.lost)
    }

    /// Notes an event of this subscription, and adds the preceding losses to its data.
    pub fn note<T>(&mut self, data: T, lost: u32, session: u32) -> Received<T> {
        let lost_before = core::mem::replace(&mut self.lost, lost);
        let session_before = self.session.replace(session);
        Received {
            data,
            lost: lost.wrapping_sub(lost_before),
            after_gap: session_before.is_some_and(|before| before != session),
        }
    }
}

impl<E: Event> Subscription<E> {
    /// Reads a received event. Returns None if it is not an `E`.
    ///
    /// # Errors
    /// Returns [`CallError::BadReply`] if its data is not that of an `E`.
    pub fn read<'a>(
        &mut self,
        event: &ReceivedEvent<'a>,
    ) -> Option<SubscribeResult<Received<E::Received<'a>>>> {
        if event.key != E::KEY {
            return None;
        }
        let data = exactly(event.data).ok_or(CallError::BadReply);
        Some(data.map(|data| self.note(data, event.lost, event.session)))
    }
}
