//! Reports the share of a line that calls use.

use peers::chart::{self, Axes, Line, Stroke};
use peers::documents;
use rpc_proto::time::Duration;
use std::error::Error;
use std::fs;
use tests::line_use::{Conditions, LineUse, measure, table};

/// More than in the tables, so that the lines between the points are as exact as the points.
const BAUDS: [u32; 10] = [
    9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_500_000, 3_000_000,
];

/// The delay of an adapter for each byte, and the stroke with which it is drawn.
const ADAPTERS: [(u32, Stroke); 3] = [
    (0, Stroke::Solid),
    (1, Stroke::Dashed),
    (16, Stroke::Dotted),
];

/// Makes the calls of a measurement.
type Measure = fn(Conditions) -> LineUse;

/// Calls in flight at a time.
const WINDOWS: [(usize, Measure); 3] = [(1, measure::<1>), (8, measure::<8>), (15, measure::<15>)];

/// Writes the tables into `line-use.md` and draws the lines without loss.
pub fn write() -> Result<(), Box<dyn Error>> {
    let mut lines = Vec::new();
    for (colour, (window, measure)) in WINDOWS.into_iter().enumerate() {
        for (millis, stroke) in ADAPTERS {
            let point = |baud| {
                let conditions = Conditions {
                    latency: Duration::from_millis(millis),
                    ..Conditions::good(baud, 1)
                };
                (f64::from(baud), measure(conditions).goodput() * 100.0)
            };
            lines.push(Line {
                name: format!("window {window}, adapter {millis} ms"),
                colour,
                stroke,
                points: BAUDS.map(point).to_vec(),
            });
        }
    }
    chart::lines_over_decades(
        &documents::measured("line-use.svg"),
        &Axes {
            title: "Goodput of calls of 10 bytes out and 9 back, by baud rate",
            x: "baud",
            y: "share of the line that is calls, %",
        },
        &lines,
    )?;
    let tables = table::markdown();
    let text = format!("# Line use\n\n{NOTES}\n{tables}\n![Goodput by baud rate](line-use.svg)\n");
    Ok(fs::write(documents::measured("line-use.md"), text)?)
}

const NOTES: &str = "\
Printed by `cargo run --release -p tests --example line_use`, in virtual time, the same on every machine.
";
