//! Measures the latency of several ways in turn.

use crate::caller::Way;
use std::time::{Duration, Instant};

/// The number of turns, and of calls in each.
const TURNS: usize = 50;
const CALLS: usize = 100;

/// Returns a line of a table for each way; the first is what the others are compared with.
pub fn latency(ways: &[Way]) -> Vec<String> {
    let mut callers: Vec<_> = ways.iter().map(Way::connect).collect();
    let mut times = vec![Vec::new(); ways.len()];
    for _ in 0..TURNS {
        for (call, times) in callers.iter_mut().zip(&mut times) {
            for _ in 0..CALLS {
                let began = Instant::now();
                call();
                times.push(began.elapsed());
            }
        }
    }
    let quantiles: Vec<_> = times.iter_mut().map(|times| quantiles(times)).collect();
    let [direct_p50, direct_p99] = quantiles[0];
    let line = |(way, [p50, p99]): (&Way, &[u64; 2])| {
        let times = |part: u64, whole: u64| part as f64 / whole as f64;
        format!(
            "| {} | {p50} | {p99} | {:.2} | {:.2} |",
            way.name,
            times(*p50, direct_p50),
            times(*p99, direct_p99)
        )
    };
    ways.iter().zip(&quantiles).map(line).collect()
}

/// Returns the median and the time that 99 of 100 calls take at most, in microseconds.
pub fn quantiles(times: &mut [Duration]) -> [u64; 2] {
    times.sort();
    [50, 99].map(|percent| {
        let time = times[(times.len() - 1) * percent / 100];
        u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
    })
}
