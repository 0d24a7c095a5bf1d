//! Reads Intel HEX.

use crate::pieces::Piece;
use crate::{ImageError, MAX_LENGTH};
use ihex::Record;

/// Returns the pieces of a file. Their bytes are fewer than those of the file.
pub fn pieces(file: &[u8]) -> Result<Vec<Piece<'static>>, ImageError> {
    let text = std::str::from_utf8(file)
        .map_err(|_| ImageError::Damaged("it begins as Intel HEX, but is no text".to_owned()))?;
    let mut pieces: Vec<Piece> = Vec::new();
    let mut base = 0;
    let mut length = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let damaged =
            |what: &dyn std::fmt::Display| ImageError::Damaged(format!("line {number}: {what}"));
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        match Record::from_record_string(line).map_err(|error| damaged(&error))? {
            Record::Data { offset, value } => {
                let address = u32::checked_add(base, offset.into());
                let address = address.ok_or_else(|| damaged(&"no address is that high"))?;
                length += value.len();
                if length > MAX_LENGTH {
                    return Err(ImageError::TooLong);
                }
                match pieces.last_mut() {
                    // In one piece, what is in one run.
                    Some(last) if last.end() == u64::from(address) => {
                        last.bytes.to_mut().extend_from_slice(&value);
                    }
                    _ => pieces.push(Piece {
                        address,
                        bytes: value.into(),
                    }),
                }
            }
            Record::ExtendedLinearAddress(high) => base = u32::from(high) << 16,
            Record::ExtendedSegmentAddress(segment) => base = u32::from(segment) << 4,
            Record::StartLinearAddress(_) | Record::StartSegmentAddress { .. } => {}
            Record::EndOfFile => return Ok(pieces),
        }
    }
    Err(ImageError::Truncated)
}
