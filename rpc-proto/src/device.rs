//! The device's own service: what every device answers besides its interface.
//!
//! It is written with the same attribute as any other service. Its procedures have the numbers
//! from 0 on, which are part of the protocol (PROTOCOL.md, "The device's own service"), so that a
//! caller who knows nothing yet can call them.

use crate::frame::max_encoded_len;
use crate::server::Statistics;
use crate::service::{FIRST_NUMBER, Interface};
use core::marker::PhantomData;

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
