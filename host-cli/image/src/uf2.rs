//! Reads UF2: blocks of 512 bytes, each with the address of its data.

use crate::ImageError;
use crate::pieces::Piece;
use std::collections::{BTreeMap, BTreeSet};

const BLOCK: usize = 512;
const DATA: usize = 32;
const MAX_DATA: usize = 476;
const SECOND_MAGIC: u32 = 0x9e5d_5157;
const LAST_MAGIC: u32 = 0x0ab1_6f30;

/// Flag: the block is not for the main flash.
const NOT_FOR_FLASH: u32 = 0x0001;
/// Flag: the block is of a file on the drive.
const OF_FILE: u32 = 0x1000;
/// Flag: the block names its family.
const HAS_FAMILY: u32 = 0x2000;

/// The family of a block that files for the RP2350 begin with, to work around a fault of its boot
/// ROM. It is no part of the image.
const RP2350_ABSOLUTE: u32 = 0xe48b_ff57;

/// Returns the pieces of a file.
pub fn pieces(file: &[u8]) -> Result<Vec<Piece<'_>>, ImageError> {
    // All blocks of a chip have the same family, and are numbered.
    let mut chips: BTreeMap<Option<u32>, Chip<'_>> = BTreeMap::new();
    for (number, bytes) in file.chunks(BLOCK).enumerate() {
        let damaged = |what: &str| ImageError::Damaged(format!("block {number}: {what}"));
        if bytes.len() < BLOCK {
            return Err(ImageError::Truncated);
        }
        if (word(bytes, 4), word(bytes, 508)) != (SECOND_MAGIC, LAST_MAGIC)
            || !bytes.starts_with(b"UF2\n")
        {
            return Err(damaged("it is not a block of UF2"));
        }
        let flags = word(bytes, 8);
        let family = (flags & HAS_FAMILY != 0).then(|| word(bytes, 28));
        if flags & (NOT_FOR_FLASH | OF_FILE) != 0 || family == Some(RP2350_ABSOLUTE) {
            continue;
        }
        let length = word(bytes, 16) as usize;
        let data = bytes
            .get(DATA..DATA + MAX_DATA)
            .and_then(|data| data.get(..length));
        let chip = chips.entry(family).or_default();
        chip.pieces.push(Piece {
            address: word(bytes, 12),
            bytes: data
                .ok_or_else(|| damaged("it claims more bytes than it has"))?
                .into(),
        });
        let (index, total) = (word(bytes, 20), word(bytes, 24));
        if index >= total || *chip.total.get_or_insert(total) != total {
            return Err(damaged("its number is not one of the file's"));
        }
        if !chip.numbers.insert(index) {
            return Err(damaged("another has the same number"));
        }
    }
    if chips.len() > 1 {
        let families = chips.keys().map(|family| match family {
            Some(family) => format!("{family:#010x}"),
            None => "none".to_owned(),
        });
        return Err(ImageError::SeveralChips {
            families: families.collect::<Vec<_>>().join(", "),
        });
    }
    let Some((_, chip)) = chips.pop_first() else {
        return Err(ImageError::Empty);
    };
    match chip.total {
        Some(total) if chip.numbers.len() == total as usize => Ok(chip.pieces),
        _ => Err(ImageError::Truncated),
    }
}

/// The blocks for a chip.
#[derive(Default)]
struct Chip<'f> {
    pieces: Vec<Piece<'f>>,
    numbers: BTreeSet<u32>,
    total: Option<u32>,
}

/// Returns a number of a block.
fn word(block: &[u8], at: usize) -> u32 {
    let bytes = block.get(at..).and_then(|rest| rest.first_chunk());
    bytes.map_or(0, |&bytes| u32::from_le_bytes(bytes))
}
