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
/// assert_eq!(session.open(&decoded), Some(&b"hi"[..]));
/// assert_eq!(Seal::of_session(2).open(&decoded), None);
/// assert_eq!(Seal::NONE.open(&decoded), None);
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

    /// Adds bytes of payload.
    // The one loop over a frame's bytes, both ways.
    #[inline(never)]
    #[must_use]
    pub const fn then(self, bytes: &[u8]) -> Self {
        Self(self.0.then(bytes))
    }

    /// The trailer of the payload so far.
    pub const fn trailer(self) -> [u8; TRAILER_LEN] {
        self.0.value().to_le_bytes()
    }

    /// Checks the trailer at the end of `decoded` and gives the payload before it, which is at least
    /// one byte.
    pub fn open(self, decoded: &[u8]) -> Option<&[u8]> {
        let (payload, _) = decoded.split_last_chunk::<TRAILER_LEN>()?;
        let is_right = self.then(decoded).0.is_checked() && !payload.is_empty();
        is_right.then_some(payload)
    }
}
