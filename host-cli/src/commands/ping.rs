//! `serial-rpc ping`: how long a round trip takes, and how many are lost.

use crate::cli::{Cli, seconds};
use crate::failure::Failure;
use crate::{interrupt, output};
use rpc_proto::client::{CallError, Caller, Cause, IntoCaller};
use rpc_proto::device::DevicePing;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Measure the round trip to the device and back.
///
/// A ping carries bytes that the device sends back. One that is lost on the way is sent again and
/// takes longer; it counts as lost if --timeout passes.
///
/// As JSON, it is an object: "sent", "answered", "lost", "resent" (frames), and "round_trip_us" with
/// "min", "median" and "p99" in microseconds.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc ping
  serial-rpc ping --count 1000 --size 64
  serial-rpc ping --count 0 --interval 1       every second, until Ctrl-C")]
pub struct Ping {
    /// How many to send; 0 goes on until Ctrl-C.
    #[arg(long, short, default_value_t = 10)]
    count: usize,

    /// How many bytes each carries.
    #[arg(long, short, value_name = "BYTES", default_value_t = 4)]
    size: u16,

    /// How long to wait between two, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    interval: Option<Duration>,
}

#[derive(Serialize)]
struct Report {
    sent: usize,
    answered: usize,
    lost: usize,
    resent: u32,
    round_trip_us: RoundTrip,
}

#[derive(Serialize)]
struct RoundTrip {
    min: u64,
    median: u64,
    p99: u64,
}

/// Pings, and prints what came of it.
pub fn run(cli: &Cli, ping: &Ping) -> Result<(), Failure> {
    let device = cli.connect()?;
    let mut caller = device.into_caller();
    let bytes = vec![0x55; usize::from(ping.size)];
    let mut sent = 0;
    let mut times = Vec::new();
    let mut lost = None;
    while (ping.count == 0 || sent < ping.count) && !interrupt::happened() {
        if sent == 0 {
            // The first call also makes the connection, and is not to be measured.
            caller
                .call::<DevicePing>(&(&[],))
                .map_err(|error| Failure::call(&device, true, error))?;
        } else if let Some(interval) = ping.interval
            && interrupt::sleep(interval).is_err()
        {
            break;
        }
        sent += 1;
        let started = Instant::now();
        match caller.call::<DevicePing>(&(&bytes,)) {
            Ok(_) => times.push(started.elapsed()),
            Err(error @ (CallError::Timeout | CallError::OutcomeUnknown(Cause::Timeout))) => {
                lost = Some(error);
            }
            Err(error) => return Err(Failure::call(&device, true, error)),
        }
    }
    let resent = device.statistics().resent;
    match Report::new(sent, resent, times) {
        Some(report) if cli.output.json => output::print_json(&report)?,
        Some(report) => output::print(report.text())?,
        None => {
            let error = lost.unwrap_or(CallError::Timeout);
            return Err(Failure::call(&device, true, error));
        }
    }
    interrupt::check()
}

impl Report {
    /// None if there was no answer at all.
    fn new(sent: usize, resent: u32, mut times: Vec<Duration>) -> Option<Self> {
        times.sort();
        let last = times.len().checked_sub(1)?;
        let at = |percent: usize| {
            let time = times.get((last * percent).div_ceil(100))?;
            u64::try_from(time.as_micros()).ok()
        };
        Some(Self {
            sent,
            answered: times.len(),
            lost: sent - times.len(),
            resent,
            round_trip_us: RoundTrip {
                min: at(0)?,
                median: at(50)?,
                p99: at(99)?,
            },
        })
    }

    fn text(&self) -> String {
        let Self {
            sent,
            answered,
            lost,
            resent,
            round_trip_us,
        } = self;
        let RoundTrip { min, median, p99 } = round_trip_us;
        let percent = 100 * lost / sent;
        format!(
            "{answered} of {sent} answered, {lost} lost ({percent} %), {resent} frames sent again\n\
             round trip: min {min} us, median {median} us, p99 {p99} us"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let times = (1..=200).rev().map(Duration::from_micros).collect();
        let report = Report::new(201, 3, times).unwrap();
        let RoundTrip { min, median, p99 } = report.round_trip_us;
        assert_eq!((min, median, p99), (1, 101, 199));
        assert_eq!(
            report.text(),
            "200 of 201 answered, 1 lost (0 %), 3 frames sent again\n\
             round trip: min 1 us, median 101 us, p99 199 us"
        );
        assert!(Report::new(5, 0, Vec::new()).is_none());
    }
}
