//! The server's implementation of the device's own service.

use super::events::EventSource;
use crate::device::{Device, DeviceEvents, Statistics, SubscribeError, Subscribed};
use crate::service::{FIRST_NUMBER, Interface};
use crate::wire::frame::max_encoded_len;
use core::marker::PhantomData;

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
