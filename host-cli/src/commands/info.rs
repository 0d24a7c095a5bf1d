//! `serial-rpc info`: shows a device's identity and the limits of its link.

use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::output;
use serde_json::json;
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
    let description = description.as_deref();
    let count = |events: bool| {
        let procedures = description?.procedures();
        let counted = procedures.filter(|found| found.is_event() == events);
        Some(counted.count())
    };
    let (port, fingerprint) = (device.name(), format!("{:#010x}", accept.fingerprint));
    let name = description.map(|description| &*description.name);
    let version = description.map(|description| &*description.version);
    let (procedures, events) = (count(false), count(true));
    if context.json {
        return output::print_json(&json!({
            "port": port,
            "name": name,
            "version": version,
            "protocol": accept.version,
            "window": accept.window,
            "max_frame": accept.max_frame,
            "buffer": accept.buffer,
            "fingerprint": fingerprint,
            "procedures": procedures,
            "events": events,
        }));
    }
    let unknown = "unknown: the firmware has no description";
    let number = |count: Option<usize>| count.map_or(unknown.to_owned(), |it| it.to_string());
    let lines = [
        ("port", port),
        ("name", name.unwrap_or(unknown).to_owned()),
        ("version", version.unwrap_or(unknown).to_owned()),
        ("procedures", number(procedures)),
        ("events", number(events)),
        ("fingerprint", fingerprint),
        ("protocol", format!("version {}", accept.version)),
        ("window", format!("{} calls in flight", accept.window)),
        ("max frame", format!("{} bytes", accept.max_frame)),
        ("buffer", format!("{} bytes while busy", accept.buffer)),
    ];
    let lines = lines.map(|(name, value)| format!("{name:12} {value}"));
    output::print(lines.join("\n"))
}
