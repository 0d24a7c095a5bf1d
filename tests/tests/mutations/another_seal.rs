//! A seal of another kind and length, to take the place of `rpc-proto/src/wire/seal.rs`: FNV-1a, 8 bytes.

use crate::wire::crc::{Engine, SmallTable};

/// How many bytes of trailer follow a payload.
pub const TRAILER_LEN: usize = 8;

/// The checksum of a frame in the making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seal<E = SmallTable>(u64, E);

impl Seal {
    /// Of frames that belong to no session.
    pub const NONE: Self = Self(0, SmallTable);

    /// Of the frames of a session.
    pub fn of_session(nonce: u32) -> Self {
        Self::NONE.in_session(nonce)
    }

    /// Of the frame that refuses a call with that trailer.
    pub const fn of_trailer(trailer: [u8; TRAILER_LEN]) -> Self {
        Self(u64::from_le_bytes(trailer), SmallTable)
    }
}

impl<E: Engine + Copy> Seal<E> {
    /// It is never best added at once.
    pub const AT_ONCE: bool = false;

    /// With an engine that it has no use for.
    pub fn by<F: Engine + Copy>(self, engine: F) -> Seal<F> {
        Seal(self.0, engine)
    }

    /// Of what follows in a session.
    #[must_use]
    pub fn in_session(self, nonce: u32) -> Self {
        Self(self.0 ^ 0xCBF2_9CE4_8422_2325, self.1).then(&nonce.to_le_bytes())
    }

    /// Adds a byte of payload.
    #[must_use]
    pub fn then_byte(self, byte: u8) -> Self {
        Self((self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3), self.1)
    }

    /// Adds bytes of payload.
    #[must_use]
    pub fn then(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |seal, &byte| seal.then_byte(byte))
    }

    /// The trailer of the payload so far.
    pub fn trailer(self) -> [u8; TRAILER_LEN] {
        self.0.to_le_bytes()
    }

    /// Returns true if that is the trailer of the payload.
    pub fn checks(self, payload: &[u8], trailer: [u8; TRAILER_LEN]) -> bool {
        self.then(payload).trailer() == trailer
    }
}
