//! Writes the tables of line use, by baud rate, latency and loss.

use super::{BAUDS, CALLS, Conditions, LineUse, measure};
use rpc_proto::time::Duration;

const LATENCIES_IN_MILLIS: [u32; 3] = [0, 1, 16];
const LOSSES: [f64; 3] = [0.0, 1e-4, 1e-3];

/// Returns the tables and the notes for reading them, in Markdown.
pub fn markdown() -> String {
    let mut text = format!(
        "{CALLS} pings each. Latency: how long an adapter holds each byte back, either way. Loss: \
         chance per byte, either way. Round trip: from the start of a call to its end, waiting for \
         those before it included. Line: bytes of calls, each counted once, of those that the line \
         to the device, which is the busier one, could carry.\n"
    );
    text += &table(1, "1 byte, 10 bytes out and 9 back, as `add(2, 3)`");
    text += &table(64, "64 bytes, 73 bytes out and 72 back");
    text
}

fn table(payload: usize, title: &str) -> String {
    let mut table = format!(
        "\nPings of {title}:\n\n\
         | baud | latency | loss \
         | one at a time: calls/s | round trip | line \
         | window 8: calls/s | round trip | line \
         | window 15: calls/s | round trip | line |\n\
         |---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
    );
    for baud in BAUDS {
        for millis in LATENCIES_IN_MILLIS {
            for loss in LOSSES {
                let conditions = Conditions {
                    baud,
                    latency: Duration::from_millis(millis),
                    loss,
                    payload,
                };
                table += &format!(
                    "| {baud} | {millis} ms | {loss} | {} | {} | {} |\n",
                    cells(measure::<1>(conditions)),
                    cells(measure::<8>(conditions)),
                    cells(measure::<15>(conditions)),
                );
            }
        }
    }
    table
}

fn cells(used: LineUse) -> String {
    format!(
        "{:.1} | {:.3} ms | {:.1} %",
        used.calls_per_second(),
        used.round_trip() / 1_000.0,
        used.goodput() * 100.0,
    )
}
