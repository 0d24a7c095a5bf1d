//! The times of round trips, for the commands that measure them.

use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// Quantiles of round trips, in microseconds. Each is one of the measured times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RoundTrip {
    min: u64,
    median: u64,
    p99: u64,
}

impl RoundTrip {
    /// Computes the quantiles of the times, and sorts them for that. None if there are no times.
    pub fn of(times: &mut [Duration]) -> Option<Self> {
        times.sort();
        let last = times.len().checked_sub(1)?;
        let at = |percent: usize| {
            let time = times.get((last * percent).div_ceil(100))?;
            u64::try_from(time.as_micros()).ok()
        };
        Some(Self {
            min: at(0)?,
            median: at(50)?,
            p99: at(99)?,
        })
    }
}

impl fmt::Display for RoundTrip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { min, median, p99 } = self;
        write!(formatter, "min {min} us, median {median} us, p99 {p99} us")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let mut times: Vec<_> = (1..=200).rev().map(Duration::from_micros).collect();
        let round_trip = RoundTrip::of(&mut times).unwrap();
        let words = "min 1 us, median 101 us, p99 199 us";
        assert_eq!(round_trip.to_string(), words);
        assert_eq!(RoundTrip::of(&mut []), None);
    }
}
