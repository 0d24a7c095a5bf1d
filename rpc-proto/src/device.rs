//! The device's own service: what every device answers besides its interface. The server implements
//! it, and clients call it.
//!
//! It is written with the same attribute as any other service. Its procedures have the numbers
//! from 0 on, which are part of the protocol (PROTOCOL.md, "The device's own service"), so that a
//! caller who knows nothing yet can call them.

mod statistics;

pub use statistics::Statistics;

use crate::Schema;
use serde::{Deserialize, Serialize};

/// What every device answers about itself.
#[crate::service(first_number = 0)]
pub trait Device {
    /// The description from byte `offset` on: as much of it as the device likes to send at once,
    /// nothing at its end. At [`DIGEST_OFFSET`](crate::describe::DIGEST_OFFSET), its digest or nothing.
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

/// The confirmation of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Subscribed {
    /// The number that names the event in frames.
    pub topic: u16,
    /// The number of events in this session, sent or dropped, before this answer.
    pub count: u32,
}

/// The reason why a caller cannot subscribe to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SubscribeError {
    /// The device has no event with that key.
    NoSuchEvent,
    /// The caller has subscribed to as many events as the device has room for.
    TooMany,
}
