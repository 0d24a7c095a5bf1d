//! Tests that every call returns the right value and ran once, whatever a line does to the bytes.

use rpc_proto::time::Duration;
use tests::line::{Faults, Pace};
use tests::simulation::{Setup, Simulation};
use tests::workload;

/// The rates of faults, per byte.
const RATES: [f64; 3] = [1e-4, 1e-3, 1e-2];
const SEEDS: [u64; 3] = [1, 2, 3];
/// The number of calls with each.
const CALLS: i64 = 300;

/// Makes calls at every rate, window and seed, over a link with those faults both ways.
fn assert_every_call_runs_once(faults: impl Fn(f64) -> Faults) {
    for seed in SEEDS {
        for rate in RATES {
            assert_every_window_is_right(Setup::new(seed).with_faults(faults(rate)));
        }
    }
}

fn assert_every_window_is_right(setup: Setup) {
    assert_every_call_is_right::<1, 1>(setup);
    assert_every_call_is_right::<4, 4>(setup);
    assert_every_call_is_right::<15, 15>(setup);
    // One end has room for more than the other.
    assert_every_call_is_right::<15, 4>(setup);
    assert_every_call_is_right::<4, 15>(setup);
    // A device that is polled, and one with room for three calls.
    assert_every_call_is_right::<4, 4>(Setup { buffer: 0, ..setup });
    assert_every_call_is_right::<15, 15>(Setup {
        buffer: 32,
        run_time: Duration::from_millis(2),
        ..setup
    });
}

fn assert_every_call_is_right<const ROOM: usize, const WINDOW: usize>(setup: Setup) {
    let mut simulation = Simulation::<ROOM, WINDOW>::new(setup);
    let tally = workload::accumulate(&mut simulation, CALLS, |_, _| {});
    assert_eq!(
        (tally.right, tally.runs),
        (CALLS as u64, CALLS as u64),
        "{tally:?}"
    );
    assert_eq!(simulation.journal.value_of(CALLS), CALLS * (CALLS + 1) / 2);
}

#[test]
fn every_call_runs_once_though_bits_flip() {
    assert_every_call_runs_once(|rate| Faults {
        flips: rate,
        ..Faults::NONE
    });
}

#[test]
fn every_call_runs_once_though_bytes_are_lost() {
    assert_every_call_runs_once(|rate| Faults {
        drops: rate,
        ..Faults::NONE
    });
}

#[test]
fn every_call_runs_once_though_bytes_appear() {
    assert_every_call_runs_once(|rate| Faults {
        insertions: rate,
        ..Faults::NONE
    });
}

#[test]
fn every_call_runs_once_though_bytes_arrive_twice() {
    assert_every_call_runs_once(|rate| Faults {
        duplications: rate,
        ..Faults::NONE
    });
}

#[test]
fn every_call_runs_once_though_runs_of_bytes_are_garbage() {
    assert_every_call_runs_once(|rate| Faults {
        noise: rate,
        ..Faults::NONE
    });
}

#[test]
fn every_call_runs_once_though_runs_of_bytes_are_lost() {
    assert_every_call_runs_once(|rate| Faults {
        gaps: rate,
        ..Faults::NONE
    });
}

#[test]
fn every_call_runs_once_though_a_burst_takes_several_frames() {
    for seed in SEEDS {
        let faults = Faults {
            noise: 3e-4,
            gaps: 3e-4,
            burst: 60,
            ..Faults::NONE
        };
        assert_every_window_is_right(Setup {
            // A burst lasts for so many bytes, however rarely the caller sends some.
            timeout: Duration::from_secs(20),
            ..Setup::new(seed).with_faults(faults)
        });
    }
}

#[test]
fn every_call_runs_once_though_frames_are_cut_short() {
    assert_every_call_runs_once(|rate| Faults {
        truncations: rate,
        ..Faults::NONE
    });
}

#[test]
fn every_call_runs_once_though_bytes_are_held_back() {
    assert_every_call_runs_once(|rate| Faults {
        stalls: rate / 10.0,
        stall: Duration::from_millis(150),
        ..Faults::NONE
    });
}

#[test]
fn every_call_runs_once_though_everything_goes_wrong() {
    assert_every_call_runs_once(Faults::mixed);
}

#[test]
fn every_call_runs_once_though_the_device_prints_text() {
    for seed in SEEDS {
        for texts in [0.01, 0.1, 0.5] {
            let mut setup = Setup::new(seed).with_faults(Faults::mixed(1e-3));
            setup.to_caller.texts = texts;
            assert_every_call_is_right::<1, 1>(setup);
            assert_every_call_is_right::<15, 15>(setup);
        }
    }
}

#[test]
fn every_call_runs_once_on_a_fast_a_slow_and_a_delayed_line() {
    let delayed = Pace::adapter(115_200, Duration::from_millis(16));
    for pace in [Pace::INSTANT, Pace::uart(9_600), delayed] {
        for seed in SEEDS {
            let setup = Setup {
                pace,
                timeout: Duration::from_secs(5),
                ..Setup::new(seed).with_faults(Faults::mixed(3e-3))
            };
            assert_every_call_is_right::<1, 1>(setup);
            assert_every_call_is_right::<15, 15>(setup);
        }
    }
}
