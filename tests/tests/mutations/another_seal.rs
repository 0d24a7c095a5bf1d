//! A seal of another kind and length, to take the place of `rpc-proto/src/wire/seal.rs`: FNV-1a, 8 bytes.

/// How many bytes of trailer follow a payload.
pub const TRAILER_LEN: usize = 8;

/// The checksum of a frame in the making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seal(u64);

impl Seal {
    /// Of frames that belong to no session.
    pub const NONE: Self = Self(0);

    /// Of the frames of a session.
    pub const fn of_session(nonce: u32) -> Self {
        Self(0xCBF2_9CE4_8422_2325).then(&nonce.to_le_bytes())
    }

    /// Of the frame that refuses a call with that trailer.
    pub const fn of_trailer(trailer: [u8; TRAILER_LEN]) -> Self {
        Self(u64::from_le_bytes(trailer))
    }

    /// Adds a byte of payload.
    #[must_use]
    pub const fn then_byte(self, byte: u8) -> Self {
        Self((self.0 ^ byte as u64).wrapping_mul(0x0000_0100_0000_01B3))
    }

    /// Adds bytes of payload.
    #[must_use]
    pub const fn then(mut self, bytes: &[u8]) -> Self {
        let mut index = 0;
        while index < bytes.len() {
            self = self.then_byte(bytes[index]);
            index += 1;
        }
        self
    }

    /// The trailer of the payload so far.
    pub const fn trailer(self) -> [u8; TRAILER_LEN] {
        self.0.to_le_bytes()
    }

    /// Tells whether `decoded` is a payload followed by its trailer.
    pub fn checks(self, decoded: &[u8]) -> bool {
        decoded
            .split_last_chunk()
            .is_some_and(|(payload, trailer)| self.then(payload).trailer() == *trailer)
    }
}
