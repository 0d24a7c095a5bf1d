//! Takes postcard's primitives off the front of bytes that a device sent.
//!
//! The reader of descriptions and the reader of values both use it. Every length is checked against
//! the remaining bytes before anything is allocated, and every error names its byte.

use thiserror::Error;

/// An error in postcard bytes from a device.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Malformed {
    /// The bytes end too early.
    #[error("the bytes end at byte {offset}, where more were expected")]
    Cut {
        /// The offset of the missing bytes.
        offset: usize,
    },
    /// A variable-length number is longer or larger than its type allows.
    #[error("the number at byte {offset} does not fit {bits} bits")]
    Varint {
        /// The offset of the number.
        offset: usize,
        /// The width of its type.
        bits: u32,
    },
    /// A length is greater than the number of remaining bytes.
    #[error("the length at byte {offset} is {length}, and only {remaining} bytes follow")]
    Length {
        /// The offset of the length.
        offset: usize,
        /// The value of the length.
        length: u64,
        /// The number of bytes that follow it.
        remaining: usize,
    },
    /// A string is not UTF-8.
    #[error("the string at byte {offset} is not UTF-8")]
    Text {
        /// The offset of the string's text, after its length.
        offset: usize,
    },
}

/// A position in a slice of bytes.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// Returns the number of bytes that have been taken.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// Returns the bytes that have not been taken.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or(self.cut())?;
        self.bytes = rest;
        self.offset += N;
        Ok(*array)
    }

    fn cut(&self) -> Malformed {
        let offset = self.offset + self.bytes.len();
        Malformed::Cut { offset }
    }

    /// Takes an unsigned number of at most `bits` bits, 7 to a byte, the lowest first.
    ///
    /// Like postcard, it accepts a longer form than necessary, up to the longest that the width
    /// needs.
    pub(crate) fn varint(&mut self, bits: u32) -> Result<u128, Malformed> {
        let offset = self.offset;
        let mut value = 0;
        for shift in (0..bits).step_by(7) {
            let byte = self.byte()?;
            let low = u128::from(byte & 0x7f);
            if low.checked_shr(bits - shift).unwrap_or(0) != 0 {
                break;
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed::Varint { offset, bits })
    }

    /// Takes a number of items of at least one byte each, so that it cannot exceed the remaining
    /// bytes.
    pub(crate) fn length(&mut self) -> Result<usize, Malformed> {
        let offset = self.offset;
        let length = self.count()?;
        let remaining = self.bytes.len();
        match usize::try_from(length) {
            Ok(length) if length <= remaining => Ok(length),
            _ => Err(Malformed::Length {
                offset,
                length,
                remaining,
            }),
        }
    }

    /// Takes a number of items that may have no bytes, so that it cannot be checked here.
    pub(crate) fn count(&mut self) -> Result<u64, Malformed> {
        let offset = self.offset;
        let count = self.varint(u64::BITS)?;
        u64::try_from(count).map_err(|_| Malformed::Varint {
            offset,
            bits: u64::BITS,
        })
    }

    /// Takes a byte string with its length before it.
    pub(crate) fn byte_string(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length()?;
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(self.cut())?;
        self.bytes = rest;
        self.offset += length;
        Ok(taken)
    }

    /// Takes a string with its length before it.
    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let bytes = self.byte_string()?;
        let offset = self.offset - bytes.len();
        str::from_utf8(bytes).map_err(|_| Malformed::Text { offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_varint_is_limited_to_the_width_of_its_type() {
        let cases: [(u32, &[u8], Option<u128>); 7] = [
            (16, &[0xff, 0xff, 0x03], Some(0xffff)),
            (16, &[0xff, 0xff, 0x04], None),
            (16, &[0xff, 0xff, 0x83, 0x00], None),
            (16, &[0x80, 0x80, 0x00], Some(0)),
            (64, &[0xff; 10], None),
            (32, &[0xff, 0xff, 0xff, 0xff, 0x0f], Some(0xffff_ffff)),
            (32, &[0xff, 0xff, 0xff, 0xff, 0x1f], None),
        ];
        for (bits, bytes, expected) in cases {
            assert_eq!(Cursor::new(bytes).varint(bits).ok(), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn the_widest_varint_is_128_bits() {
        let mut bytes = [0xff; 19];
        bytes[18] = 0x03;
        assert_eq!(Cursor::new(&bytes).varint(128), Ok(u128::MAX));
        bytes[18] = 0x04;
        assert_eq!(
            Cursor::new(&bytes).varint(128),
            Err(Malformed::Varint {
                offset: 0,
                bits: 128
            })
        );
    }

    #[test]
    fn a_length_beyond_the_end_is_refused() {
        assert_eq!(
            Cursor::new(&[5, b'a']).text(),
            Err(Malformed::Length {
                offset: 0,
                length: 5,
                remaining: 1
            })
        );
    }

    #[test]
    fn an_error_names_the_byte() {
        let mut cursor = Cursor::new(&[1, b'a', 2, 0xff, 0xff]);
        assert_eq!(cursor.text(), Ok("a"));
        assert_eq!(cursor.text(), Err(Malformed::Text { offset: 3 }));
        assert_eq!(cursor.byte(), Err(Malformed::Cut { offset: 5 }));
        let three = Cursor::new(&[1, 2, 3]).array::<4>();
        assert_eq!(three, Err(Malformed::Cut { offset: 3 }));
    }
}
