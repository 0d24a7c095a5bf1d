//! Checks the address of an image by its table of vectors.

use std::ops::Range;

/// The memory for data of every Cortex-M, the tightly coupled memory of some included.
const RAM: [Range<u32>; 2] = [0x1000_0000..0x1100_0000, 0x2000_0000..0x4000_0000];

/// An image that is not for the address where it would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    /// The file has another address.
    #[error("is for the address {0:#010x}")]
    Address(u32),
    /// The file has no address, but the first instruction would be outside the image.
    #[error("begins to run at {0:#010x}")]
    Reset(u32),
}

/// Checks that the reset vector of an image for Cortex-M leads into the image, if it is at that
/// address.
///
/// The table begins with the initial stack pointer, which is in RAM and even, and the address of
/// the first instruction, which is odd. Other bytes are no such table, and nothing is known of
/// their address.
pub fn check(bytes: &[u8], address: u32) -> Result<(), Misplaced> {
    let words = bytes.first_chunk::<8>();
    let Some([a, b, c, d, e, f, g, h]) = words.copied() else {
        return Ok(());
    };
    let stack = u32::from_le_bytes([a, b, c, d]);
    let reset = u32::from_le_bytes([e, f, g, h]);
    let is_stack =
        stack.is_multiple_of(4) && RAM.iter().any(|ram| ram.contains(&stack.saturating_sub(1)));
    if !is_stack || reset.is_multiple_of(2) {
        return Ok(());
    }
    let first = reset & !1;
    let is_inside = first
        .checked_sub(address)
        .is_some_and(|offset| (offset as usize) < bytes.len());
    match is_inside {
        true => Ok(()),
        false => Err(Misplaced::Reset(first)),
    }
}
