//! CRC-32/ISO-HDLC, the check on every frame, key and fingerprint (PROTOCOL.md, "Checksum").
//!
//! [`Crc32`] has a table of 16 entries and takes half a byte per step: 64 bytes of flash, and a quarter of
//! the time of the bitwise loop. It is `const`, because keys and fingerprints are computed by the compiler.
//! A device may have its frames checked by another [`Engine`], which is faster or larger.

/// The reflected polynomial of CRC-32/ISO-HDLC.
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// The effect of half a byte on the checksum, for each of its values.
const HALVES: [u32; 16] = table();

/// The effect of a byte.
const BYTES: [u32; 256] = table();

/// Computes the effect of the lowest bits on the checksum, for each of their `N` values.
///
/// The register in the definition of CRC-32/ISO-HDLC is the complement of the checksum. The table
/// includes the complement, so that nothing is complemented when a frame is checked, and the checksum
/// of nothing is 0: an unused server takes no flash for its initial values.
const fn table<const N: usize>() -> [u32; N] {
    let mut table = [0; N];
    let mut entry = 0;
    while entry < N {
        let mut register = !(entry as u32);
        let mut bit = 0;
        while bit < N.ilog2() {
            register = (register >> 1) ^ (POLYNOMIAL * (register & 1));
            bit += 1;
        }
        table[entry] = !register;
        entry += 1;
    }
    table
}

/// Computes the checksums of frames: a table, or a unit of the chip, which the firmware implements this for.
///
/// A server uses [`SmallTable`] unless its interface is [`CheckedBy`](crate::service::CheckedBy) another.
///
/// A unit is told the register to begin with, which is the complement of the checksum so far:
///
/// ```
/// use rpc_proto::wire::crc::{Crc32, Engine};
///
/// struct Unit;
/// # impl Unit {
/// #     fn feed(&self, mut register: u32, bytes: &[u8]) -> u32 {
/// #         for &byte in bytes {
/// #             register ^= u32::from(byte);
/// #             for _ in 0..8 {
/// #                 register = (register >> 1) ^ (0xEDB8_8320 * (register & 1));
/// #             }
/// #         }
/// #         register
/// #     }
/// # }
/// impl Engine for Unit {
///     fn then(&self, crc: Crc32, bytes: &[u8]) -> Crc32 {
///         Crc32::after(!self.feed(!crc.value(), bytes))
///     }
/// }
/// assert_eq!(Unit.then(Crc32::of(b"1234"), b"56789"), Crc32::of(b"123456789"));
/// ```
pub trait Engine {
    /// True if it is faster to pass a payload at once than byte by byte while it is made into a frame.
    const AT_ONCE: bool = true;

    /// Returns the checksum `crc` with `bytes` added.
    fn then(&self, crc: Crc32, bytes: &[u8]) -> Crc32;
}

/// The engine with a table of 16 entries: 64 bytes of flash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SmallTable;

/// The engine with a table of 256 entries: 1 KiB of flash, and half of the instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LargeTable;

impl Engine for SmallTable {
    const AT_ONCE: bool = false;

    fn then(&self, crc: Crc32, bytes: &[u8]) -> Crc32 {
        crc.then(bytes)
    }
}

impl Engine for LargeTable {
    const AT_ONCE: bool = false;

    fn then(&self, Crc32(mut value): Crc32, bytes: &[u8]) -> Crc32 {
        for &byte in bytes {
            value = (value >> 8) ^ BYTES[usize::from(value as u8 ^ byte)];
        }
        Crc32(value)
    }
}

impl<E: Engine> Engine for &E {
    const AT_ONCE: bool = E::AT_ONCE;

    fn then(&self, crc: Crc32, bytes: &[u8]) -> Crc32 {
        (**self).then(crc, bytes)
    }
}

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
        let value = (value >> 4) ^ HALVES[(value & 15) as usize];
        Self((value >> 4) ^ HALVES[(value & 15) as usize])
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
    use super::{Crc32, Engine, LargeTable, SmallTable};

    #[test]
    fn agrees_with_the_catalogue_of_parametrised_crc_algorithms() {
        assert_eq!(Crc32::of(b"123456789").value(), 0xCBF4_3926);
        assert_eq!(Crc32::new().value(), 0);
    }

    #[test]
    fn every_table_gives_the_same_checksum_of_every_byte_wherever_the_bytes_are_divided() {
        let bytes: [u8; 256] = core::array::from_fn(|index| (index as u8).wrapping_mul(167));
        // Miri would take minutes for all.
        let step = if cfg!(miri) { 64 } else { 1 };
        for at in (0..=bytes.len()).step_by(step) {
            let (first, second) = bytes.split_at(at);
            let whole = Crc32::of(&bytes);
            assert_eq!(
                SmallTable.then(SmallTable.then(Crc32::new(), first), second),
                whole
            );
            assert_eq!(
                LargeTable.then(LargeTable.then(Crc32::new(), first), second),
                whole
            );
        }
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
