//! Writes the files that compilers and other tools make of a firmware: ELF, Intel HEX and UF2.

use ihex::Record;

/// Bytes with the address of the first.
pub type Piece = (u32, Vec<u8>);

/// The length of an ELF's header, of a segment's and of a section's.
const HEADERS: [u32; 3] = [52, 32, 40];

/// A program for a microcontroller, or something else, as ELF.
#[derive(Clone, Copy, Debug)]
pub struct Elf {
    /// The kind of the file: 2 for a program.
    pub kind: u16,
    /// The machine: 40 for Arm.
    pub machine: u16,
    /// True if it has headers of sections, as linkers write them.
    pub has_sections: bool,
}

impl Elf {
    /// A program for Arm.
    pub const ARM: Self = Self {
        kind: 2,
        machine: 40,
        has_sections: true,
    };

    /// Writes pieces as the sections of one segment each. A segment with sections begins with other
    /// bytes of the file, as those do that a linker has put the headers into.
    #[must_use]
    pub fn file(self, pieces: &[Piece]) -> Vec<u8> {
        const LEAD: u32 = 16;
        let [file_header, segment_header, section_header] = HEADERS;
        let count = pieces.len() as u32;
        let lead = if self.has_sections { LEAD } else { 0 };
        let sections_at = file_header + count * segment_header;
        let sections = if self.has_sections { count + 1 } else { 0 };
        let data_at = sections_at + sections * section_header;

        let mut file = b"\x7fELF\x01\x01\x01".to_vec();
        file.resize(16, 0);
        halves(&mut file, &[self.kind, self.machine]);
        let first_section = if self.has_sections { sections_at } else { 0 };
        words(&mut file, &[1, 0, file_header, first_section, 0]);
        let lengths = HEADERS.map(|length| length as u16);
        halves(&mut file, &[lengths[0], lengths[1], count as u16]);
        halves(&mut file, &[lengths[2], sections as u16, 0]);

        let mut at = data_at;
        let mut headers = vec![0; if self.has_sections { 40 } else { 0 }];
        for (address, bytes) in pieces {
            let length = bytes.len() as u32;
            let (stored, whole) = (address.wrapping_sub(lead), lead + length);
            words(&mut file, &[1, at, stored, stored, whole, whole, 5, 4]);
            if self.has_sections {
                words(
                    &mut headers,
                    &[0, 1, 2, *address, at + lead, length, 0, 0, 4, 0],
                );
            }
            at += whole;
        }
        file.extend(headers);
        for (_, bytes) in pieces {
            file.extend(vec![0xee; lead as usize]);
            file.extend(bytes);
        }
        file
    }
}

fn halves(file: &mut Vec<u8>, numbers: &[u16]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn words(file: &mut Vec<u8>, numbers: &[u32]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

/// Writes pieces as Intel HEX.
///
/// # Panics
/// Panics if a record cannot be written.
#[must_use]
pub fn hex(pieces: &[Piece]) -> Vec<u8> {
    let mut records = Vec::new();
    for (address, bytes) in pieces {
        for (number, value) in bytes.chunks(16).enumerate() {
            let at = address + 16 * number as u32;
            records.push(Record::ExtendedLinearAddress((at >> 16) as u16));
            records.push(Record::Data {
                offset: at as u16,
                value: value.to_vec(),
            });
        }
    }
    records.push(Record::EndOfFile);
    let text = ihex::create_object_file_representation(&records).expect("records are short");
    text.into_bytes()
}

/// Writes pieces as UF2, for the chips of that family.
///
/// # Panics
/// Panics if there are more blocks than can be numbered.
#[must_use]
pub fn uf2(pieces: &[Piece], family: u32) -> Vec<u8> {
    let mut blocks = Vec::new();
    for (address, bytes) in pieces {
        for (number, data) in bytes.chunks(256).enumerate() {
            blocks.push((address + 256 * number as u32, data));
        }
    }
    let mut file = Vec::new();
    for (number, (address, data)) in blocks.iter().enumerate() {
        let (number, total) = (number as u32, blocks.len() as u32);
        words(&mut file, &[0x0a32_4655, 0x9e5d_5157, 0x2000]);
        words(
            &mut file,
            &[*address, data.len() as u32, number, total, family],
        );
        file.extend_from_slice(data);
        file.resize((number as usize + 1) * 512 - 4, 0);
        words(&mut file, &[0x0ab1_6f30]);
    }
    file
}
