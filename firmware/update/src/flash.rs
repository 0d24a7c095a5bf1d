//! Reading and writing a slot in the units of its flash.

use core::ops::Range;
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use rpc_proto::services::update::FlashFailed;

/// The largest unit that flash is read in, or that a mark of a boot loader is written in.
pub const MAX_WORD: usize = 32;

/// The value of a byte that has been erased.
pub const ERASED: u8 = 0xFF;

/// Bytes in RAM where any driver can take them from.
#[derive(Clone, Debug)]
#[repr(C, align(4))]
pub struct Aligned<const N: usize>(pub [u8; N]);

/// Makes any error of a flash one that callers can be told.
pub fn failed<E>(_: E) -> FlashFailed {
    FlashFailed
}

/// Reads bytes, however the flash wants to be read.
pub fn read<F: ReadNorFlash>(
    flash: &mut F,
    offset: u32,
    bytes: &mut [u8],
) -> Result<(), FlashFailed> {
    const {
        assert!(
            F::READ_SIZE <= MAX_WORD,
            "the flash is read in units that are too large"
        );
    };
    let unit = F::READ_SIZE as u32;
    if offset.is_multiple_of(unit) && bytes.len().is_multiple_of(F::READ_SIZE) {
        return flash.read(offset, bytes).map_err(failed);
    }
    let mut word = Aligned([0; MAX_WORD]);
    let mut at = offset;
    let mut rest = bytes;
    while !rest.is_empty() {
        let word = word.0.get_mut(..F::READ_SIZE).unwrap_or_default();
        let skip = at % unit;
        flash.read(at - skip, word).map_err(failed)?;
        let there = word.get(skip as usize..).unwrap_or_default();
        let (now, later) = rest.split_at_mut(there.len().min(rest.len()));
        for (place, &byte) in now.iter_mut().zip(there) {
            *place = byte;
        }
        at += now.len() as u32;
        rest = later;
    }
    Ok(())
}

/// Returns true if a unit is as it was erased.
pub fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == ERASED)
}

/// Writes an image to a flash in whole units of `BUFFER` bytes, and erases each page just before its
/// first byte is written.
#[derive(Clone, Debug)]
pub struct Writer<const BUFFER: usize> {
    buffer: Aligned<BUFFER>,
    /// The number of bytes in an image that is being written.
    total: u32,
    /// The start of the pages that have been erased already.
    tail: u32,
}

impl<const BUFFER: usize> Writer<BUFFER> {
    /// Creates a writer that is not writing.
    pub const fn new() -> Self {
        Self {
            buffer: Aligned([ERASED; BUFFER]),
            total: 0,
            tail: 0,
        }
    }

    /// Begins to write an image of `total` bytes in front of a trailer that has to be blank: erases
    /// its pages. Returns the offset that the image can be written from.
    pub fn begin<F: NorFlash>(
        &mut self,
        flash: &mut F,
        trailer: Range<u32>,
        total: u32,
        offset: u32,
    ) -> Result<u32, FlashFailed> {
        let () = Self::check::<F>();
        let page = F::ERASE_SIZE as u32;
        self.total = total;
        self.tail = trailer.start - trailer.start % page;
        let end = trailer.end.next_multiple_of(page);
        flash.erase(self.tail, end).map_err(failed)?;
        Ok(offset.min(self.tail))
    }

    /// Writes the next bytes. What does not fill a unit waits for more, until the image ends.
    pub fn write<F: NorFlash>(
        &mut self,
        flash: &mut F,
        mut offset: u32,
        mut bytes: &[u8],
    ) -> Result<(), FlashFailed> {
        let unit = BUFFER as u32;
        while !bytes.is_empty() {
            let skip = (offset % unit) as usize;
            let room = self.buffer.0.get_mut(skip..).unwrap_or_default();
            let (now, later) = bytes.split_at(room.len().min(bytes.len()));
            for (place, &byte) in room.iter_mut().zip(now) {
                *place = byte;
            }
            offset += now.len() as u32;
            bytes = later;
            if offset.is_multiple_of(unit) || offset == self.total {
                self.program(flash, (offset - 1) / unit * unit)?;
            }
        }
        Ok(())
    }

    /// Writes the unit in the buffer.
    fn program<F: NorFlash>(&mut self, flash: &mut F, offset: u32) -> Result<(), FlashFailed> {
        let page = F::ERASE_SIZE as u32;
        if offset.is_multiple_of(page) && offset < self.tail {
            flash.erase(offset, offset + page).map_err(failed)?;
        }
        flash.write(offset, &self.buffer.0).map_err(failed)?;
        self.buffer.0.fill(ERASED);
        Ok(())
    }

    const fn check<F: NorFlash>() {
        const {
            assert!(
                BUFFER.is_multiple_of(F::WRITE_SIZE),
                "the buffer has to be a multiple of what the flash writes at once"
            );
            assert!(
                F::ERASE_SIZE.is_multiple_of(BUFFER),
                "the page has to be a multiple of the buffer"
            );
        }
    }
}

/// Writes `bytes` as one unit of the flash, filled up as if erased.
pub fn write_word<F: NorFlash>(
    flash: &mut F,
    offset: u32,
    bytes: &[u8],
) -> Result<(), FlashFailed> {
    const {
        assert!(
            F::WRITE_SIZE <= MAX_WORD,
            "the flash is written in units that are too large"
        );
    };
    let mut word = Aligned([ERASED; MAX_WORD]);
    for (place, &byte) in word.0.iter_mut().zip(bytes) {
        *place = byte;
    }
    let len = bytes.len().next_multiple_of(F::WRITE_SIZE);
    let word = word.0.get(..len).ok_or(FlashFailed)?;
    flash.write(offset, word).map_err(failed)
}
