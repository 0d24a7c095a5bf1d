//! An event on its way from the client to its user.

use crate::client::answer::exactly;
use crate::client::call_error::CallError;
use crate::device::SubscribeError;
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
    /// How many events the client has lost by then, of all that it subscribed to.
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
    /// How many events were lost before it, since the last that this subscription received. They may
    /// be of any event that the caller subscribed to. Events between two sessions are not counted.
    pub lost: u32,
    /// True if the event before it came in another session: the device was reset, or the link was
    /// lost, and nobody knows what happened in between.
    pub after_gap: bool,
}

/// One user's subscription to the event `E`: it picks the event out of those that come, and keeps
/// account of the lost ones.
#[derive(Debug)]
pub struct Subscription<E> {
    lost: u32,
    session: Option<u32>,
    event: PhantomData<fn() -> E>,
}

impl<E> Subscription<E> {
    /// A subscription that begins when the client has lost that many events.
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

    /// Notes an event of this subscription, and adds to its data what was lost before.
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
    /// Reads a received event. None if it is another than `E`.
    ///
    /// # Errors
    /// [`CallError::BadReply`] if its data is not that of an `E`.
    pub fn read<'a>(
        &mut self,
        event: &ReceivedEvent<'a>,
    ) -> Option<Result<Received<E::Received<'a>>, CallError<SubscribeError>>> {
        if event.key != E::KEY {
            return None;
        }
        let data = exactly(event.data).ok_or(CallError::BadReply);
        Some(data.map(|data| self.note(data, event.lost, event.session)))
    }
}
