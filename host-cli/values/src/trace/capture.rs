//! The file format of captures: the bytes that passed on a link, line by line.
//!
//! ```text
//! # comment
//! 0.000312 > 00 01 0d 01 f8 ac d1 91 01 a0 01 7b 87 47 7a 00
//! 0.001027 < 16 20 01 f8 ac d1 91 01 04 a0 01 80 02 ef fd b6 f5 0d 63 74 0c 04 00
//! ```
//!
//! A line is the time in seconds, which may be left out, the [direction](Direction) (`>` to the
//! device, `<` from it), and the bytes in hexadecimal, with or without spaces between them. Lines
//! may cut frames anywhere. Empty lines, and everything after a `#`, are comments. The format is
//! easy to write by hand, and to make from the export of a logic analyser.

use super::Direction;
use crate::value::from_hex;
use std::fmt;
use std::str::FromStr;

/// A line of a capture: bytes that passed.
///
/// ```
/// use serial_rpc_values::trace::Direction;
/// use serial_rpc_values::trace::capture::Record;
///
/// let record: Record = "0.25 > 0940 08".parse()?;
/// assert_eq!(record.direction, Direction::ToDevice);
/// assert_eq!(record.bytes, [0x09, 0x40, 0x08]);
/// assert_eq!(record.to_string(), "0.250000 > 09 40 08");
/// # Ok::<(), serial_rpc_values::trace::capture::NotARecord>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The time when they passed, in seconds since the capture began.
    pub time: Option<f64>,
    /// The direction in which they passed.
    pub direction: Direction,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// An error in a line of a capture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotARecord {
    /// There is no `>` or `<` where it should be.
    #[error("expected [SECONDS] > BYTES or [SECONDS] < BYTES")]
    Direction,
    /// The text before the direction is not a time.
    #[error("`{0}` is no time in seconds")]
    Time(String),
    /// The text after the direction is not bytes.
    #[error("`{0}` is not bytes in hexadecimal")]
    Bytes(String),
}

/// Reads a line; returns none for an empty line or a comment.
///
/// # Errors
/// Fails if the line is not a record.
pub fn read_line(line: &str) -> Result<Option<Record>, NotARecord> {
    let line = line.split_once('#').map_or(line, |(line, _)| line).trim();
    match line {
        "" => Ok(None),
        line => line.parse().map(Some),
    }
}

impl FromStr for Record {
    type Err = NotARecord;

    fn from_str(line: &str) -> Result<Self, NotARecord> {
        let at = line.find(['>', '<']).ok_or(NotARecord::Direction)?;
        let (time, rest) = line.split_at(at);
        let direction = match rest.starts_with('>') {
            true => Direction::ToDevice,
            false => Direction::FromDevice,
        };
        let time = match time.trim() {
            "" => None,
            time => Some(
                time.parse()
                    .map_err(|_| NotARecord::Time(time.to_owned()))?,
            ),
        };
        Ok(Self {
            time,
            direction,
            bytes: bytes(&rest[1..])?,
        })
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, NotARecord> {
    let mut bytes = Vec::new();
    for word in text.split_whitespace() {
        let digits = word.strip_prefix("0x").unwrap_or(word);
        let read = from_hex(&format!("0x{digits}"));
        bytes.extend(read.ok_or_else(|| NotARecord::Bytes(word.to_owned()))?);
    }
    Ok(bytes)
}

impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(time) = self.time {
            write!(formatter, "{time:.6} ")?;
        }
        write!(formatter, "{}", self.direction)?;
        for byte in &self.bytes {
            write!(formatter, " {byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let records = [
            Record {
                time: Some(1.5),
                direction: Direction::ToDevice,
                bytes: (0..=255).collect(),
            },
            Record {
                time: None,
                direction: Direction::FromDevice,
                bytes: vec![],
            },
        ];
        for record in records {
            let read = read_line(&format!("{record} # and a comment"));
            assert_eq!(read, Ok(Some(record)));
        }
    }

    #[test]
    fn comments_and_empty_lines_are_no_records() {
        for line in ["", "  ", "# > 09"] {
            assert_eq!(read_line(line), Ok(None));
        }
    }

    #[test]
    fn an_error_says_what_is_wrong() {
        for (line, complaint) in [
            ("09 40", "expected [SECONDS] > BYTES or [SECONDS] < BYTES"),
            ("soon > 09", "`soon` is no time in seconds"),
            ("> 09 4", "`4` is not bytes in hexadecimal"),
            ("> 0é", "`0é` is not bytes in hexadecimal"),
            ("> +1", "`+1` is not bytes in hexadecimal"),
        ] {
            assert_eq!(read_line(line).unwrap_err().to_string(), complaint);
        }
    }
}
