//! Makes the serial number of a USB device of its chip's own number.

use core::fmt;

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// A serial number of 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialNumber([u8; 16]);

impl SerialNumber {
    /// Creates the serial number of a chip that has this number.
    #[must_use]
    pub const fn new(chip: u64) -> Self {
        let mut digits = [0; 16];
        let mut place = 0;
        while place < digits.len() {
            let nibble = chip >> (60 - 4 * place) & 0xF;
            digits[place] = DIGITS[nibble as usize];
            place += 1;
        }
        Self(digits)
    }

    /// Returns the digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // All of them are ASCII.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::string::ToString;

    #[test]
    fn a_serial_number_has_16_digits() {
        let number = SerialNumber::new(0xE660_5838_8356_0A2F);
        assert_eq!(number.as_str(), "E660583883560A2F");
        assert_eq!(SerialNumber::new(0xA).to_string(), "000000000000000A");
    }
}
