//! `serial-rpc bench`: measures the calls per second of the link and the device.

use crate::context::Context;
use crate::failure::Failure;
use crate::repeating;
use crate::round_trip::RoundTrip;
use crate::{completer, interrupt, negative, output, transfer};
use clap_complete::ArgValueCompleter;
use indicatif::ProgressBar;
use rpc_proto::client::{CallError, Counters};
use serde::Serialize;
use serde_json::json;
use serial_rpc::Connection;
use serial_rpc::connection::{PreparedCall, Reply};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The number of calls that are submitted ahead. The device's window limits how many of them are in
/// flight.
const AHEAD: usize = 32;

/// Measure the number of calls per second of a procedure.
///
/// First it makes the calls one after another, each waiting for the answer to the one before, and
/// then with as many in flight as the device accepts. The result includes everything that a program
/// on this machine depends on: the link both ways, the drivers and adapters at this end, and the
/// procedure itself. The first call, which makes the connection, and reading the description do not
/// count. Every call must return a value; the bench ends at the first that does not.
///
/// As JSON, it is an object: "calls" (of each kind), "sequential" and "pipelined", each with
/// "calls_per_second", "resent" and "broken" (frames), the first with "round_trip_us", which has "min",
/// "median" and "p99" in microseconds; and the device's "window".
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc bench calculator.add 2 3
  serial-rpc bench calculator.accumulate 1 --count 5000 --force")]
pub struct Bench {
    /// The procedure, such as calculator.add.
    #[arg(add = ArgValueCompleter::new(completer::procedures))]
    procedure: String,

    /// The arguments, as for call.
    #[arg(value_name = "ARGUMENT", value_parser = negative::unmarked)]
    arguments: Vec<String>,

    /// Number of calls of each kind.
    #[arg(long, short, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,

    /// Call it though it is not idempotent, so that each call counts.
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Rate {
    calls_per_second: u64,
    resent: u32,
    broken: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip_us: Option<RoundTrip>,
}

/// Makes the calls, and prints the rates.
pub fn run(context: &Context, bench: &Bench) -> Result<(), Failure> {
    const TEMPLATE: &str = "{bar:40} {pos}/{len} calls, {eta} left";
    let device = context.connect()?;
    let call = device
        .prepare(&bench.procedure, &bench.arguments)
        .map_err(|error| Failure::named_call(&device, error))?;
    repeating::allow(&call.procedure, bench.force)?;
    let runner = Runner {
        device: &device,
        call,
        count: bench.count,
        progress: ProgressBar::new(2 * u64::from(bench.count))
            .with_style(transfer::style(TEMPLATE)),
    };
    let reply = runner
        .device
        .call_encoded(runner.call.target, &runner.call.arguments);
    runner.check(reply)?;
    let (sequential, pipelined) = (runner.sequential()?, runner.pipelined()?);
    let window = device.device().map(|device| device.window);
    runner.progress.finish_and_clear();
    let calls = bench.count;
    if context.json {
        return output::print_json(&json!({
            "calls": calls,
            "window": window,
            "sequential": sequential,
            "pipelined": pipelined,
        }));
    }
    let path = &runner.call.procedure.path;
    let (sequential, pipelined) = (sequential.text(), pipelined.text());
    let window = window.map_or_else(String::new, |window| format!(", up to {window} in flight"));
    output::print(format!(
        "{path}, {calls} calls each way\n\
         one by one   {sequential}\n\
         pipelined    {pipelined}{window}"
    ))
}

/// Makes the calls.
struct Runner<'d> {
    device: &'d Connection,
    call: PreparedCall,
    count: u32,
    progress: ProgressBar,
}

impl Runner<'_> {
    fn sequential(&self) -> Result<Rate, Failure> {
        let mut times = Vec::new();
        let rate = self.measured(|| {
            for _ in 0..self.count {
                let started = Instant::now();
                let reply = self
                    .device
                    .call_encoded(self.call.target, &self.call.arguments);
                times.push(started.elapsed());
                self.check(reply)?;
            }
            Ok(())
        })?;
        Ok(Rate {
            round_trip_us: RoundTrip::of(&mut times),
            ..rate
        })
    }

    fn pipelined(&self) -> Result<Rate, Failure> {
        self.measured(|| {
            let mut submitted = VecDeque::new();
            for _ in 0..self.count {
                let pending = self
                    .device
                    .submit_encoded(self.call.target, &self.call.arguments)
                    .map_err(|error| self.failed(error))?;
                submitted.push_back(pending);
                if submitted.len() == AHEAD
                    && let Some(oldest) = submitted.pop_front()
                {
                    self.check(oldest.wait())?;
                }
            }
            for pending in submitted {
                self.check(pending.wait())?;
            }
            Ok(())
        })
    }

    /// Measures the rate of the calls that `make` makes.
    fn measured(&self, make: impl FnOnce() -> Result<(), Failure>) -> Result<Rate, Failure> {
        let before = self.device.counters();
        let started = Instant::now();
        make()?;
        let elapsed = started.elapsed();
        Ok(Rate::new(
            self.count,
            elapsed,
            before,
            self.device.counters(),
        ))
    }

    /// Counts a call that returned a value. Any other ends the bench, which would measure something
    /// else.
    fn check(&self, reply: Result<Reply, CallError>) -> Result<(), Failure> {
        interrupt::check()?;
        let reply = reply.map_err(|error| self.failed(error))?;
        if let Reply::Error(_) = reply {
            self.call
                .value(&reply)
                .map_err(|error| Failure::named_call(self.device, error))?;
        }
        self.progress.inc(1);
        Ok(())
    }

    fn failed(&self, error: CallError) -> Failure {
        Failure::named_call(self.device, self.call.failed(error))
    }
}

impl Rate {
    fn new(calls: u32, elapsed: Duration, before: Counters, after: Counters) -> Self {
        let calls_per_second = f64::from(calls) / elapsed.as_secs_f64();
        Self {
            // Zero time would mean an infinite rate, which becomes the largest number.
            calls_per_second: calls_per_second.round() as u64,
            resent: after.resent.wrapping_sub(before.resent),
            broken: after.broken.wrapping_sub(before.broken),
            round_trip_us: None,
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{:>7} calls/s", self.calls_per_second);
        if self.resent > 0 || self.broken > 0 {
            let (resent, broken) = (self.resent, self.broken);
            text += &format!(", {resent} frames sent again, {broken} received broken");
        }
        if let Some(round_trip) = &self.round_trip_us {
            text += &format!(", round trip {round_trip}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_of_its_own_calls_and_trouble_is_mentioned() {
        let before = Counters {
            resent: u32::MAX,
            broken: 1,
            ..Counters::default()
        };
        let after = Counters {
            resent: 2,
            broken: 1,
            ..Counters::default()
        };
        let rate = Rate::new(1000, Duration::from_millis(500), before, after);
        assert_eq!(
            rate.text(),
            "   2000 calls/s, 3 frames sent again, 0 received broken"
        );
        let rate = Rate::new(10, Duration::ZERO, before, before);
        assert_eq!(rate.calls_per_second, u64::MAX);
    }
}
