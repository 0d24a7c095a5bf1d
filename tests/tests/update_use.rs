//! Tests how fast an image of 256 KiB is written and verified, in virtual time, with flash that takes
//! as long as that of real chips.
//!
//! `update_use.txt` beside this file has the current figures: the time, and the share of it that the
//! slower of line and flash needs. To update them after a change, see `examples/line_use.rs`; say in
//! the commit message why a figure got worse.

use tests::line_use::assert_as_written;
use tests::update_use::{Nrf52, PAGE, Rp2040, SECTOR, Stm32f4, Use, figures, measure};

const FIGURES: &str = include_str!("update_use.txt");

#[test]
fn the_slower_of_line_and_flash_is_used_to_90_per_cent() {
    for baud in [115_200, 921_600] {
        for used in [
            measure::<Rp2040, PAGE, 1024>(baud),
            measure::<Nrf52, PAGE, 1024>(baud),
            measure::<Nrf52, PAGE, 256>(baud),
        ] {
            assert!(used.share() >= 0.9, "{baud}: {used:?}");
        }
    }
    let used = measure::<Stm32f4, SECTOR, 1024>(115_200);
    assert!(used.share() >= 0.9, "{used:?}");
}

#[test]
fn an_image_of_256_kib_takes_26_seconds_at_115_200_baud() {
    let chips: [Use; 4] = [
        measure::<Rp2040, PAGE, 256>(115_200),
        measure::<Nrf52, PAGE, 256>(115_200),
        measure::<Stm32f4, SECTOR, 1024>(115_200),
        measure::<Rp2040, PAGE, 1024>(115_200),
    ];
    for used in chips {
        assert!(used.time <= 26.0, "{used:?}");
    }
}

/// While a sector of 128 KiB is erased, a line of 921,600 baud brings 90 KB. What does not fit the
/// buffer is not sent, so that line and flash take turns, whatever the protocol does.
#[test]
fn a_flash_with_huge_sectors_comes_close_to_what_its_buffer_allows() {
    for baud in [115_200, 921_600] {
        let used = measure::<Stm32f4, SECTOR, 1024>(baud);
        assert!(used.time < used.floor * 1.08, "{baud}: {used:?}");
    }
    let used = measure::<Stm32f4, SECTOR, 1024>(921_600);
    assert!(
        used.share() < 0.9,
        "what is above can be said of it as well"
    );
}

#[test]
fn no_call_takes_longer_than_to_erase_a_page_and_to_fill_it_with_a_frame() {
    let longest = [
        (measure::<Rp2040, PAGE, 1024>(921_600), 0.05),
        (measure::<Nrf52, PAGE, 1024>(921_600), 0.1),
        (measure::<Stm32f4, SECTOR, 1024>(921_600), 1.01),
    ];
    for (used, most) in longest {
        assert!(used.longest <= most, "{used:?}");
    }
}

#[test]
fn the_figures_are_those_written_down() {
    assert_as_written(FIGURES, &figures());
}
