//! The content of frames: the header and the eight kinds of body (PROTOCOL.md, "Messages").
//!
//! Call, Return, Error and Event carry values of the interface and have no type here. The other bodies
//! do.

use serde::{Deserialize, Serialize};

/// The version of the protocol that this crate speaks.
pub const VERSION: u8 = 1;

/// The maximum number of calls in flight. Sequence numbers wrap at 32, and a device must be able to
/// distinguish a call that it has just run from a future one.
pub const MAX_WINDOW: usize = 15;

/// The topic of the count of events: its data is the number of events in the session before it, sent or
/// dropped, as a `u32`.
pub const EVENT_COUNT: u16 = 0;

/// The sequence number of a call, 0 to 31, wrapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Seq(u8);

impl Seq {
    /// The first sequence number of a session.
    pub const FIRST: Self = Self(0);
    const MASK: u8 = 31;

    /// Creates the sequence number that is `number` modulo 32.
    pub const fn new(number: u8) -> Self {
        Self(number & Self::MASK)
    }

    /// Returns the number, 0 to 31.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Returns the next sequence number.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::new(self.0 + 1)
    }

    /// Returns the number of steps from `earlier` to this one, 0 to 31.
    pub const fn since(self, earlier: Self) -> u8 {
        self.0.wrapping_sub(earlier.0) & Self::MASK
    }
}

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Kind {
    /// Caller: begins a session. Body: [`Connect`].
    Connect = 0,
    /// Device: the session has begun. Body: [`Accept`].
    Accept = 1,
    /// Caller: procedure number and arguments.
    Call = 2,
    /// Device: the value of a call.
    Return = 3,
    /// Device: the procedure's own error.
    Error = 4,
    /// Device: the call could not be carried out. Body: [`Fault`].
    Fault = 5,
    /// Device: a frame was rejected. Body: [`NakReason`].
    Nak = 6,
    /// Device: an event, without a request.
    Event = 7,
}

/// The first byte of every payload: kind and sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header {
    /// The kind of the frame.
    pub kind: Kind,
    /// The sequence number of its call. For a Nak see [`NakReason`]; 0 in frames without a number.
    pub seq: Seq,
}

impl Header {
    const KIND_SHIFT: u32 = 5;

    /// Returns the header as it is sent.
    ///
    /// ```
    /// use rpc_proto::wire::message::{Header, Kind, Seq};
    /// let header = Header { kind: Kind::Return, seq: Seq::new(4) };
    /// assert_eq!(header.to_byte(), 0x64);
    /// assert_eq!(Header::from_byte(0x64), header);
    /// ```
    pub const fn to_byte(self) -> u8 {
        (self.kind as u8) << Self::KIND_SHIFT | self.seq.0
    }

    /// Returns the header that was sent as `byte`. Every byte is a valid header.
    pub const fn from_byte(byte: u8) -> Self {
        let kind = match byte >> Self::KIND_SHIFT {
            0 => Kind::Connect,
            1 => Kind::Accept,
            2 => Kind::Call,
            3 => Kind::Return,
            4 => Kind::Error,
            5 => Kind::Fault,
            6 => Kind::Nak,
            _ => Kind::Event,
        };
        Self {
            kind,
            seq: Seq::new(byte),
        }
    }
}

/// A request for a new session.
///
/// Version and nonce come first in every version of the protocol, so that each end learns which version
/// the other speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Connect {
    /// The version that the caller speaks.
    pub version: u8,
    /// The name of the session. No two sessions of a caller have the same.
    pub nonce: u32,
    /// The longest frame that the caller accepts, in bytes, delimiter included.
    pub max_frame: u16,
}

/// The answer to a [`Connect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Accept {
    /// The version that the device speaks. If it is not the caller's, there is no session.
    pub version: u8,
    /// The nonce of the Connect that this answers.
    pub nonce: u32,
    /// The number of calls that may be in flight, 1 to [`MAX_WINDOW`].
    pub window: u8,
    /// The longest frame that the device accepts, in bytes, delimiter included.
    pub max_frame: u16,
    /// The number of received bytes that the device can hold while it is busy. The caller may always
    /// have one call in flight, and more as long as their frames fit.
    pub buffer: u16,
    /// CRC-32 of the device's description.
    pub fingerprint: u32,
}

/// The reason why a call could not be carried out. The code is one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Fault {
    /// The device has no procedure with that number. The call did not run.
    UnknownProcedure = 0,
    /// The arguments do not decode as the procedure's, or bytes are left over. The call did not run.
    BadArguments = 1,
    /// The procedure ran, but its value or error does not fit a frame of the device's or the caller's.
    ReplyTooLarge = 2,
    /// A relay forwarded the call and does not know whether it ran.
    OutcomeUnknown = 3,
    /// A relay did not forward the call. The call did not run.
    Unreachable = 4,
    /// The device does not let this caller make this call. The call did not run.
    Refused = 5,
}

impl Fault {
    /// Returns the fault with that code, if this version defines it.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::UnknownProcedure),
            1 => Some(Self::BadArguments),
            2 => Some(Self::ReplyTooLarge),
            3 => Some(Self::OutcomeUnknown),
            4 => Some(Self::Unreachable),
            5 => Some(Self::Refused),
            _ => None,
        }
    }
}

/// The reason why a frame was rejected. The code is one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum NakReason {
    /// The frame did not decode or its checksum was wrong. The Nak's sequence number is the one
    /// expected next.
    Corrupt = 0,
    /// The frame was longer than the device's longest frame. The number is the one expected next.
    TooLong = 1,
    /// An earlier frame was lost. The number is the one expected next.
    OutOfOrder = 2,
    /// There is no session, as after a reset. The number is that of the rejected call, whose trailer
    /// seals the Nak.
    NotConnected = 3,
}

impl NakReason {
    /// Returns the reason with that code, if this version defines it.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Corrupt),
            1 => Some(Self::TooLong),
            2 => Some(Self::OutOfOrder),
            3 => Some(Self::NotConnected),
            _ => None,
        }
    }
}
