//! The procedure that a call is for, and the numbers that devices assigned.

use crate::schema::varint_len;
use crate::service::Procedure;
use crate::wire::frame::max_payload_len;

/// The procedure of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Target {
    /// The key, which stands for path and types (PROTOCOL.md, "Keys").
    pub key: u32,
    /// The number, as far as it is known without asking the device.
    pub number: Number,
    /// True if running it twice does no harm. It is then sent again if it is unknown whether it ran.
    pub idempotent: bool,
}

/// The number of a procedure, as far as it is known without asking the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Number {
    /// The number is part of the protocol, or agreed upon otherwise. The device is never asked.
    Fixed(u16),
    /// Devices with this fingerprint have assigned it this number. Others are asked.
    In {
        /// The fingerprint of the interface.
        fingerprint: u32,
        /// The number there.
        number: u16,
    },
    /// The number is not known.
    Unknown,
}

impl Target {
    /// Creates the target of a typed procedure. Its number is known on a device that offers only this
    /// service.
    pub const fn of<P: Procedure>() -> Self {
        Self {
            key: P::KEY,
            number: match P::NUMBER {
                Some(number) => Number::Fixed(number),
                None => Number::In {
                    fingerprint: P::FINGERPRINT_IF_SOLE,
                    number: P::NUMBER_IF_SOLE,
                },
            },
            idempotent: P::IDEMPOTENT,
        }
    }

    /// Creates the target of a procedure with a number that both ends have agreed upon.
    pub const fn fixed(number: u16, idempotent: bool) -> Self {
        Self {
            key: 0,
            number: Number::Fixed(number),
            idempotent,
        }
    }
}

/// Returns the length of a call's payload before the arguments: header and number.
pub(super) const fn head_len(number: u16) -> usize {
    1 + varint_len(number as usize)
}

/// Returns how many bytes of arguments are certain to fit a frame of that length. An unknown number
/// counts as the longest.
pub(super) const fn room(number: Option<u16>, frame: usize) -> usize {
    let number = match number {
        Some(number) => number,
        None => u16::MAX,
    };
    max_payload_len(frame).saturating_sub(head_len(number))
}

/// The numbers that devices with one fingerprint assigned to keys: the last `NUMBERS` of them.
#[derive(Clone, Debug, Hash)]
pub(super) struct Numbers<const NUMBERS: usize> {
    fingerprint: u32,
    /// Direct-mapped: each key has one slot, so a lookup needs no search and no bookkeeping.
    known: [Option<(u32, u16)>; NUMBERS],
}

impl<const NUMBERS: usize> Numbers<NUMBERS> {
    pub(super) const fn new() -> Self {
        const { assert!(NUMBERS > 0, "a client remembers at least one number") }
        Self {
            fingerprint: 0,
            known: [None; NUMBERS],
        }
    }

    /// Forgets the numbers of devices with another fingerprint.
    pub(super) fn meet(&mut self, fingerprint: u32) {
        if fingerprint != self.fingerprint {
            self.fingerprint = fingerprint;
            self.known = [None; NUMBERS];
        }
    }

    pub(super) fn learn(&mut self, key: u32, number: u16) {
        if let Some(place) = self.known.get_mut(Self::place(key)) {
            *place = Some((key, number));
        }
    }

    /// Returns the target's number on a device with that fingerprint, if it is known.
    pub(super) fn of(&self, target: &Target, fingerprint: u32) -> Option<u16> {
        match target.number {
            Number::Fixed(number) => return Some(number),
            Number::In {
                fingerprint: known,
                number,
            } if known == fingerprint => return Some(number),
            _ => {}
        }
        match self.known.get(Self::place(target.key)) {
            Some(&Some((key, number))) if key == target.key && fingerprint == self.fingerprint => {
                Some(number)
            }
            _ => None,
        }
    }

    const fn place(key: u32) -> usize {
        key as usize % NUMBERS
    }
}
