//! MCUboot as its `docs/design.md` says: what it reads in the trailers of both slots, and what it
//! writes there when it swaps. How it survives a power cut in the swap is its own affair and not
//! simulated.

use crate::nor_flash::Region;

/// The flash of a slot.
pub type SlotFlash = Region<8, 1024>;

const MAGIC: [u8; 16] = [
    0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f, 0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80,
];

/// A trailer, from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trailer {
    has_magic: bool,
    is_blank: bool,
    image_ok: u8,
    copy_done: u8,
}

impl Trailer {
    fn of(slot: &[u8]) -> Self {
        let from_end = |distance: usize| slot[slot.len() - distance];
        let magic = &slot[slot.len() - 16..];
        Self {
            has_magic: magic == MAGIC,
            is_blank: magic.iter().all(|&byte| byte == 0xFF),
            image_ok: from_end(24),
            copy_done: from_end(32),
        }
    }
}

/// The number of bytes in a trailer: three words for each of 128 sectors, the size of the swap, its
/// type, two flags and the magic.
pub const TRAILER: usize = 128 * 3 * 8 + 8 + 8 + 8 + 8 + 16;

/// Puts a header before a program and a signature of sorts behind it, as `imgtool sign` does.
#[must_use]
pub fn signed(program: &[u8]) -> Vec<u8> {
    let mut image = Vec::new();
    image.extend(0x96f3_b83d_u32.to_le_bytes());
    image.extend(0_u32.to_le_bytes());
    image.extend(32_u16.to_le_bytes());
    image.extend(0_u16.to_le_bytes());
    image.extend((program.len() as u32).to_le_bytes());
    image.resize(32, 0);
    image.extend(program);
    let hash: u32 = program.iter().map(|&byte| u32::from(byte)).sum();
    image.extend(0x6907_u16.to_le_bytes());
    image.extend(12_u16.to_le_bytes());
    image.extend([0x10, 0, 4, 0]);
    image.extend(hash.to_le_bytes());
    image
}

/// Returns the image in a slot if it is whole.
#[must_use]
pub fn whole(slot: &[u8]) -> Option<&[u8]> {
    let length = u32::from_le_bytes(slot[12..16].try_into().expect("four bytes")) as usize;
    let end = length
        .checked_add(32)
        .filter(|end| *end + 12 <= slot.len())?;
    let image = &slot[..end + 12];
    (image == signed(&slot[32..end])).then_some(image)
}

/// Boots, and swaps the slots before if their trailers say so.
pub fn boot(primary: &SlotFlash, secondary: &SlotFlash) {
    primary.chip().power_on();
    let (mut first, mut second) = (primary.content(), secondary.content());
    let (running, other) = (Trailer::of(&first), Trailer::of(&second));
    let is_test = other.has_magic && other.image_ok == 0xFF;
    let is_permanent = other.has_magic && other.image_ok == 1;
    let is_revert =
        running.has_magic && other.is_blank && running.image_ok == 0xFF && running.copy_done == 1;
    let end = first.len();
    if !(is_test || is_permanent || is_revert) {
        return;
    }
    if whole(&second).is_none() {
        second.fill(0xFF);
        first[end - 24] = 1;
    } else {
        first[..end - TRAILER].swap_with_slice(&mut second[..end - TRAILER]);
        for slot in [&mut first, &mut second] {
            slot[end - TRAILER..].fill(0xFF);
        }
        first[end - 16..].copy_from_slice(&MAGIC);
        first[end - 32] = 1;
        if !is_test {
            first[end - 24] = 1;
        }
    }
    primary.load(&first);
    secondary.load(&second);
}
