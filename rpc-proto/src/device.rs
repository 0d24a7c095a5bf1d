//! The device's own service: what every device answers besides its interface.
//!
//! It is written with the same attribute as any other service. Its procedures have the numbers
//! from 0 on, which are part of the protocol (PROTOCOL.md, "The device's own service"), so that a
//! caller who knows nothing yet can call them.

use crate::frame::max_encoded_len;
use crate::server::{EventSource, Statistics};
use crate::service::{FIRST_NUMBER, Interface};
use core::marker::PhantomData;
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// What every device answers about itself.
#[crate::service(first_number = 0)]
pub trait Device {
    /// The description from byte `offset` on: as much of it as the device likes to send at once,
    /// nothing at its end.
    #[idempotent]
    fn describe(&mut self, offset: u32) -> &[u8];

    /// The number of the procedure with that key.
    #[idempotent]
    fn resolve(&mut self, key: u32) -> Option<u16>;

    /// What the device has seen of the link since it started.
    #[idempotent]
    fn statistics(&mut self) -> Statistics;

    /// Sends the same bytes back.
    #[idempotent]
    fn ping<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8];
}

/// The device's own service for the interface `I` and frames of up to `FRAME` bytes.
#[derive(Debug)]
pub struct OwnService<'s, I, const FRAME: usize> {
    statistics: &'s Statistics,
    interface: PhantomData<I>,
}

impl<'s, I, const FRAME: usize> OwnService<'s, I, FRAME> {
    /// How much of a description fits a reply.
    const CHUNK: usize = {
        /// Header and length.
        const AROUND: usize = 1 + 3;
        // A frame that is too short is refused elsewhere, in words.
        FRAME.saturating_sub(max_encoded_len(FRAME) - FRAME + AROUND)
    };

    /// The service of a device that has seen this of its link.
    pub const fn new(statistics: &'s Statistics) -> Self {
        Self {
            statistics,
            interface: PhantomData,
        }
    }
}

impl<I: Interface, const FRAME: usize> Device for OwnService<'_, I, FRAME> {
    fn describe(&mut self, offset: u32) -> &[u8] {
        let mut offset = offset as usize;
        for &piece in I::DESCRIPTION {
            match piece.get(offset..) {
                Some(rest) if !rest.is_empty() => {
                    return rest.get(..Self::CHUNK).unwrap_or(rest);
                }
                _ => offset -= piece.len(),
            }
        }
        &[]
    }

    fn resolve(&mut self, key: u32) -> Option<u16> {
        I::resolve(key).map(|index| FIRST_NUMBER + index)
    }

    fn statistics(&mut self) -> Statistics {
        *self.statistics
    }

    fn ping<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        bytes
    }
}

/// The number of the first procedure of [`DeviceEvents`].
pub const FIRST_EVENTS_NUMBER: u16 = 4;

/// What a device with events answers, too.
#[crate::service(first_number = 4)]
pub trait DeviceEvents {
    /// Lets the caller have the event with that key, for as long as the session lasts.
    #[idempotent]
    fn subscribe(&mut self, key: u32) -> Result<Subscribed, SubscribeError>;

    /// Ends that.
    #[idempotent]
    fn unsubscribe(&mut self, key: u32);
}

/// That a caller will have an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Subscribed {
    /// The number by which frames name the event.
    pub topic: u16,
    /// How many events were sent in this session, or dropped, before this answer.
    pub count: u32,
}

/// Why a caller cannot have an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum SubscribeError {
    /// The device has no event with that key.
    NoSuchEvent,
    /// The caller has subscribed to as many events as the device has room for.
    TooMany,
}

/// The subscriptions to the events of the interface `I`.
#[derive(Debug)]
pub struct Subscriptions<'e, I, E> {
    events: &'e mut E,
    interface: PhantomData<I>,
}

impl<'e, I, E> Subscriptions<'e, I, E> {
    /// The subscriptions that are kept with the events.
    pub const fn new(events: &'e mut E) -> Self {
        Self {
            events,
            interface: PhantomData,
        }
    }
}

impl<I: Interface, E: EventSource> DeviceEvents for Subscriptions<'_, I, E> {
    fn subscribe(&mut self, key: u32) -> Result<Subscribed, SubscribeError> {
        let index = I::resolve(key).ok_or(SubscribeError::NoSuchEvent)?;
        let topic = FIRST_NUMBER + index;
        match self.events.subscribe(key, topic) {
            Some(count) => Ok(Subscribed { topic, count }),
            None => Err(SubscribeError::TooMany),
        }
    }

    fn unsubscribe(&mut self, key: u32) {
        self.events.unsubscribe(key);
    }
}
