//! Prints how much of a line calls use, in Markdown. Virtual time: the same on every machine.
//!
//!     cargo run --release -p tests --example line_use
//!
//! With `figures`, it prints those that CI compares; to write them anew, from the repository's root:
//!
//!     cargo run --release -p tests --example line_use -- figures > tests/tests/line_use.txt
//!     cargo run --release -p tests --example line_use -- transfers > tests/tests/transfer_use.txt

use rpc_proto::time::Duration;
use std::env;
use tests::line_use::{self, BAUDS, CALLS, Conditions, LineUse};
use tests::transfer_use;

const LATENCIES_IN_MILLIS: [u32; 3] = [0, 1, 16];
const LOSSES: [f64; 3] = [0.0, 1e-4, 1e-3];

fn main() {
    match env::args().nth(1).as_deref() {
        None => print_tables(),
        Some("figures") => print!("{}", line_use::figures()),
        Some("transfers") => print!("{}", transfer_use::figures()),
        Some(_) => panic!("the only arguments are `figures` and `transfers`"),
    }
}

fn print_tables() {
    println!(
        "{CALLS} pings each. Latency: how long an adapter holds each byte back, either way. Loss: \
         chance per byte, either way. Round trip: from the start of a call to its end, waiting for \
         those before it included. Line: bytes of calls, each counted once, of those that the line \
         to the device, which is the busier one, could carry."
    );
    print_table(1, "1 byte, 10 bytes out and 9 back, as `add(2, 3)`");
    print_table(64, "64 bytes, 73 bytes out and 72 back");
}

fn print_table(payload: usize, title: &str) {
    println!();
    println!("Pings of {title}:");
    println!();
    println!(
        "| baud | latency | loss \
         | one at a time: calls/s | round trip | line \
         | window 8: calls/s | round trip | line \
         | window 15: calls/s | round trip | line |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for baud in BAUDS {
        for millis in LATENCIES_IN_MILLIS {
            for loss in LOSSES {
                let conditions = Conditions {
                    baud,
                    latency: Duration::from_millis(millis),
                    loss,
                    payload,
                };
                println!(
                    "| {baud} | {millis} ms | {loss} | {} | {} | {} |",
                    cells(line_use::measure::<1>(conditions)),
                    cells(line_use::measure::<8>(conditions)),
                    cells(line_use::measure::<15>(conditions)),
                );
            }
        }
    }
}

fn cells(used: LineUse) -> String {
    format!(
        "{:.1} | {:.3} ms | {:.1} %",
        used.calls_per_second(),
        used.round_trip() / 1_000.0,
        used.goodput() * 100.0,
    )
}
