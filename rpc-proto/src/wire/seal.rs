//! The seal of a frame, from which its trailer is made and checked (PROTOCOL.md, "Seal").
//!
//! Everything that depends on the kind of checksum is in this file. A keyed tag of another length could
//! replace it here, without other changes.

use crate::wire::crc::{Crc32, Engine, SmallTable};

/// The number of bytes in the trailer that follows a payload.
pub const TRAILER_LEN: usize = 4;

/// The checksum of a frame that is being built, which starts with the session that it is bound to, and
/// the engine that computes it.
///
/// A frame that was sealed for one session fails the check in any other: equal payloads have different
/// trailers if their nonces differ.
///
/// ```
/// use rpc_proto::wire::seal::Seal;
/// let session = Seal::of_session(1);
/// let trailer = session.then(b"hi").trailer();
/// assert!(session.checks(b"hi", trailer));
/// assert!(!Seal::of_session(2).checks(b"hi", trailer));
/// assert!(!Seal::NONE.checks(b"hi", trailer));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "model-check", derive(Hash))]
pub struct Seal<E = SmallTable>(Crc32, E);

impl Seal {
    /// The seal of frames without a session. It is all zeroes, so that a server in a `static` takes no
    /// flash for its initial values.
    pub const NONE: Self = Self(Crc32::new(), SmallTable);

    /// Returns the seal of a session's frames.
    pub fn of_session(nonce: u32) -> Self {
        Self::NONE.in_session(nonce)
    }

    /// Returns the seal of the frame that rejects a call whose trailer cannot be checked without a
    /// session, as if that trailer preceded the payload. It proves to the caller which call was meant.
    pub const fn of_trailer(trailer: [u8; TRAILER_LEN]) -> Self {
        Self(Crc32::after(u32::from_le_bytes(trailer)), SmallTable)
    }
}

impl<E: Engine + Copy> Seal<E> {
    /// True if the payload is best added at once, false if byte by byte.
    pub const AT_ONCE: bool = E::AT_ONCE;

    /// Returns the same seal, with another engine from here on.
    pub fn by<F: Engine + Copy>(self, engine: F) -> Seal<F> {
        Seal(self.0, engine)
    }

    /// Binds what follows to a session, as if the nonce, little-endian, preceded each payload.
    #[must_use]
    pub fn in_session(self, nonce: u32) -> Self {
        self.then(&nonce.to_le_bytes())
    }

    /// Adds a byte of payload.
    #[must_use]
    pub fn then_byte(self, byte: u8) -> Self {
        Self(self.1.then(self.0, &[byte]), self.1)
    }

    /// Adds bytes of payload.
    // Inlined where sessions begin and where frames are checked, it takes 28 bytes more of flash.
    #[inline(never)]
    #[must_use]
    pub fn then(self, bytes: &[u8]) -> Self {
        Self(self.1.then(self.0, bytes), self.1)
    }

    /// Returns the trailer of the payload so far.
    pub fn trailer(self) -> [u8; TRAILER_LEN] {
        self.0.value().to_le_bytes()
    }

    /// Returns true if that is the trailer of the payload.
    // A seal over both, whose result is always the same, would run 36 instructions more.
    pub fn checks(self, payload: &[u8], trailer: [u8; TRAILER_LEN]) -> bool {
        self.then(payload).trailer() == trailer
    }
}
