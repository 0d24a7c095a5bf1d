//! What the frames say: the header and the eight kinds of body (PROTOCOL.md, "Messages").
//!
//! Call, Return, Error and Event carry values of the interface and have no type here; the bodies
//! of the other kinds do.

use crate::wire::frame::Encoder;
use crate::wire::seal::Seal;
use serde::{Deserialize, Serialize};

/// The version of the protocol that this crate speaks.
pub const VERSION: u8 = 1;

/// The most calls that can be in flight. Sequence numbers wrap at 32, and a device must be able to
/// tell a call it has just run from one yet to come.
pub const MAX_WINDOW: usize = 15;

/// The topic of an event that is about events: its data is how many there were in the session
/// before it, sent or dropped, as a `u32`.
pub const EVENT_COUNT: u16 = 0;

/// The sequence number of a call, 0 to 31, wrapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Seq(u8);

impl Seq {
    /// The first of a session.
    pub const FIRST: Self = Self(0);
    const MASK: u8 = 31;

    /// The sequence number that is `number` modulo 32.
    pub const fn new(number: u8) -> Self {
        Self(number & Self::MASK)
    }

    /// The number, 0 to 31.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::new(self.0 + 1)
    }

    /// How many steps lead from `earlier` to this one, 0 to 31.
    pub const fn since(self, earlier: Self) -> u8 {
        self.0.wrapping_sub(earlier.0) & Self::MASK
    }
}

/// What a frame is.
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
    /// Device: a frame was not taken. Body: [`NakReason`].
    Nak = 6,
    /// Device: something happened that nobody asked for.
    Event = 7,
}

/// The first byte of every payload: kind and sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header {
    /// What the frame is.
    pub kind: Kind,
    /// Which call it belongs to; for a Nak see [`NakReason`]; 0 where nothing is numbered.
    pub seq: Seq,
}

impl Header {
    const KIND_SHIFT: u32 = 5;

    /// The header as it is sent.
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

    /// The header that was sent as `byte`; every byte is one.
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

/// Asks for a new session.
///
/// Version and nonce come first in every version of the protocol, so that the two ends can tell
/// each other which versions they speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Connect {
    /// The version that the caller speaks.
    pub version: u8,
    /// Names the session; no two sessions of a caller have the same.
    pub nonce: u32,
    /// The longest frame that the caller accepts, in bytes, delimiter included.
    pub max_frame: u16,
}

/// Answers a [`Connect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Accept {
    /// The version that the device speaks. If it is not the caller's, there is no session.
    pub version: u8,
    /// The nonce of the Connect that this answers.
    pub nonce: u32,
    /// How many calls may be in flight, 1 to [`MAX_WINDOW`].
    pub window: u8,
    /// The longest frame that the device accepts, in bytes, delimiter included.
    pub max_frame: u16,
    /// How many received bytes the device can hold while it is busy. The caller may always have
    /// one call in flight, and more as long as their frames fit.
    pub buffer: u16,
    /// CRC-32 of the device's description.
    pub fingerprint: u32,
}

impl Accept {
    /// Adds the fields to a payload.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        // Bytes below 128 are their own encoding: one function for all fields.
        encoder.varint(u32::from(self.version));
        encoder.varint(self.nonce);
        encoder.varint(u32::from(self.window));
        encoder.varint(u32::from(self.max_frame));
        encoder.varint(u32::from(self.buffer));
        encoder.varint(self.fingerprint);
    }
}

/// Why a call could not be carried out. The code is one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Fault {
    /// The device has no procedure of that number. It did not run.
    UnknownProcedure = 0,
    /// The arguments do not decode as the procedure's, or bytes are left over. It did not run.
    BadArguments = 1,
    /// The procedure ran, but its value or error does not fit a frame of the device's or the caller's.
    ReplyTooLarge = 2,
    /// Whoever passed the call on does not know whether it ran.
    OutcomeUnknown = 3,
    /// The call was not passed on to where it would run. It did not run.
    Unreachable = 4,
    /// The device does not let this caller make this call. It did not run.
    Refused = 5,
}

impl Fault {
    /// The fault of that code, if it is one of this version's.
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

/// Why a frame was not taken. The code is one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum NakReason {
    /// It did not decode or check. The Nak's sequence number is the one expected next.
    Corrupt = 0,
    /// It was longer than the device's longest frame. The number is the one expected next.
    TooLong = 1,
    /// One before it was lost. The number is the one expected next.
    OutOfOrder = 2,
    /// There is no session, as after a reset. The number is that of the rejected call, whose trailer
    /// seals the Nak.
    NotConnected = 3,
}

impl NakReason {
    /// The reason of that code, if it is one of this version's.
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

/// Makes a frame of a header and a code, in a place that is long enough.
#[inline(never)]
pub(crate) fn code_frame(place: &mut [u8], header: Header, code: u8, seal: Seal) {
    let mut encoder = Encoder::new(place, header, seal);
    encoder.push(code);
    let _fits = encoder.finish();
}
