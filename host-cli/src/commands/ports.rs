//! `serial-rpc ports`: lists the serial ports, and shows which can be used.

use crate::context::Context;
use crate::failure::Failure;
use crate::output;
use serde_json::{Value, json};
use serial_rpc::port::{Access, AvailablePort, serial_ports};

/// List the serial ports of this machine, those of USB devices first.
///
/// No port is opened: that would reset many boards. The process that has a port open is shown on
/// Linux only, and for your own processes unless you are root.
///
/// As JSON, it is an array of objects: "path", "usb" (null or "vendor_id", "product_id" and
/// "selector" as text for --port, "serial_number", "manufacturer", "product", each of these or null),
/// "access" ("free", "in-use" or "not-permitted"), and "process" and "program" if it is in use.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc ports
  serial-rpc --port 2e8a:000a list               by vendor and product
  serial-rpc --port id:E6605838834C3A2F list     by serial number")]
pub struct Ports {}

/// Prints a line for each port.
pub fn run(context: &Context, _: &Ports) -> Result<(), Failure> {
    let ports: Vec<(AvailablePort, Access)> = serial_ports()
        .into_iter()
        .map(|port| {
            let access = port.access();
            (port, access)
        })
        .collect();
    if context.json {
        let ports = ports.iter().map(|(port, access)| port_json(port, access));
        let ports: Vec<_> = ports.collect();
        return output::print_json(&ports);
    }
    if ports.is_empty() {
        anstream::eprintln!("no serial port was found");
    }
    let width = ports.iter().map(|(port, _)| port.path.len()).max();
    for (port, access) in &ports {
        output::print(line(port, access, width.unwrap_or_default()))?;
    }
    Ok(())
}

fn port_json(port: &AvailablePort, access: &Access) -> Value {
    let usb = port.usb.as_ref().map(|usb| {
        json!({
            "vendor_id": format!("{:04x}", usb.vendor_id),
            "product_id": format!("{:04x}", usb.product_id),
            "selector": usb.selector().to_string(),
            "serial_number": usb.serial_number,
            "manufacturer": usb.manufacturer,
            "product": usb.product,
        })
    });
    let mut json = json!({ "path": port.path, "usb": usb });
    match access {
        Access::Free => json["access"] = "free".into(),
        Access::InUse(holder) => {
            json["access"] = "in-use".into();
            json["process"] = holder.process.into();
            json["program"] = holder.program.as_str().into();
        }
        Access::NotPermitted => json["access"] = "not-permitted".into(),
    }
    json
}

fn line(port: &AvailablePort, access: &Access, width: usize) -> String {
    let mut about = Vec::new();
    if let Some(usb) = &port.usb {
        about.push(usb.selector().to_string());
        let names = [&usb.manufacturer, &usb.product];
        about.extend(names.into_iter().flatten().cloned());
    }
    match access {
        Access::Free => {}
        Access::InUse(holder) => about.push(format!("\x1b[33min use by {holder}\x1b[0m")),
        Access::NotPermitted => about.push("\x1b[31mnot permitted\x1b[0m".to_owned()),
    }
    let path = &port.path;
    if about.is_empty() {
        return format!("\x1b[1m{path}\x1b[0m");
    }
    format!("\x1b[1m{path:width$}\x1b[0m  {}", about.join("  "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serial_rpc::port::UsbDevice;

    fn pico() -> AvailablePort {
        AvailablePort {
            path: "/dev/ttyACM0".into(),
            usb: Some(UsbDevice {
                vendor_id: 0x2e8a,
                product_id: 0x000a,
                serial_number: Some("E661".into()),
                manufacturer: Some("Raspberry Pi".into()),
                product: None,
            }),
        }
    }

    #[test]
    fn a_line_has_what_selects_the_port_and_what_keeps_it_from_being_used() {
        let shown = |port: &AvailablePort, access| {
            anstream::adapter::strip_str(&line(port, &access, 12)).to_string()
        };
        assert_eq!(
            shown(&pico(), Access::NotPermitted),
            "/dev/ttyACM0  2e8a:000a:E661  Raspberry Pi  not permitted"
        );
        let built_in = AvailablePort {
            path: "/dev/ttyS0".into(),
            usb: None,
        };
        assert_eq!(shown(&built_in, Access::Free), "/dev/ttyS0");
    }

    #[test]
    fn as_json_every_field_is_there() {
        let shown = serde_json::to_value(port_json(&pico(), &Access::Free)).unwrap();
        assert_eq!(
            shown,
            json!({
                "path": "/dev/ttyACM0",
                "usb": {
                    "vendor_id": "2e8a",
                    "product_id": "000a",
                    "selector": "2e8a:000a:E661",
                    "serial_number": "E661",
                    "manufacturer": "Raspberry Pi",
                    "product": null,
                },
                "access": "free",
            })
        );
    }
}
