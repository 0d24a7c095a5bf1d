//! Reads ELF: the sections that are loaded, where their segments are stored.
//!
//! A segment may begin with headers that are no part of the image, which is why its sections count,
//! as they do for `objcopy`.

use crate::ImageError;
use crate::pieces::Piece;
use elf::ElfBytes;
use elf::abi;
use elf::endian::AnyEndian;
use elf::file::Class;
use elf::segment::ProgramHeader;
use std::ops::Range;

/// Xtensa, as of the ESP32, which the crate has no name for.
const EM_XTENSA: u16 = 94;

/// The machines that microcontrollers are.
const MICROCONTROLLERS: [u16; 4] = [abi::EM_ARM, abi::EM_RISCV, EM_XTENSA, abi::EM_AVR];

/// Returns the pieces of a file.
pub fn pieces(file: &[u8]) -> Result<Vec<Piece<'_>>, ImageError> {
    let elf = ElfBytes::<AnyEndian>::minimal_parse(file).map_err(damaged)?;
    if elf.ehdr.class != Class::ELF32 || !MICROCONTROLLERS.contains(&elf.ehdr.e_machine) {
        return Err(ImageError::OtherMachine);
    }
    if elf.ehdr.e_type != abi::ET_EXEC {
        return Err(ImageError::NotLinked);
    }
    let segments: Vec<ProgramHeader> = elf.segments().into_iter().flatten().collect();
    let loaded = segments
        .into_iter()
        .filter(|segment| segment.p_type == abi::PT_LOAD && segment.p_filesz > 0);
    let loaded: Vec<Segment> = loaded
        .map(Segment::of)
        .collect::<Option<_>>()
        .ok_or(ImageError::Truncated)?;
    let Some(sections) = elf
        .section_headers()
        .filter(|sections| !sections.is_empty())
    else {
        // Stripped of them.
        let whole = loaded
            .iter()
            .map(|segment| segment.piece(file, &segment.place));
        return whole.collect();
    };
    let stored = sections.iter().filter(|section| {
        section.sh_flags & u64::from(abi::SHF_ALLOC) != 0
            && section.sh_type != abi::SHT_NOBITS
            && section.sh_size > 0
    });
    let mut pieces = Vec::new();
    for section in stored {
        let end = section.sh_offset.checked_add(section.sh_size);
        let place = section.sh_offset..end.ok_or(ImageError::Truncated)?;
        if let Some(segment) = loaded.iter().find(|segment| segment.has(&place)) {
            pieces.push(segment.piece(file, &place)?);
        }
    }
    Ok(pieces)
}

/// A part of the file that is loaded.
struct Segment {
    /// Its place in the file.
    place: Range<u64>,
    /// Its address in the flash.
    address: u64,
}

impl Segment {
    fn of(header: ProgramHeader) -> Option<Self> {
        Some(Self {
            place: header.p_offset..header.p_offset.checked_add(header.p_filesz)?,
            address: header.p_paddr,
        })
    }

    fn has(&self, place: &Range<u64>) -> bool {
        self.place.start <= place.start && place.end <= self.place.end
    }

    /// Returns the bytes of a place inside this segment.
    fn piece<'f>(&self, file: &'f [u8], place: &Range<u64>) -> Result<Piece<'f>, ImageError> {
        let bytes = usize::try_from(place.start)
            .ok()
            .zip(usize::try_from(place.end).ok())
            .and_then(|(start, end)| file.get(start..end));
        let address = self.address + (place.start - self.place.start);
        Ok(Piece {
            address: u32::try_from(address).map_err(|_| {
                ImageError::Damaged(format!("no address is as high as {address:#x}"))
            })?,
            bytes: bytes.ok_or(ImageError::Truncated)?.into(),
        })
    }
}

fn damaged(error: elf::ParseError) -> ImageError {
    match error {
        elf::ParseError::SliceReadError(_) => ImageError::Truncated,
        error => ImageError::Damaged(error.to_string()),
    }
}
