//! CRC-32/ISO-HDLC, the check on every frame, key and fingerprint (PROTOCOL.md, "Checksum").
//!
//! The table has 16 entries and takes half a byte per step: 64 bytes of flash, and a quarter of the
//! time of the bitwise loop. A table for whole bytes would be faster but takes 1 KiB, more than half of
//! the device side of this protocol. Everything is `const`, because keys and fingerprints are computed
//! by the compiler.

/// The reflected polynomial of CRC-32/ISO-HDLC.
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// The effect of half a byte on the checksum, for each of its values.
///
/// The register in the definition of CRC-32/ISO-HDLC is the complement of the checksum. The table
/// includes the complement, so that nothing is complemented when a frame is checked, and the checksum
/// of nothing is 0: an unused server takes no flash for its initial values.
const TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut entry = 0;
    while entry < table.len() {
        let mut register = !(entry as u32);
        let mut bit = 0;
        while bit < 4 {
            register = (register >> 1) ^ (POLYNOMIAL * (register & 1));
            bit += 1;
        }
        table[entry] = !register;
        entry += 1;
    }
    table
};

/// A CRC-32 that is being computed.
///
/// ```
/// use rpc_proto::wire::crc::Crc32;
/// assert_eq!(Crc32::of(b"123456789").value(), 0xCBF4_3926);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "model-check", derive(Hash))]
pub struct Crc32(u32);

impl Crc32 {
    /// Creates the checksum of nothing.
    pub const fn new() -> Self {
        Self(0)
    }

    /// Returns the checksum of `bytes`.
    pub const fn of(bytes: &[u8]) -> Self {
        Self::new().then(bytes)
    }

    /// Returns the checksum of bytes whose finished checksum is `value`, to add more bytes.
    ///
    /// ```
    /// use rpc_proto::wire::crc::Crc32;
    /// let first = Crc32::of(b"1234").value();
    /// assert_eq!(Crc32::after(first).then(b"56789"), Crc32::of(b"123456789"));
    /// ```
    pub const fn after(value: u32) -> Self {
        Self(Self::new().0 ^ value)
    }

    /// Returns the checksum with `bytes` added.
    pub const fn then(mut self, bytes: &[u8]) -> Self {
        let mut index = 0;
        while index < bytes.len() {
            self = self.then_byte(bytes[index]);
            index += 1;
        }
        self
    }

    /// Returns the checksum with one more byte.
    pub const fn then_byte(self, byte: u8) -> Self {
        let value = self.0 ^ byte as u32;
        let value = (value >> 4) ^ TABLE[(value & 15) as usize];
        Self((value >> 4) ^ TABLE[(value & 15) as usize])
    }

    /// Returns the value of the checksum of the bytes so far.
    pub const fn value(self) -> u32 {
        self.0
    }

    /// Returns true if the bytes so far end in the checksum of those before it, little-endian.
    ///
    /// A receiver then need not know where the checksum begins until the frame ends.
    pub const fn is_checked(self) -> bool {
        const RESIDUE: u32 = Crc32::of(&[0; 4]).0;
        self.0 == RESIDUE
    }
}

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Crc32;

    #[test]
    fn agrees_with_the_catalogue_of_parametrised_crc_algorithms() {
        assert_eq!(Crc32::of(b"123456789").value(), 0xCBF4_3926);
        assert_eq!(Crc32::new().value(), 0);
    }

    #[test]
    fn bytes_followed_by_their_checksum_are_checked_and_others_are_not() {
        for bytes in [&b"a"[..], b"", b"calculator", &[0; 40]] {
            let checksum = Crc32::of(bytes);
            assert!(checksum.then(&checksum.value().to_le_bytes()).is_checked());
            let wrong = checksum.value() ^ 0x0000_8000;
            assert!(!checksum.then(&wrong.to_le_bytes()).is_checked());
        }
    }
}
