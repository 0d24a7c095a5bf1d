//! `serial-rpc ping`: measures round trips, and counts those that are lost.

use crate::context::Context;
use crate::failure::Failure;
use crate::round_trip::RoundTrip;
use crate::{interrupt, output};
use rpc_proto::client::{CallError, Caller, Cause};
use rpc_proto::device::DevicePing;
use serde::Serialize;
use serial_rpc::Connection;
use serial_rpc::seconds::seconds;
use std::time::{Duration, Instant};

/// Measure the round trip to the device and back.
///
/// A ping carries bytes that the device sends back. If it is lost on the way, it is sent again and
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
    /// Number of pings; 0 continues until Ctrl-C.
    #[arg(long, short, default_value_t = 10)]
    count: usize,

    /// Number of bytes in each.
    #[arg(long, short, value_name = "BYTES", default_value_t = 4)]
    size: u16,

    /// Time between two pings, in seconds or as 100ms.
    #[arg(long, value_name = "TIME", value_parser = seconds)]
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

/// Sends the pings, and prints the results.
pub fn run(context: &Context, ping: &Ping) -> Result<(), Failure> {
    let device = context.connect()?;
    let mut caller = Connection::clone(&device);
    let bytes = vec![0x55; usize::from(ping.size)];
    let mut sent = 0;
    let mut times = Vec::new();
    let mut lost = None;
    while (ping.count == 0 || sent < ping.count) && !interrupt::happened() {
        if sent == 0 {
            // The first call also makes the connection, and must not be measured.
            Caller::call::<DevicePing>(&mut caller, &(&[],))
                .map_err(|error| Failure::call(&device, true, error))?;
        } else if let Some(interval) = ping.interval
            && interrupt::sleep(interval).is_err()
        {
            break;
        }
        sent += 1;
        let started = Instant::now();
        match Caller::call::<DevicePing>(&mut caller, &(&bytes,)) {
            Ok(_) => times.push(started.elapsed()),
            Err(error @ (CallError::Timeout | CallError::OutcomeUnknown(Cause::Timeout))) => {
                lost = Some(error);
            }
            Err(error) => return Err(Failure::call(&device, true, error)),
        }
    }
    let resent = device.counters().resent;
    match Report::new(sent, resent, &mut times) {
        Some(report) if context.json => output::print_json(&report)?,
        Some(report) => output::print(report.text())?,
        None => {
            let error = lost.unwrap_or(CallError::Timeout);
            return Err(Failure::call(&device, true, error));
        }
    }
    interrupt::check()
}

impl Report {
    /// Returns None if there was no answer at all.
    fn new(sent: usize, resent: u32, times: &mut [Duration]) -> Option<Self> {
        Some(Self {
            sent,
            answered: times.len(),
            lost: sent - times.len(),
            resent,
            round_trip_us: RoundTrip::of(times)?,
        })
    }

    fn text(&self) -> String {
        let percent = 100 * self.lost / self.sent;
        format!(
            "{} of {} answered, {} lost ({percent} %), {} frames sent again\nround trip: {}",
            self.answered, self.sent, self.lost, self.resent, self.round_trip_us
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_is_not_measured() {
        let mut times: Vec<_> = (1..=200).map(Duration::from_micros).collect();
        assert_eq!(
            Report::new(201, 3, &mut times).unwrap().text(),
            "200 of 201 answered, 1 lost (0 %), 3 frames sent again\n\
             round trip: min 1 us, median 101 us, p99 199 us"
        );
        assert!(Report::new(5, 0, &mut []).is_none());
    }
}
