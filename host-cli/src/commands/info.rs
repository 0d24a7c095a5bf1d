//! `serial-rpc info`: shows a device's identity and the limits of its link.

use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::output;
use serde::Serialize;
use serial_rpc::connection::DescriptionError;

/// Show the device's name, version and limits.
///
/// As JSON, it is an object: "port", "name", "version" (both null if the firmware has no
/// description), "protocol", "window", "max_frame", "buffer", "fingerprint", and "procedures" and
/// "events", the number of each.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  serial-rpc --port sim info")]
pub struct Info {}

#[derive(Serialize)]
struct Device {
    port: String,
    name: Option<String>,
    version: Option<String>,
    protocol: u8,
    window: u8,
    max_frame: u16,
    buffer: u16,
    fingerprint: String,
    procedures: Option<usize>,
    events: Option<usize>,
}

/// Prints the information.
pub fn run(context: &Context, _: &Info) -> Result<(), Failure> {
    let device = context.connect()?;
    let description = match device.description() {
        Ok(description) => Some(description),
        Err(DescriptionError::LeftOut) => None,
        Err(error) => return Err(Failure::description(&device, error)),
    };
    let Some(accept) = device.device() else {
        return Err(Failure::new(Class::Port, "the device has gone"));
    };
    let description = description.as_ref();
    let count = |events: bool| {
        let procedures = description?.procedures();
        Some(
            procedures
                .filter(|found| found.is_event() == events)
                .count(),
        )
    };
    let device = Device {
        port: device.name(),
        name: description.map(|description| description.name.clone()),
        version: description.map(|description| description.version.clone()),
        protocol: accept.version,
        window: accept.window,
        max_frame: accept.max_frame,
        buffer: accept.buffer,
        fingerprint: format!("{:#010x}", accept.fingerprint),
        procedures: count(false),
        events: count(true),
    };
    if context.json {
        return output::print_json(&device);
    }
    output::print(text(&device))
}

fn text(device: &Device) -> String {
    let unknown = || "unknown: the firmware has no description".to_owned();
    let number = |count: Option<usize>| count.map_or_else(unknown, |count| count.to_string());
    let lines = [
        ("port", device.port.clone()),
        ("name", device.name.clone().unwrap_or_else(unknown)),
        ("version", device.version.clone().unwrap_or_else(unknown)),
        ("procedures", number(device.procedures)),
        ("events", number(device.events)),
        ("fingerprint", device.fingerprint.clone()),
        ("protocol", format!("version {}", device.protocol)),
        ("window", format!("{} calls in flight", device.window)),
        ("max frame", format!("{} bytes", device.max_frame)),
        ("buffer", format!("{} bytes while busy", device.buffer)),
    ];
    let lines = lines.map(|(name, value)| format!("{name:12} {value}"));
    lines.join("\n")
}
