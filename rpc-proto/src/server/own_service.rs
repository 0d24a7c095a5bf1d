//! The server's implementation of the device's own service.

use super::events::Sender;
use crate::device::{Device, DeviceEvents, Statistics, SubscribeError, Subscribed};
use crate::service::{FIRST_NUMBER, Interface};
use crate::wire::frame::max_encoded_len;

/// The device's own service for the interface `I` and frames of up to `FRAME` bytes.
#[derive(Debug)]
pub struct OwnService<'s, I, const FRAME: usize> {
    pub interface: &'s I,
    /// The counters of the link.
    pub statistics: &'s Statistics,
}

impl<I, const FRAME: usize> OwnService<'_, I, FRAME> {
    /// The most bytes of a description that fit a reply.
    const CHUNK: usize = {
        /// The header and the length.
        const AROUND: usize = 1 + 3;
        // `assert_bounds` reports a frame that is too short, with a message.
        FRAME.saturating_sub(max_encoded_len(FRAME) - FRAME + AROUND)
    };
}

impl<I: Interface, const FRAME: usize> Device for OwnService<'_, I, FRAME> {
    fn describe(&mut self, offset: u32) -> &[u8] {
        let rest = self.interface.description(offset);
        rest.get(..Self::CHUNK).unwrap_or(rest)
    }

    fn resolve(&mut self, key: u32) -> Option<u16> {
        let index = self.interface.resolve(key)?;
        Some(FIRST_NUMBER + index)
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
    pub interface: &'e I,
    /// Keeps the subscriptions.
    pub events: &'e mut E,
}

impl<I: Interface, E: Sender> DeviceEvents for Subscriptions<'_, I, E> {
    fn subscribe(&mut self, key: u32) -> Result<Subscribed, SubscribeError> {
        let index = self
            .interface
            .resolve(key)
            .ok_or(SubscribeError::NoSuchEvent)?;
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
