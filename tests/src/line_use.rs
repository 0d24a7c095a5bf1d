//! Measures the share of a line that calls use: the same pings over lines of every speed, in
//! virtual time.
//!
//! It uses pings because they can have any length; one of one byte is as long on the line as
//! `add(2, 3)`.

pub mod table;

use crate::line::{Faults, Pace};
use crate::simulation::{Setup, Simulation};
use rpc_proto::client::{Answer, CallError, Target, Ticket, Timing};
use rpc_proto::time::{Duration, Instant};
use rpc_proto::wire::frame::max_encoded_len;
use std::collections::VecDeque;
use std::fmt::Write as _;

/// Compares figures with the recorded ones, line by line.
///
/// # Panics
/// Panics if any differ.
pub fn assert_as_written(written: &str, measured: &str) {
    let pairs = written.lines().zip(measured.lines());
    let differences: Vec<_> = pairs
        .filter(|(written, measured)| written != measured)
        .map(|(written, measured)| format!("written:  {written}\nmeasured: {measured}"))
        .collect();
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
    assert_eq!(written.lines().count(), measured.lines().count());
}

/// The number of pings that are measured, after the one that connects.
pub const CALLS: u64 = 2_000;

/// The longest frame of caller and device: a ping of 64 bytes fits.
const FRAME: usize = 96;

/// The device's own service has the same numbers on every device.
const PING: Target = Target::fixed(3, true);

/// No call may end by its deadline: at 9,600 baud, a full window of long ones takes a second.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A line and the calls over it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Bits per second, ten to a byte.
    pub baud: u32,
    /// The delay of an adapter for each byte, in either direction.
    pub latency: Duration,
    /// Chance per byte that it is lost.
    pub loss: f64,
    /// The number of bytes in a ping.
    pub payload: usize,
}

impl Conditions {
    /// Returns conditions with neither latency nor loss.
    pub const fn good(baud: u32, payload: usize) -> Self {
        Self {
            baud,
            latency: Duration::from_micros(0),
            loss: 0.0,
            payload,
        }
    }
}

/// The measurements of the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineUse {
    baud: u32,
    /// The length of a call's frame, which is a byte more than its reply's.
    call_len: usize,
    time: Duration,
    /// The times from the start of each call to its end, added up, in microseconds.
    round_trips: u64,
}

impl LineUse {
    /// Returns the calls per second of virtual time.
    pub fn calls_per_second(&self) -> f64 {
        CALLS as f64 / self.time.as_micros() as f64 * MICROS
    }

    /// Returns the mean time from the start of a call to its end in microseconds, including the
    /// wait for those before it.
    pub fn round_trip(&self) -> f64 {
        self.round_trips as f64 / CALLS as f64
    }

    /// Returns the share of the line to the device, from 0 to 1, that was used by calls, each
    /// counted once.
    pub fn goodput(&self) -> f64 {
        /// Eight bits, a start bit and a stop bit.
        const BITS: f64 = 10.0;
        let bits = CALLS as f64 * self.call_len as f64 * BITS;
        bits / (f64::from(self.baud) / MICROS * self.time.as_micros() as f64)
    }
}

/// Microseconds in a second.
const MICROS: f64 = 1e6;

/// Makes the calls, up to `WINDOW` of them in flight at a time.
///
/// # Panics
/// Panics if a call fails or its answer is wrong.
pub fn measure<const WINDOW: usize>(conditions: Conditions) -> LineUse {
    let Conditions {
        baud,
        latency,
        loss,
        payload,
    } = conditions;
    let drops = Faults {
        drops: loss,
        ..Faults::NONE
    };
    let mut link = Simulation::<WINDOW, WINDOW, FRAME>::new(Setup {
        pace: Pace::adapter(baud, latency),
        buffer: (WINDOW * FRAME) as u16,
        timing: Timing::for_line(baud, FRAME as u32),
        ..Setup::new(1).with_faults(drops)
    });
    let bytes = vec![0x5A; payload];
    let connecting = start(&mut link, &bytes).expect("there is room");
    finish(&mut link, connecting, &bytes);

    let began = link.now();
    let mut to_start = CALLS;
    let mut started: VecDeque<(Ticket, Instant)> = VecDeque::new();
    let mut round_trips = 0;
    while to_start > 0 || !started.is_empty() {
        while to_start > 0
            && let Ok(ticket) = start(&mut link, &bytes)
        {
            started.push_back((ticket, link.now()));
            to_start -= 1;
        }
        let (oldest, started_at) = started.pop_front().expect("there is room for a call");
        finish(&mut link, oldest, &bytes);
        round_trips += link.now().since(started_at).as_micros();
    }
    /// Header, procedure number and the length of a ping's data.
    const AROUND: usize = 1 + 1 + 1;
    LineUse {
        baud,
        call_len: max_encoded_len(AROUND + payload),
        time: link.now().since(began),
        round_trips,
    }
}

/// The speeds of the table, in bits a second.
pub const BAUDS: [u32; 4] = [9_600, 115_200, 921_600, 3_000_000];

/// Returns the figures that are kept in `tests/tests/line_use.txt`, one a line: for each speed the
/// effect of pipelining on a good line, then the effect of latency and loss.
pub fn figures() -> String {
    let mut figures = String::new();
    let mut add = |window, used: LineUse, conditions: Conditions| {
        let Conditions {
            baud,
            latency,
            loss,
            payload,
        } = conditions;
        let millis = latency.as_micros() / 1_000;
        let calls = used.calls_per_second();
        let percent = used.goodput() * 100.0;
        writeln!(
            figures,
            "{baud} baud, {millis} ms, loss {loss}, payload {payload}, window {window}: \
             {calls:.1} calls/s, {percent:.2} %"
        )
        .expect("a string takes everything");
    };
    for baud in BAUDS {
        for payload in [1, 64] {
            let conditions = Conditions::good(baud, payload);
            add(1, measure::<1>(conditions), conditions);
            add(8, measure::<8>(conditions), conditions);
        }
    }
    for (millis, loss) in [(1, 0.0), (16, 0.0), (0, 1e-4), (0, 1e-3), (16, 1e-3)] {
        let conditions = Conditions {
            latency: Duration::from_millis(millis),
            loss,
            ..Conditions::good(115_200, 1)
        };
        add(1, measure::<1>(conditions), conditions);
        add(8, measure::<8>(conditions), conditions);
    }
    figures
}

fn start<const WINDOW: usize>(
    link: &mut Simulation<WINDOW, WINDOW, FRAME>,
    bytes: &[u8],
) -> Result<Ticket, CallError> {
    let deadline = link.now() + TIMEOUT;
    link.client().start(PING, deadline, &(bytes,))
}

fn finish<const WINDOW: usize>(
    link: &mut Simulation<WINDOW, WINDOW, FRAME>,
    ticket: Ticket,
    bytes: &[u8],
) {
    link.run_until_ended(ticket);
    match link.client().take(ticket) {
        Some(Ok(Answer::Return([len, echoed @ ..]))) => {
            assert_eq!((usize::from(*len), echoed), (bytes.len(), bytes));
        }
        end => panic!("a ping ended as {end:?}"),
    }
}
