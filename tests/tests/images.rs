//! Firmware images are read from every kind of file, and from no file that is not one.

use proptest::collection::vec;
use proptest::prelude::*;
use serial_rpc_image::{Format, Image, ImageError, MAX_LENGTH, Misplaced};
use tests::image_files::{Elf, Piece, hex, uf2};

/// The family of the RP2040, in UF2's numbering.
const RP2040: u32 = 0xe48b_ff56;

/// Returns the bytes that a flash has in the places of pieces, and the first address.
fn joined(pieces: &[Piece]) -> (u32, Vec<u8>) {
    let first = pieces.iter().map(|(address, _)| *address).min().unwrap();
    let end = |(address, bytes): &Piece| (address - first) as usize + bytes.len();
    let mut joined = vec![0; pieces.iter().map(end).max().unwrap()];
    for (address, bytes) in pieces {
        let at = (address - first) as usize;
        joined[at..at + bytes.len()].copy_from_slice(bytes);
    }
    (first, joined)
}

/// Pieces that do not overlap, in any order.
fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let piece = (0_u32..5000, vec(any::<u8>(), 1..600));
    let pieces = (0x1000_u32..0x2000_0000, vec(piece, 1..8)).prop_map(|(first, pieces)| {
        let mut at = first;
        let placed = pieces.into_iter().map(|(gap, bytes)| {
            let address = at + gap;
            at = address + bytes.len() as u32;
            (address, bytes)
        });
        placed.collect::<Vec<_>>()
    });
    pieces.prop_shuffle()
}

/// Returns the error with which a file is refused.
fn refused(file: &[u8]) -> ImageError {
    Image::read(file).unwrap_err()
}

