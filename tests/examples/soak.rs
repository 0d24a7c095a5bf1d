//! Makes millions of calls over bad lines to a device that is reset now and then, and checks the
//! reported outcome of every one. In virtual time: an hour of UART takes minutes.
//!
//!     cargo run --release -p tests --example soak -- [CALLS [SEED [RATE [RESETS]]]]
//!
//! CALLS is 10 million, SEED is 1, RATE (faults per byte, of all kinds together) is 1e-3, and
//! RESETS (per call) is 1e-3 if they are not given. Up to a rate of 1e-3 no call may time out;
//! beyond it, every reported outcome must still be true.

use rpc_proto::time::Duration;
use std::env;
use std::str::FromStr;
use tests::line::{Faults, SplitMix64};
use tests::simulation::{Setup, Simulation};
use tests::workload::{self, Tally};

/// Calls in flight.
const WINDOW: usize = 8;

/// The number of calls for each simulation, which remembers every call.
const CALLS_AT_ONCE: i64 = 100_000;

/// The rate of faults up to which no call of two seconds has been seen to time out, in hundreds of
/// millions.
const MOST_FAULTS_WITHOUT_TIMEOUTS: f64 = 1e-3;

/// The longest time from the end of a call to a reset in microseconds: that of a few calls.
const RESET_WITHIN: u64 = 5_000;

fn main() {
    let calls = argument(1, 10_000_000);
    let rate = argument(3, 1e-3);
    let resets_per_call = argument(4, 1e-3);
    let mut random = SplitMix64::new(argument(2, 1));

    let mut tally = Tally::default();
    let (mut resets, mut resent, mut bytes, mut seconds) = (0, 0_u64, 0, 0);
    let mut made = 0;
    while made < calls {
        let count = CALLS_AT_ONCE.min(calls - made);
        let mut faults = Faults::mixed(rate);
        faults.stalls = rate / 1_000.0;
        let mut setup = Setup::new(random.next()).with_faults(faults);
        setup.to_caller.texts = rate;
        let mut simulation = Simulation::<WINDOW, WINDOW>::new(setup);
        tally += workload::accumulate(&mut simulation, count, |simulation, _| {
            if random.unit() < resets_per_call {
                resets += 1;
                let delay = random.next() % RESET_WITHIN;
                simulation.run_for(Duration::from_micros(delay));
                simulation.reset_device();
            }
        });
        let counters = simulation.counters();
        resent += u64::from(counters.caller.resent);
        bytes += counters.bytes_out + counters.bytes_back;
        seconds += counters.time.as_micros() / 1_000_000;
        made += count;
    }
    println!(
        "{made} calls, {resets} resets: {tally:?}; {resent} frames resent, {bytes} bytes, \
         {seconds} s of virtual time"
    );
    assert_eq!(tally.wrong, 0, "what is said about a call is the truth");
    println!("every outcome is the truth");
    if MOST_FAULTS_WITHOUT_TIMEOUTS < rate {
        return;
    }
    assert_eq!(
        tally.timed_out, 0,
        "every call is answered or its device was reset"
    );
    assert_eq!(
        tally.never_ran, 0,
        "a call that never ran is sent again after a reset"
    );
    assert!(
        tally.unknown <= resets * WINDOW as u64,
        "only a reset leaves an outcome unknown"
    );
}

/// Returns the argument at that place, or the default.
fn argument<T: FromStr>(place: usize, default: T) -> T {
    match env::args().nth(place).map(|argument| argument.parse()) {
        None => default,
        Some(Ok(value)) => value,
        Some(Err(_)) => panic!("argument {place} is not a number"),
    }
}
