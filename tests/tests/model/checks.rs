//! The checks, each within its bounds.

use crate::equivalence::check_equivalence;
use crate::schedule::Bounds;
use crate::search::explore;
use crate::system::System;

/// Visits every schedule within the bounds and prints the number of states.
#[track_caller]
fn check<const ROOM: usize, const WINDOW: usize>(start: System<ROOM, WINDOW>) {
    match explore(start) {
        Ok(explored) => println!("room {ROOM}, window {WINDOW}: {explored}"),
        Err(counterexample) => panic!("{counterexample}"),
    }
}

/// The numbers of states that PROTOCOL.md claims, for three calls at windows 1, 2 and 3.
const STATES: [usize; 3] = [2_427_271, 9_297_848, 3_433_574];

/// Visits every schedule within the bounds, and checks that the number of states is the one claimed.
#[track_caller]
fn check_claimed<const WINDOW: usize>(start: System<3, WINDOW>) {
    match explore(start) {
        Ok(explored) => {
            println!("room 3, window {WINDOW}: {explored}");
            assert_eq!(explored.states, STATES[WINDOW - 1]);
        }
        Err(counterexample) => panic!("{counterexample}"),
    }
}

/// Compares the hashes of states with their behaviour.
fn check_hashes<const ROOM: usize, const WINDOW: usize>(start: System<ROOM, WINDOW>) {
    let (states, hashes) = check_equivalence(start);
    println!("room {ROOM}, window {WINDOW}: {states} states, {hashes} that behave differently");
}

/// One of everything that the protocol has to cope with.
const ONE_OF_EACH: Bounds = Bounds {
    calls: 2,
    buffer: 3,
    idempotent: None,
    prompt: true,
    faults: 1,
    noise: 0,
    resets: 1,
    link_losses: 0,
    time_outs: 1,
    deadlines: 1,
    short_deadlines: 0,
    abandoned: 0,
    interrupted: 0,
    other_sessions: 0,
    other_calls: 0,
    stale: 0,
};

mod small {
    use super::*;

    #[test]
    fn states_of_the_same_hash_do_the_same() {
        let bounds = Bounds {
            prompt: false,
            idempotent: Some(false),
            deadlines: 0,
            ..ONE_OF_EACH
        };
        check_hashes(System::<2, 2>::new(bounds));
    }

    #[test]
    fn two_calls_one_at_a_time() {
        check(System::<2, 1>::new(ONE_OF_EACH));
    }

    #[test]
    fn two_calls_at_once() {
        check(System::<2, 2>::new(ONE_OF_EACH));
    }

    #[test]
    fn three_calls_at_once_where_only_two_fit_the_buffer() {
        check(System::<3, 3>::new(Bounds {
            calls: 3,
            buffer: 2,
            deadlines: 0,
            resets: 0,
            ..ONE_OF_EACH
        }));
    }

    #[test]
    fn three_calls_where_sequence_numbers_wrap() {
        let bounds = Bounds {
            calls: 3,
            idempotent: Some(false),
            ..ONE_OF_EACH
        };
        check(System::<2, 3>::after(31, bounds));
    }

    #[test]
    fn noise_and_frames_that_are_sent_in_parts() {
        check(System::<2, 2>::new(Bounds {
            prompt: false,
            faults: 0,
            noise: 1,
            deadlines: 0,
            interrupted: 1,
            ..ONE_OF_EACH
        }));
    }

    #[test]
    fn calls_that_are_abandoned_or_end_before_a_time_out() {
        check(System::<2, 3>::new(Bounds {
            faults: 0,
            deadlines: 0,
            short_deadlines: 1,
            abandoned: 1,
            ..ONE_OF_EACH
        }));
    }

    #[test]
    fn another_caller_on_the_line() {
        check(System::<2, 2>::new(Bounds {
            time_outs: 0,
            deadlines: 0,
            other_sessions: 1,
            other_calls: 1,
            ..ONE_OF_EACH
        }));
    }