proptest! {
    #[test]
    fn whatever_the_file_the_image_is_the_same(pieces in pieces()) {
        let (address, bytes) = joined(&pieces);
        let without = Elf { has_sections: false, ..Elf::ARM };
        for (format, file) in [
            (Format::Elf, Elf::ARM.file(&pieces)),
            (Format::Elf, without.file(&pieces)),
            (Format::Hex, hex(&pieces)),
            (Format::Uf2, uf2(&pieces, RP2040)),
        ] {
            let read = Image::read(&file);
            let address = Some(address);
            prop_assert_eq!(read, Ok(Image { format, address, bytes: bytes.clone() }));
        }
    }

    #[test]
    fn a_file_that_is_cut_off_is_never_taken_for_a_shorter_one(
        pieces in pieces(),
        at in any::<prop::sample::Index>(),
    ) {
        for file in [Elf::ARM.file(&pieces), hex(&pieces), uf2(&pieces, RP2040)] {
            // The last line ends without a line break as well.
            let end = at.index(file.len() - 1);
            match Image::read(&file[..end]) {
                // Too little to tell what it was. A device takes no image without a descriptor.
                Ok(image) => prop_assert!(end < 4 && image.format == Format::Bin, "{}", end),
                Err(error) => prop_assert!(error != ImageError::TooLong),
            }
        }
    }

    #[test]
    fn bytes_that_were_changed_make_an_image_or_an_error(
        pieces in pieces(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        for mut file in [Elf::ARM.file(&pieces), hex(&pieces), uf2(&pieces, RP2040)] {
            for (at, byte) in &changes {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            if let Ok(image) = Image::read(&file) {
                prop_assert!(!image.bytes.is_empty() && image.bytes.len() <= MAX_LENGTH);
            }
        }
    }

    #[test]
    fn any_bytes_make_an_image_or_an_error(
        magic in prop::sample::select(vec!["", "\x7fELF\x01\x01\x01", "UF2\n", ":"]),
        rest in vec(any::<u8>(), 0..2000),
    ) {
        let _ = Image::read(&[magic.as_bytes(), &rest].concat());
    }
}

#[test]
fn a_gap_is_filled_with_zeroes_as_objcopy_does() {
    let pieces = [(0x100, vec![1, 2]), (0x104, vec![3])];
    let image = Image::read(&hex(&pieces)).unwrap();
    assert_eq!(image.bytes, [1, 2, 0, 0, 3]);
}

#[test]
fn the_headers_that_a_linker_puts_into_a_segment_are_no_part_of_the_image() {
    let file = Elf::ARM.file(&[(0x1_0000, vec![7; 20])]);
    let image = Image::read(&file).unwrap();
    assert_eq!((image.address, image.bytes), (Some(0x1_0000), vec![7; 20]));
}

#[test]
fn a_file_with_nothing_for_the_flash_is_refused() {
    let nothing: [Vec<u8>; 4] = [
        Vec::new(),
        Elf::ARM.file(&[]),
        hex(&[]),
        b":00000001FF".to_vec(),
    ];
    for file in nothing {
        assert_eq!(refused(&file), ImageError::Empty);
    }
}

#[test]
fn a_program_for_a_computer_is_refused() {
    let computer = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    if computer.starts_with(b"\x7fELF") {
        assert_eq!(refused(&computer), ImageError::OtherMachine);
    }
    const INTEL_386: u16 = 3;
    let elf = Elf {
        machine: INTEL_386,
        ..Elf::ARM
    };
    assert_eq!(
        refused(&elf.file(&[(0, vec![1])])),
        ImageError::OtherMachine
    );
}

#[test]
fn an_object_file_that_was_not_linked_is_refused() {
    let object = Elf {
        kind: 1,
        ..Elf::ARM
    };
    assert_eq!(
        refused(&object.file(&[(0, vec![1])])),
        ImageError::NotLinked
    );
}

#[test]
fn pieces_that_overlap_are_refused() {
    let pieces = [(0x100, vec![1; 8]), (0x107, vec![2])];
    for file in [Elf::ARM.file(&pieces), hex(&pieces), uf2(&pieces, RP2040)] {
        assert_eq!(refused(&file), ImageError::Overlap { address: 0x107 });
    }
}

#[test]
fn settings_of_a_chip_far_from_its_flash_are_named_by_their_address() {
    // The UICR of an nRF52.
    let pieces = [(0x2_6000, vec![1; 8]), (0x1000_1014, vec![2; 4])];
    for file in [Elf::ARM.file(&pieces), hex(&pieces), uf2(&pieces, RP2040)] {
        let far = ImageError::FarApart {
            first: 0x2_6000,
            end: 0x1000_1018,
        };
        assert_eq!(refused(&file), far);
    }
}

#[test]
fn an_image_longer_than_any_flash_is_refused() {
    assert_eq!(refused(&vec![0; MAX_LENGTH + 1]), ImageError::TooLong);
    let long = [(0x1_0000, vec![0; MAX_LENGTH + 1])];
    assert_eq!(refused(&Elf::ARM.file(&long)), ImageError::TooLong);
}

#[test]
fn an_image_that_goes_on_behind_the_last_address_is_refused() {
    let pieces = [(0xffff_fff0, vec![1; 17])];
    for file in [Elf::ARM.file(&pieces), uf2(&pieces, RP2040)] {
        assert!(matches!(refused(&file), ImageError::Damaged(_)));
    }
}

#[test]
fn a_section_that_lies_behind_the_end_of_the_file_is_refused_however_many_say_so() {
    let mut file = Elf::ARM.file(&vec![(0x1_0000, vec![1]); 1000]);
    file.truncate(file.len() - 8);
    assert_eq!(refused(&file), ImageError::Truncated);
}

#[test]
fn a_line_of_a_hex_file_that_is_damaged_is_named() {
    let damaged = b":0400000001020304F2\n:0400040001020304F2\n:00000001FF\n";
    let ImageError::Damaged(what) = refused(damaged) else {
        panic!("it was taken for something else");
    };
    assert!(what.starts_with("line 2: "), "{what}");
}

#[test]
fn a_hex_file_without_its_end_is_refused() {
    assert_eq!(refused(b":0400000001020304F2\n"), ImageError::Truncated);
}

#[test]
fn a_uf2_file_with_a_block_missing_or_twice_is_refused() {
    let whole = uf2(&[(0x1000_0000, vec![1; 1000])], RP2040);
    let mut missing = whole.clone();
    missing.drain(512..1024);
    assert_eq!(refused(&missing), ImageError::Truncated);
    let twice = [&whole[..512], &whole].concat();
    assert!(matches!(refused(&twice), ImageError::Damaged(_)));
}

#[test]
fn a_uf2_file_for_several_chips_is_refused() {
    let piece = [(0x1000_0000, vec![1; 10])];
    let both = [uf2(&piece, RP2040), uf2(&piece, 0xada5_2840)].concat();
    let families = "0xada52840, 0xe48bff56".to_owned();
    assert_eq!(refused(&both), ImageError::SeveralChips { families });
}

#[test]
fn the_block_that_works_around_a_fault_of_the_rp2350_is_no_part_of_the_image() {
    let work_around = uf2(&[(0x10ff_ff00, vec![0xef; 256])], 0xe48b_ff57);
    let image = uf2(&[(0x1000_0000, vec![1; 10])], 0xe48b_ff59);
    let read = Image::read(&[work_around, image].concat()).unwrap();
    assert_eq!((read.address, read.bytes), (Some(0x1000_0000), vec![1; 10]));
}

#[test]
fn an_image_whose_file_has_an_address_is_for_that_alone() {
    let image = Image::read(&hex(&[(0x4000, vec![1; 64])])).unwrap();
    assert_eq!(image.check_address(0x4000), Ok(()));
    assert_eq!(image.check_address(0x8000), Err(Misplaced::Address(0x4000)));
}

#[test]
fn a_bin_file_is_for_the_address_that_its_reset_vector_leads_into() {
    let mut bytes = vec![0; 64];
    bytes[..4].copy_from_slice(&0x2000_4000_u32.to_le_bytes());
    bytes[4..8].copy_from_slice(&0x8011_u32.to_le_bytes());
    let image = Image::read(&bytes).unwrap();
    assert_eq!((image.format, image.address), (Format::Bin, None));
    assert_eq!(image.check_address(0x8000), Ok(()));
    for other in [0x4000, 0x8040, 0] {
        assert_eq!(image.check_address(other), Err(Misplaced::Reset(0x8010)));
    }
}

#[test]
fn a_bin_file_without_a_table_of_vectors_is_for_any_address() {
    for bytes in [vec![1; 64], vec![0; 64], vec![0xff; 7]] {
        let image = Image::read(&bytes).unwrap();
        assert_eq!(image.check_address(0x8000), Ok(()));
    }
}
