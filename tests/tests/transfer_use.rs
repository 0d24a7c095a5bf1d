//! Tests the use of a line by the transfer of a block, in virtual time: as much as was promised,
//! and as much as before.
//!
//! `transfer_use.txt` beside this file has the current figures. To update them after a change, see
//! `examples/line_use.rs`; say in the commit message why a figure got worse.

use tests::line_use::{BAUDS, assert_as_written};
use tests::transfer_use::{self, Transfer};

const FIGURES: &str = include_str!("transfer_use.txt");

#[test]
fn a_block_uses_95_per_cent_of_a_line_at_every_speed_both_ways() {
    for baud in BAUDS {
        for transfer in [Transfer::Get, Transfer::Put] {
            let used = transfer_use::measure::<256>(transfer, baud);
            assert!(used.line >= 0.95, "{transfer:?}, {baud} baud: {used:?}");
        }
    }
}

#[test]
fn the_figures_are_those_written_down() {
    assert_as_written(FIGURES, &transfer_use::figures());
}
