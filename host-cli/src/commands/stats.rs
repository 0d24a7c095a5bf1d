//! `serial-rpc stats`: shows the link's counters of both ends.

use crate::context::Context;
use crate::failure::Failure;
use crate::output;
use rpc_proto::device::DeviceStatistics;
use serde_json::json;
use serial_rpc::connection::Pending;

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
    let device = connection
        .submit::<DeviceStatistics>(&())
        .and_then(Pending::wait)
        .map_err(|error| Failure::call(&connection, true, error))?;
    let caller = connection.counters();
    if context.json {
        return output::print_json(&json!({
            "device": device,
            "caller": {
                "sent": caller.sent,
                "resent": caller.resent,
                "received": caller.received,
                "broken": caller.broken,
                "sessions": caller.sessions,
                "refused": caller.refused,
                "lost_links": caller.lost_links,
            },
        }));
    }
    let counter =
        |name: &str, count: u32, meaning: &str| format!("  {name:13}{count:10}  {meaning}");
    let lines = [
        "\x1b[1mdevice\x1b[0m, since it started".to_owned(),
        counter("frames", device.frames, "received whole"),
        counter("corrupt", device.corrupt, "received damaged"),
        counter("too long", device.too_long, "longer than it accepts"),
        counter(
            "out of order",
            device.out_of_order,
            "came before one that was lost",
        ),
        counter(
            "duplicates",
            device.duplicates,
            "had run already, answered from memory",
        ),
        counter(
            "overruns",
            device.overruns,
            "bytes that there was no room for",
        ),
        "\x1b[1mthis program\x1b[0m, since it connected".to_owned(),
        counter("sent", caller.sent, "frames"),
        counter("resent", caller.resent, "of them sent again"),
        counter("received", caller.received, "received whole"),
        counter("broken", caller.broken, "received damaged"),
        counter("sessions", caller.sessions, "accepted by the device"),
        counter("refused", caller.refused, "that the device could not use"),
        counter("lost links", caller.lost_links, "opened again"),
    ];
    output::print(lines.join("\n"))
}
