//! The seal of a frame: what its trailer is made and checked by (PROTOCOL.md, "Seal").
//!
//! Everything that depends on the kind of checksum is in this file. A keyed tag of another length
//! can take its place here, and nothing else changes.

use crate::wire::crc::Crc32;

/// How many bytes of trailer follow a payload.
pub const TRAILER_LEN: usize = 4;

/// The checksum of a frame in the making, which begins with what it is bound to.
///
/// A frame that was sealed for one session does not check in another: equal payloads have different
/// trailers, whatever the two nonces are.
///
/// ```
/// use rpc_proto::wire::seal::Seal;
/// let session = Seal::of_session(1);
/// let trailer = session.then(b"hi").trailer();
/// let decoded = [b"hi", &trailer[..]].concat();
/// assert!(session.checks(&decoded));
/// assert!(!Seal::of_session(2).checks(&decoded));
/// assert!(!Seal::NONE.checks(&decoded));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "model-check", derive(Hash))]
pub struct Seal(Crc32);

impl Seal {
    /// Of frames that belong to no session. It is all zeroes, so that a server in a `static` takes no
    /// flash for its initial values.
    pub const NONE: Self = Self(Crc32::new());

    /// Of the frames of a session: as if the nonce, little-endian, stood before each payload.
    pub const fn of_session(nonce: u32) -> Self {
        Self::NONE.then(&nonce.to_le_bytes())
    }

    /// Of the frame that refuses a call whose trailer cannot be checked, since there is no session: as
    /// if that trailer stood before the payload. It proves to the caller which call was meant.
    pub const fn of_trailer(trailer: [u8; TRAILER_LEN]) -> Self {
        Self(Crc32::after(u32::from_le_bytes(trailer)))
    }

    /// Adds a byte of payload.
    #[must_use]
    pub const fn then_byte(self, byte: u8) -> Self {
        Self(self.0.then_byte(byte))
    }

    /// Adds bytes of payload.
    // Inlined where sessions begin and where frames are checked, it takes 28 bytes more of flash.
    #[inline(never)]
    #[must_use]
    pub const fn then(self, bytes: &[u8]) -> Self {
        Self(self.0.then(bytes))
    }

    /// The trailer of the payload so far.
    pub const fn trailer(self) -> [u8; TRAILER_LEN] {
        self.0.value().to_le_bytes()
    }

    /// Tells whether `decoded` is a payload followed by its trailer.
    pub const fn checks(self, decoded: &[u8]) -> bool {
        self.then(decoded).0.is_checked()
    }
}
