//! Counts the calls of programs to a device, by the way they came and by their outcome.
//!
//! `text` writes these, and what a connection counts, for Prometheus.

mod text;

pub use text::{Measured, text};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The way in which a program reaches a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// HTTP.
    Http,
    /// The protocol, on a Unix socket.
    Unix,
    /// The protocol, on TCP.
    Tcp,
}

impl Way {
    /// All ways.
    pub const ALL: [Self; 3] = [Self::Http, Self::Unix, Self::Tcp];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Unix => "unix",
            Self::Tcp => "tcp",
        }
    }
}

/// The outcome of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran and returned a value.
    Value,
    /// It ran and returned the procedure's own error.
    Error,
    /// It ran, but its value could not be passed on.
    Ran,
    /// It never ran.
    NeverRan,
    /// It may have run, once, or not.
    Unknown,
    /// The program went away before it ended.
    Abandoned,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 6] = [
        Self::Value,
        Self::Error,
        Self::Ran,
        Self::NeverRan,
        Self::Unknown,
        Self::Abandoned,
    ];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Error => "error",
            Self::Ran => "ran",
            Self::NeverRan => "never_ran",
            Self::Unknown => "unknown",
            Self::Abandoned => "abandoned",
        }
    }
}

/// The upper bounds of the classes by which the time of calls is counted, in microseconds: from a device
/// that is simulated to one that hardly answers.
const BOUNDS: [u64; 14] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_000_000,
    10_000_000,
];

/// The counters of a device. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Counts>);

/// The counters.
#[derive(Debug, Default)]
struct Counts {
    by_way: [OfWay; Way::ALL.len()],
    lost_events: AtomicU64,
}

/// The counters of a way.
#[derive(Debug, Default)]
struct OfWay {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    /// The calls by their time; the last class has no bound.
    times: [AtomicU64; BOUNDS.len() + 1],
    /// The time of all calls, in microseconds.
    time: AtomicU64,
    /// Calls that have not ended.
    in_flight: AtomicU64,
    /// Programs that are connected.
    programs: AtomicU64,
}

impl Metrics {
    /// Begins a call. It counts as abandoned if what is returned is dropped.
    pub fn begin(&self, way: Way) -> Call {
        self.of(way).in_flight.fetch_add(1, Ordering::Relaxed);
        Call {
            metrics: self.clone(),
            way,
            began: Instant::now(),
            outcome: Outcome::Abandoned,
        }
    }

    /// Counts a program as connected, until what is returned is dropped.
    pub fn connected(&self, way: Way) -> Program {
        self.of(way).programs.fetch_add(1, Ordering::Relaxed);
        Program {
            metrics: self.clone(),
            way,
        }
    }

    /// Counts events that a program should have got, and did not.
    pub fn lost_events(&self, count: u64) {
        self.0.lost_events.fetch_add(count, Ordering::Relaxed);
    }

    /// Returns the number of calls that have not ended.
    pub fn in_flight(&self) -> u64 {
        let ways = self.0.by_way.iter();
        ways.map(|way| way.in_flight.load(Ordering::Relaxed)).sum()
    }

    fn of(&self, way: Way) -> &OfWay {
        &self.0.by_way[way as usize]
    }
}

/// A call that has not ended.
#[derive(Debug)]
#[must_use = "a call that is dropped counts as abandoned"]
pub struct Call {
    metrics: Metrics,
    way: Way,
    began: Instant,
    outcome: Outcome,
}

impl Call {
    /// Ends the call.
    pub fn end(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let counts = self.metrics.of(self.way);
        counts.ended(self.outcome, self.began.elapsed());
    }
}

impl OfWay {
    fn ended(&self, outcome: Outcome, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let class = BOUNDS.partition_point(|&bound| bound < micros);
        self.times[class].fetch_add(1, Ordering::Relaxed);
        self.time.fetch_add(micros, Ordering::Relaxed);
        self.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A program that is connected.
#[derive(Debug)]
#[must_use = "a program counts as connected until this is dropped"]
pub struct Program {
    metrics: Metrics,
    way: Way,
}

impl Drop for Program {
    fn drop(&mut self) {
        let counts = self.metrics.of(self.way);
        counts.programs.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_in_flight_until_it_ends_and_abandoned_if_nobody_ends_it() {
        let metrics = Metrics::default();
        let (first, second) = (metrics.begin(Way::Http), metrics.begin(Way::Unix));
        assert_eq!(metrics.in_flight(), 2);
        first.end(Outcome::Value);
        drop(second);
        assert_eq!(metrics.in_flight(), 0);
        let count = |way, outcome: Outcome| {
            metrics.of(way).outcomes[outcome as usize].load(Ordering::Relaxed)
        };
        assert_eq!(count(Way::Http, Outcome::Value), 1);
        assert_eq!(count(Way::Unix, Outcome::Abandoned), 1);
    }

    #[test]
    fn a_call_that_takes_a_bound_is_in_its_class() {
        let counts = OfWay::default();
        counts.in_flight.store(3, Ordering::Relaxed);
        for micros in [50, 51, 10_000_001] {
            counts.ended(Outcome::Value, Duration::from_micros(micros));
        }
        let times = counts.times.map(AtomicU64::into_inner);
        assert_eq!(times[..3], [1, 1, 0]);
        assert_eq!(times[BOUNDS.len()], 1);
    }
}