    #[test]
    fn calls_of_an_earlier_session_behind_the_new_connect() {
        check(System::<2, 2>::new(Bounds {
            faults: 0,
            deadlines: 0,
            link_losses: 1,
            stale: 2,
            ..ONE_OF_EACH
        }));
    }
}

/// `cargo test --release --package tests --test model full -- --ignored --nocapture`
mod full {
    use super::*;

    #[test]
    #[ignore = "seconds when optimised"]
    fn states_of_the_same_hash_do_the_same() {
        let bounds = Bounds {
            prompt: false,
            idempotent: Some(false),
            ..ONE_OF_EACH
        };
        check_hashes(System::<2, 2>::new(bounds));
    }

    /// The bounds of the protocol's claim.
    pub const THREE_CALLS: Bounds = Bounds {
        calls: 3,
        faults: 2,
        time_outs: 2,
        ..ONE_OF_EACH
    };

    /// Fewer faults of a kind, for the other events.
    const FEWER: Bounds = Bounds {
        time_outs: 1,
        faults: 1,
        deadlines: 0,
        ..THREE_CALLS
    };

    #[test]
    #[ignore = "a minute when optimised"]
    fn three_calls_at_window_2() {
        check_claimed(System::<3, 2>::new(THREE_CALLS));
    }

    #[test]
    #[ignore = "seconds when optimised"]
    fn three_calls_at_window_1() {
        check_claimed(System::<3, 1>::new(THREE_CALLS));
    }

    #[test]
    #[ignore = "seconds when optimised"]
    fn three_calls_at_window_3() {
        check_claimed(System::<3, 3>::new(Bounds {
            time_outs: 1,
            ..THREE_CALLS
        }));
    }

    #[test]
    #[ignore = "seconds when optimised"]
    fn a_caller_that_is_late_to_send() {
        check(System::<3, 2>::new(Bounds {
            prompt: false,
            deadlines: 0,
            ..THREE_CALLS
        }));
    }

    #[test]
    #[ignore = "seconds when optimised"]
    fn noise_and_frames_that_are_sent_in_parts() {
        check(System::<3, 2>::new(Bounds {
            prompt: false,
            noise: 1,
            interrupted: 1,
            ..FEWER
        }));
    }

    #[test]
    #[ignore = "seconds when optimised"]
    fn calls_that_are_abandoned_or_end_before_a_time_out() {
        check(System::<3, 2>::new(Bounds {
            short_deadlines: 1,
            abandoned: 1,
            ..FEWER
        }));
    }

    #[test]
    #[ignore = "seconds when optimised"]
    fn a_link_that_is_lost_and_two_resets() {
        check(System::<3, 2>::new(Bounds {
            link_losses: 1,
            resets: 2,
            ..FEWER
        }));
    }

    #[test]
    #[ignore = "seconds when optimised"]
    fn another_caller_on_the_line() {
        check(System::<2, 2>::new(Bounds {
            calls: 2,
            time_outs: 0,
            other_sessions: 2,
            other_calls: 2,
            ..FEWER
        }));
    }

    #[test]
    #[ignore = "seconds when optimised"]
    fn calls_of_an_earlier_session_behind_the_new_connect() {
        check(System::<3, 2>::new(Bounds {
            link_losses: 1,
            time_outs: 0,
            stale: 3,
            ..FEWER
        }));
    }

    #[test]
    #[ignore = "seconds when optimised"]
    fn four_calls_in_fewer_places_where_sequence_numbers_wrap() {
        let bounds = Bounds {
            calls: 4,
            faults: 2,
            ..FEWER
        };
        check(System::<2, 3>::after(30, bounds));
    }
}

/// `cargo test --release --package tests --test model larger -- --ignored --nocapture`
mod larger {
    use super::*;

    #[test]
    #[ignore = "minutes when optimised, and gigabytes"]
    fn three_calls_at_window_2_by_a_caller_that_is_late_to_send() {
        check(System::<3, 2>::new(Bounds {
            prompt: false,
            ..full::THREE_CALLS
        }));
    }

    #[test]
    #[ignore = "minutes when optimised, and gigabytes"]
    fn three_calls_at_window_3() {
        check(System::<3, 3>::new(full::THREE_CALLS));
    }
}
