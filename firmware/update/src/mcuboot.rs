//! The slots of MCUboot, which swaps images: its primary slot is the active one, its secondary slot
//! the spare one.
//!
//! MCUboot keeps its state in trailers at the ends of both slots: a magic, and before that the flags
//! *image OK* and *copy done* and the type of swap, each in 8 bytes (`docs/design.md` of MCUboot,
//! "Image Trailer"). An image is what `imgtool sign` makes, header and signature included; MCUboot
//! checks it once more before it swaps.

use crate::flash::{self, ERASED, Writer, failed, is_blank, write_word};
use embedded_storage::nor_flash::NorFlash;
use rpc_proto::services::update::{FlashFailed, Geometry, SlotState, Slots, Which, Whole};

/// The slots of MCUboot, of an image that runs at an address.
///
/// `BUFFER` is the number of bytes that are written at once: a multiple of what the flash writes.
/// MCUboot must be built for a write size of up to 8 bytes (`BOOT_MAX_ALIGN`), swaps (not
/// overwrites), and the usual 128 sectors or fewer.
#[derive(Clone, Debug)]
pub struct Mcuboot<P, S, R, const BUFFER: usize = 32> {
    primary: P,
    secondary: S,
    address: u32,
    restart: R,
    writer: Writer<BUFFER>,
    /// True if the secondary slot has been written since the start.
    is_written: bool,
}

/// The last bytes of a trailer that is in use.
const MAGIC: [u8; 16] = [
    0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f, 0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80,
];
/// The distances of the fields of a trailer from the end of the slot.
const MAGIC_AT: u32 = 16;
const IMAGE_OK_AT: u32 = 24;
const COPY_DONE_AT: u32 = 32;
const SWAP_TYPE_AT: u32 = 40;
const SWAP_SIZE_AT: u32 = 48;
/// A flag that is set.
const SET: u8 = 1;
/// The type of a swap that has to be confirmed.
const TEST: u8 = 2;
/// The largest number of pages that MCUboot is built for; each has three words in the trailer.
const MOST_PAGES: u32 = 128;

/// The beginning of an image, and that of what follows it.
const IMAGE_MAGIC: u32 = 0x96f3_b83d;
const TLV_MAGIC: u16 = 0x6907;
const PROTECTED_TLV_MAGIC: u16 = 0x6908;

/// The state of a trailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magic {
    Unset,
    Good,
    Bad,
}

fn magic<F: NorFlash>(flash: &mut F) -> Result<Magic, FlashFailed> {
    let mut bytes = [0; MAGIC.len()];
    let end = flash.capacity() as u32;
    flash::read(flash, end - MAGIC_AT, &mut bytes)?;
    Ok(match bytes {
        MAGIC => Magic::Good,
        _ if is_blank(&bytes) => Magic::Unset,
        _ => Magic::Bad,
    })
}

/// Returns a flag, which is [`ERASED`] if it is not set.
fn flag<F: NorFlash>(flash: &mut F, distance: u32) -> Result<u8, FlashFailed> {
    let mut flag = [0];
    let end = flash.capacity() as u32;
    flash::read(flash, end - distance, &mut flag)?;
    let [flag] = flag;
    Ok(flag)
}

/// Sets a field of the trailer.
fn set<F: NorFlash>(flash: &mut F, distance: u32, value: &[u8]) -> Result<(), FlashFailed> {
    let end = flash.capacity() as u32;
    write_word(flash, end - distance, value)
}

impl<P: NorFlash, S: NorFlash, R: FnMut(), const BUFFER: usize> Mcuboot<P, S, R, BUFFER> {
    /// Creates the slots of which an image runs at `address`, the start of the primary slot in
    /// memory. `restart` restarts the device in a moment; see [`Slots::reboot`].
    pub const fn new(primary: P, secondary: S, address: u32, restart: R) -> Self {
        const {
            assert!(
                P::WRITE_SIZE <= 8 && S::WRITE_SIZE <= 8,
                "MCUboot's trailer is in units of 8 bytes"
            );
        }
        Self {
            primary,
            secondary,
            address,
            restart,
            writer: Writer::new(),
            is_written: false,
        }
    }

    /// Returns the flash of both slots.
    pub const fn flash(&mut self) -> (&mut P, &mut S) {
        (&mut self.primary, &mut self.secondary)
    }

    /// Returns the start of the trailer.
    fn trailer(&self) -> u32 {
        let slot = (self.secondary.capacity() as u32).min(self.primary.capacity() as u32);
        slot.saturating_sub(SWAP_SIZE_AT + MOST_PAGES * 3 * S::WRITE_SIZE as u32)
    }

