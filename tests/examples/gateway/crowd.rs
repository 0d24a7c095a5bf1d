//! Measures many programs at once.

use crate::caller::{Caller, Way};
use crate::running::Gateway;
use crate::turns::quantiles;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// The time for which they call.
const LASTS: Duration = Duration::from_secs(2);

/// What programs at once have got.
pub struct Crowd {
    /// Calls a second of all of them.
    pub per_second: f64,
    /// The median time of a call, in microseconds.
    pub p50: u64,
    /// The time that 99 of 100 calls take at most.
    pub p99: u64,
}

/// Lets so many programs call one after another, each on a thread of its own.
pub fn of(programs: usize, connect: impl Fn(usize) -> Caller) -> Crowd {
    let begin = Barrier::new(programs);
    let callers: Vec<Caller> = (0..programs).map(connect).collect();
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let threads: Vec<_> = callers
            .into_iter()
            .map(|caller| scope.spawn(|| calls(caller, &begin)))
            .collect();
        let times = threads
            .into_iter()
            .map(|thread| thread.join().expect("it has called"));
        times.flatten().collect()
    });
    let per_second = times.len() as f64 / LASTS.as_secs_f64();
    let [p50, p99] = quantiles(&mut times);
    Crowd {
        per_second,
        p50,
        p99,
    }
}

/// Calls for as long as all do, and returns the times.
fn calls(mut call: Caller, begin: &Barrier) -> Vec<Duration> {
    begin.wait();
    let end = Instant::now() + LASTS;
    let mut times = Vec::new();
    loop {
        let began = Instant::now();
        if began >= end {
            return times;
        }
        call();
        times.push(began.elapsed());
    }
}

/// Returns the memory of the gateway for each of so many programs.
pub fn kib_each(gateway: &Gateway, way: &Way, programs: usize) -> f64 {
    // The first brings in what all share.
    let first = way.connect();
    let before = gateway.resident_kib();
    let others: Vec<Caller> = (0..programs).map(|_| way.connect()).collect();
    let after = gateway.resident_kib();
    drop((first, others));
    after.saturating_sub(before) as f64 / programs as f64
}
