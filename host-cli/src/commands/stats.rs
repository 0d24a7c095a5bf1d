//! `serial-rpc stats`: shows the link's counters of both ends.

use crate::context::Context;
use crate::failure::Failure;
use crate::output;
use serial_rpc::connection::Statistics;

/// Show the link's counters of the device and of this program.
///
/// The device counts since it started, this program since it connected for this command. Corrupt
/// frames are a sign of the wrong speed or a bad line, overruns of a buffer that is too small.
///
/// As JSON, it is an object with the objects "device" ("frames", "corrupt", "too_long",
/// "out_of_order", "duplicates", "overruns") and "caller" ("sent", "resent", "received", "broken",
/// "sessions", "refused", "lost_links").
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  serial-rpc stats --json | jq .device.corrupt")]
pub struct Stats {}

/// Prints the counters.
pub fn run(context: &Context, _: &Stats) -> Result<(), Failure> {
    let connection = context.connect()?;
    let statistics = connection
        .statistics()
        .map_err(|error| Failure::call(&connection, true, error))?;
    if context.json {
        return output::print_json(&statistics);
    }
    let Statistics { device, caller } = statistics;
    let device = [
        ("frames", device.frames, "received whole"),
        ("corrupt", device.corrupt, "received damaged"),
        ("too long", device.too_long, "longer than it accepts"),
        (
            "out of order",
            device.out_of_order,
            "came before one that was lost",
        ),
        (
            "duplicates",
            device.duplicates,
            "had run already, answered from memory",
        ),
        (
            "overruns",
            device.overruns,
            "bytes that there was no room for",
        ),
    ];
    let caller = [
        ("sent", caller.sent, "frames"),
        ("resent", caller.resent, "of them sent again"),
        ("received", caller.received, "received whole"),
        ("broken", caller.broken, "received damaged"),
        ("sessions", caller.sessions, "accepted by the device"),
        ("refused", caller.refused, "that the device could not use"),
        ("lost links", caller.lost_links, "opened again"),
    ];
    let line = |(name, count, meaning)| format!("\n  {name:13}{count:10}  {meaning}");
    let (device, caller) = (device.map(line).concat(), caller.map(line).concat());
    output::print(format!(
        "\x1b[1mdevice\x1b[0m, since it started{device}\n\
         \x1b[1mthis program\x1b[0m, since it connected{caller}"
    ))
}