    /// Erases the trailer of the secondary slot, and what shares its page.
    fn erase_trailer(&mut self) -> Result<(), FlashFailed> {
        self.begin(0, 0)?;
        Ok(())
    }
}

impl<P: NorFlash, S: NorFlash, R: FnMut(), const BUFFER: usize> Slots for Mcuboot<P, S, R, BUFFER> {
    fn geometry(&self) -> Geometry {
        Geometry {
            address: self.address,
            capacity: self.trailer(),
            page: S::ERASE_SIZE as u32,
        }
    }

    fn state(&mut self, which: Which) -> Result<SlotState, FlashFailed> {
        let is_swapped = magic(&mut self.primary)? == Magic::Good
            && flag(&mut self.primary, COPY_DONE_AT)? == SET;
        let is_pending = magic(&mut self.secondary)? == Magic::Good;
        // A flag that was half written keeps MCUboot from swapping back.
        let is_on_trial =
            is_swapped && !is_pending && flag(&mut self.primary, IMAGE_OK_AT)? == ERASED;
        Ok(match which {
            Which::Active if is_on_trial => SlotState::OnTrial,
            Which::Active => SlotState::Confirmed,
            Which::Spare if is_pending => SlotState::Pending,
            Which::Spare if is_on_trial => SlotState::Previous,
            Which::Spare if is_swapped && self.whole(which)? != Whole::default() => {
                SlotState::Previous
            }
            Which::Spare => SlotState::Empty,
        })
    }

    /// The length is that of header, image and signature; the CRC-32 is not known.
    fn whole(&mut self, which: Which) -> Result<Whole, FlashFailed> {
        if which == Which::Spare && self.is_written {
            return Ok(Whole::default());
        }
        let mut header = [0; 16];
        self.read(which, 0, &mut header)?;
        let [m0, m1, m2, m3, _, _, _, _, h0, h1, _, _, i0, i1, i2, i3] = header;
        let start = u32::from(u16::from_le_bytes([h0, h1]));
        let mut length = u32::from_le_bytes([i0, i1, i2, i3]).saturating_add(start);
        if u32::from_le_bytes([m0, m1, m2, m3]) != IMAGE_MAGIC {
            return Ok(Whole::default());
        }
        loop {
            if length > self.trailer() {
                return Ok(Whole::default());
            }
            let mut info = [0; 4];
            self.read(which, length, &mut info)?;
            let [t0, t1, l0, l1] = info;
            length += u32::from(u16::from_le_bytes([l0, l1]));
            match u16::from_le_bytes([t0, t1]) {
                // The others follow.
                PROTECTED_TLV_MAGIC if [l0, l1] != [0; 2] => {}
                TLV_MAGIC if length <= self.trailer() => return Ok(Whole { length, crc: 0 }),
                _ => return Ok(Whole::default()),
            }
        }
    }

    fn read(&mut self, which: Which, offset: u32, bytes: &mut [u8]) -> Result<(), FlashFailed> {
        match which {
            Which::Active => flash::read(&mut self.primary, offset, bytes),
            Which::Spare => flash::read(&mut self.secondary, offset, bytes),
        }
    }

    fn begin(&mut self, total: u32, offset: u32) -> Result<u32, FlashFailed> {
        self.is_written = true;
        let trailer = self.trailer()..self.secondary.capacity() as u32;
        let secondary = &mut self.secondary;
        self.writer.begin(secondary, trailer, total, offset)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFailed> {
        self.writer.write(&mut self.secondary, offset, bytes)
    }

    fn activate(&mut self) -> Result<(), FlashFailed> {
        if magic(&mut self.secondary)? == Magic::Bad {
            self.erase_trailer()?;
        }
        let end = self.secondary.capacity() as u32;
        self.secondary
            .write(end - MAGIC_AT, &MAGIC)
            .map_err(failed)?;
        set(&mut self.secondary, SWAP_TYPE_AT, &[TEST])
    }

    fn confirm(&mut self) -> Result<(), FlashFailed> {
        set(&mut self.primary, IMAGE_OK_AT, &[SET])
    }

    /// An image that shares a page with the trailer cannot be activated again without being written.
    fn revert(&mut self) -> Result<(), FlashFailed> {
        match (self.state(Which::Spare)?, self.state(Which::Active)?) {
            (SlotState::Pending, _) => self.erase_trailer(),
            // The next reboot does it.
            (_, SlotState::OnTrial) => Ok(()),
            _ => self.activate(),
        }
    }

    fn reboot(&mut self) {
        (self.restart)();
    }
}
