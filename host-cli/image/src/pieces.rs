//! Joins the pieces of which a file consists.

use crate::{ImageError, MAX_LENGTH};
use std::borrow::Cow;

/// Bytes with an address.
pub struct Piece<'f> {
    /// The address of the first.
    pub address: u32,
    /// The bytes.
    pub bytes: Cow<'f, [u8]>,
}

impl Piece<'_> {
    /// Returns the address behind the last byte.
    pub fn end(&self) -> u64 {
        u64::from(self.address) + self.bytes.len() as u64
    }
}

/// Joins pieces in any order. Returns the first address, and the bytes from there on, with zeroes
/// in the gaps.
pub fn joined(mut pieces: Vec<Piece<'_>>) -> Result<(u32, Vec<u8>), ImageError> {
    pieces.retain(|piece| !piece.bytes.is_empty());
    pieces.sort_by_key(|piece| piece.address);
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else {
        return Err(ImageError::Empty);
    };
    let (address, end) = (first.address, last.end());
    if end > 1 << 32 {
        let what = "it goes on behind the last address that there is";
        return Err(ImageError::Damaged(what.to_owned()));
    }
    // Before anything is copied: what does not overlap is no longer than from its beginning to its end.
    for pair in pieces.windows(2) {
        if let [piece, next] = pair
            && piece.end() > u64::from(next.address)
        {
            return Err(ImageError::Overlap {
                address: next.address,
            });
        }
    }
    if end - u64::from(address) > MAX_LENGTH as u64 {
        return Err(match pieces.len() {
            1 => ImageError::TooLong,
            _ => ImageError::FarApart {
                first: address,
                end,
            },
        });
    }
    let mut bytes = Vec::new();
    for piece in &pieces {
        bytes.resize((piece.address - address) as usize, 0);
        bytes.extend_from_slice(&piece.bytes);
    }
    Ok((address, bytes))
}
