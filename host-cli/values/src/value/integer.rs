//! Whole numbers of any width: as text, as JSON, and as postcard writes them.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use serde_json::Value;

use crate::cursor::{Cursor, Malformed};
use crate::description::IntegerType;

/// A whole number that covers `i128` and `u128` alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Integer {
    negative: bool,
    magnitude: u128,
}

/// The error for text that is not a whole number, or one of more than 128 bits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAnInteger;

impl FromStr for Integer {
    type Err = NotAnInteger;

    /// Reads decimal, or `0x`, `0b` or `0o`; a sign before, `_` between digits.
    fn from_str(text: &str) -> Result<Self, NotAnInteger> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (radix, digits) = match unsigned.get(..2) {
            Some("0x" | "0X") => (16, &unsigned[2..]),
            Some("0b" | "0B") => (2, &unsigned[2..]),
            Some("0o" | "0O") => (8, &unsigned[2..]),
            _ => (10, unsigned),
        };
        // Rust's own parser accepts a sign here, and we read one already.
        if !digits.starts_with(|first: char| first.is_digit(radix)) {
            return Err(NotAnInteger);
        }
        let magnitude =
            u128::from_str_radix(&digits.replace('_', ""), radix).map_err(|_| NotAnInteger)?;
        Ok(Self {
            negative: negative && magnitude != 0,
            magnitude,
        })
    }
}

impl Display for Integer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        write!(f, "{sign}{}", self.magnitude)
    }
}

impl Integer {
    /// Reads a JSON number without a fraction, or a string of digits.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) if number.is_f64() => None,
            Value::Number(number) => number.to_string().parse().ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Returns a JSON number, or a string where JSON's reader would not keep every digit.
    pub(crate) fn to_json(self) -> Value {
        match (self.negative, u64::try_from(self.magnitude)) {
            (false, Ok(magnitude)) => magnitude.into(),
            (true, Ok(magnitude)) if magnitude <= i64::MIN.unsigned_abs() => {
                0_i64.wrapping_sub_unsigned(magnitude).into()
            }
            _ => self.to_string().into(),
        }
    }

    /// Appends the number as an integer of this type; returns None if it is out of range.
    pub(crate) fn write(self, ty: IntegerType, out: &mut Vec<u8>) -> Option<()> {
        let limit = if self.negative {
            ty.min().unsigned_abs()
        } else {
            ty.max()
        };
        if self.magnitude > limit {
            return None;
        }
        match ty {
            IntegerType::U8 | IntegerType::I8 => {
                // Two's complement: the sign is dropped from the low byte on purpose.
                let [low, ..] = self.magnitude.to_le_bytes();
                out.push(if self.negative {
                    low.wrapping_neg()
                } else {
                    low
                });
            }
            _ if ty.is_signed() => write_varint(self.zig_zag(), out),
            _ => write_varint(self.magnitude, out),
        }
        Some(())
    }

    /// Takes an integer of this type off the cursor.
    pub(crate) fn read(ty: IntegerType, cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        Ok(match ty {
            IntegerType::U8 => Self {
                negative: false,
                magnitude: cursor.byte()?.into(),
            },
            IntegerType::I8 => {
                let number = i8::from_le_bytes(cursor.array()?);
                Self {
                    negative: number < 0,
                    magnitude: number.unsigned_abs().into(),
                }
            }
            _ if ty.is_signed() => Self::from_zig_zag(cursor.varint(ty.bits())?),
            _ => Self {
                negative: false,
                magnitude: cursor.varint(ty.bits())?,
            },
        })
    }

    /// Maps 0, -1, 1, -2, 2 ... to 0, 1, 2, 3, 4 ...; wraps only for `i128::MIN`, to the right
    /// number.
    fn zig_zag(self) -> u128 {
        let twice = self.magnitude.wrapping_mul(2);
        twice.wrapping_sub(self.negative.into())
    }

    fn from_zig_zag(number: u128) -> Self {
        let negative = number % 2 == 1;
        Self {
            negative,
            magnitude: number / 2 + u128::from(negative),
        }
    }
}

/// Appends a number 7 bits a byte, the lowest first.
pub(super) fn write_varint(mut number: u128, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decimal_or_says_its_radix() {
        for (text, number) in [
            ("42", "42"),
            ("+42", "42"),
            ("-42", "-42"),
            ("-0", "0"),
            ("1_000_000", "1000000"),
            ("0xFF", "255"),
            ("-0x80", "-128"),
            ("0b1010_1010", "170"),
            ("0o17", "15"),
            (
                "340282366920938463463374607431768211455",
                "340282366920938463463374607431768211455",
            ),
        ] {
            assert_eq!(text.parse::<Integer>().unwrap().to_string(), number);
        }
    }

    #[test]
    fn other_text_is_no_integer() {
        for text in [
            "",
            "-",
            "+-1",
            "--1",
            "0x",
            "0x-1",
            "0x+1",
            "_1",
            "1.0",
            "1e3",
            "٣",
            "0é",
            "12a",
            "340282366920938463463374607431768211456",
        ] {
            assert_eq!(text.parse::<Integer>(), Err(NotAnInteger), "{text}");
        }
    }

    #[test]
    fn the_extremes_of_every_type_are_written_as_postcard_does() {
        fn check<T: serde::Serialize + Display>(ty: IntegerType, extremes: [T; 2]) {
            for number in extremes {
                let integer: Integer = number.to_string().parse().unwrap();
                let mut bytes = Vec::new();
                integer.write(ty, &mut bytes).unwrap();
                assert_eq!(bytes, postcard::to_stdvec(&number).unwrap());
                assert_eq!(Integer::read(ty, &mut Cursor::new(&bytes)), Ok(integer));
            }
        }
        check(IntegerType::U8, [u8::MIN, u8::MAX]);
        check(IntegerType::U16, [u16::MIN, u16::MAX]);
        check(IntegerType::U32, [u32::MIN, u32::MAX]);
        check(IntegerType::U64, [u64::MIN, u64::MAX]);
        check(IntegerType::U128, [u128::MIN, u128::MAX]);
        check(IntegerType::I8, [i8::MIN, i8::MAX]);
        check(IntegerType::I16, [i16::MIN, i16::MAX]);
        check(IntegerType::I32, [i32::MIN, i32::MAX]);
        check(IntegerType::I64, [i64::MIN, i64::MAX]);
        check(IntegerType::I128, [i128::MIN, i128::MAX]);
    }

    #[test]
    fn one_beyond_the_extremes_is_refused() {
        for (ty, text) in [
            (IntegerType::U8, "256"),
            (IntegerType::U8, "-1"),
            (IntegerType::I8, "128"),
            (IntegerType::I8, "-129"),
            (IntegerType::I64, "9223372036854775808"),
            (
                IntegerType::I128,
                "-170141183460469231731687303715884105729",
            ),
        ] {
            let integer: Integer = text.parse().unwrap();
            let mut bytes = Vec::new();
            assert_eq!(integer.write(ty, &mut bytes), None, "{text}");
            assert!(bytes.is_empty());
        }
    }

    #[test]
    fn json_keeps_every_digit() {
        for text in ["18446744073709551615", "-9223372036854775808"] {
            let json = text.parse::<Integer>().unwrap().to_json();
            assert!(json.is_number(), "{json}");
            assert_eq!(json.to_string(), text);
        }
        for text in ["18446744073709551616", "-9223372036854775809"] {
            let json = text.parse::<Integer>().unwrap().to_json();
            assert_eq!(json, Value::String(text.to_owned()));
        }
    }
}
