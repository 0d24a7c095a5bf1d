//! Tests the use of a line by calls, in virtual time: as much as was promised, and as much as
//! before.
//!
//! `line_use.txt` beside this file has the current figures. To update them after a change, see
//! `examples/line_use.rs`; say in the commit message why a figure got worse.

use tests::line_use::{self, BAUDS, Conditions, assert_as_written};

const FIGURES: &str = include_str!("line_use.txt");

#[test]
fn pipelined_calls_use_97_per_cent_of_a_good_line_at_every_speed() {
    for baud in BAUDS {
        for payload in [1, 64] {
            let used = line_use::measure::<8>(Conditions::good(baud, payload));
            let goodput = used.goodput();
            assert!(goodput >= 0.97, "{baud} baud, {payload} bytes: {goodput}");
        }
    }
}

#[test]
fn the_figures_are_those_written_down() {
    assert_as_written(FIGURES, &line_use::figures());
}
