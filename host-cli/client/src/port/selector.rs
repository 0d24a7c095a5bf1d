//! Which port a user means: by name, by what is plugged in, or the only one there is.

use super::{NotAPort, Port};
use std::fmt;
use std::str::FromStr;

/// Says which port is meant; [`find`](Self::find) tells where that is now.
///
/// ```
/// use serial_rpc::port::{Port, Selector};
///
/// let pico: Selector = "2e8a:000a".parse()?;
/// assert_eq!(pico, Selector::Usb { vendor_id: 0x2e8a, product_id: 0x000a, serial_number: None });
///
/// let emulator: Selector = "tcp:localhost:4000".parse()?;
/// assert_eq!(emulator.find()?, Port::Tcp("localhost:4000".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selector {
    /// This one: a path or `tcp:HOST:PORT`.
    Port(Port),
    /// That of a USB device, `VID:PID` or `VID:PID:SERIAL`.
    Usb {
        /// Its maker's number.
        vendor_id: u16,
        /// The product's number.
        product_id: u16,
        /// The number of this very device; needed if there are several.
        serial_number: Option<String>,
    },
    /// That of the USB device with this serial number, `id:SERIAL`.
    SerialNumber(String),
    /// The only one there is. A machine's built-in ports count only if there is no USB device.
    #[default]
    Only,
}

impl From<Port> for Selector {
    fn from(port: Port) -> Self {
        Self::Port(port)
    }
}

impl FromStr for Selector {
    type Err = NotAPort;

    fn from_str(text: &str) -> Result<Self, NotAPort> {
        if let Some(number) = text.strip_prefix("id:") {
            return Ok(Self::SerialNumber(number.to_owned()));
        }
        let mut parts = text.splitn(3, ':');
        match (parts.next().and_then(usb_id), parts.next().and_then(usb_id)) {
            (Some(vendor_id), Some(product_id)) => Ok(Self::Usb {
                vendor_id,
                product_id,
                serial_number: parts.next().map(str::to_owned),
            }),
            _ => text.parse().map(Self::Port),
        }
    }
}

/// Four hexadecimal digits.
fn usb_id(text: &str) -> Option<u16> {
    let digits = text.len() == 4 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    u16::from_str_radix(text, 16).ok().filter(|_| digits)
}

impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => port.fmt(formatter),
            Self::Usb {
                vendor_id,
                product_id,
                serial_number,
            } => {
                write!(formatter, "{vendor_id:04x}:{product_id:04x}")?;
                match serial_number {
                    Some(number) => write!(formatter, ":{number}"),
                    None => Ok(()),
                }
            }
            Self::SerialNumber(number) => write!(formatter, "id:{number}"),
            Self::Only => formatter.write_str("at all"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in(path: &str) -> AvailablePort {
        AvailablePort {
            path: path.into(),
            usb: None,
        }
    }

    fn usb(path: &str, serial_number: &str) -> AvailablePort {
        AvailablePort {
            path: path.into(),
            usb: Some(UsbDevice {
                vendor_id: 0x2e8a,
                product_id: 0x000a,
                serial_number: Some(serial_number.into()),
                product: Some("Pico".into()),
                ..UsbDevice::default()
            }),
        }
    }

    fn found(selector: &str, ports: Vec<AvailablePort>) -> Result<String, String> {
        let selector: Selector = selector.parse().unwrap();
        selector
            .find_among(ports)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_usb_device_is_found_by_its_numbers() {
        let ports = || {
            vec![
                built_in("/dev/ttyS0"),
                usb("/dev/ttyACM0", "A"),
                usb("/dev/ttyACM1", "B"),
            ]
        };
        for (selector, path) in [
            ("2e8a:000a:B", "/dev/ttyACM1"),
            ("2E8A:000A:A", "/dev/ttyACM0"),
            ("id:B", "/dev/ttyACM1"),
        ] {
            assert_eq!(found(selector, ports()), Ok(path.into()), "{selector}");
        }
        assert_eq!(
            found("2e8a:000a", ports()),
            Err("several ports match 2e8a:000a".into())
        );
        assert_eq!(found("id:C", ports()), Err("there is no port id:C".into()));
        assert!(found("2e8a:000b", ports()).is_err());
    }

    #[test]
    fn the_only_port_is_taken_and_usb_goes_before_built_in() {
        let only = |ports| Selector::Only.find_among(ports).ok();
        assert_eq!(only(vec![built_in("COM1")]), Some("COM1".into()));
        assert_eq!(
            only(vec![built_in("COM1"), usb("COM3", "A")]),
            Some("COM3".into())
        );
        assert_eq!(only(vec![built_in("COM1"), built_in("COM2")]), None);
        assert_eq!(only(vec![usb("COM3", "A"), usb("COM4", "B")]), None);
        assert_eq!(only(vec![]), None);
    }

    #[test]
    fn with_several_ports_the_candidates_are_named() {
        let ports = vec![usb("/dev/ttyACM0", "A"), usb("/dev/ttyACM1", "B")];
        let error = Selector::Only.find_among(ports).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there are several serial ports, and none was chosen"
        );
        assert_eq!(
            error.hint(),
            "choose one of /dev/ttyACM0 (2e8a:000a Pico), /dev/ttyACM1 (2e8a:000a Pico)"
        );
    }

    #[test]
    fn what_is_no_pair_of_usb_numbers_is_a_path() {
        for text in [
            "COM3",
            "/dev/ttyACM0",
            "2e8a",
            "2e8a:",
            "2e8a:a",
            "+e8a:000a",
            "/dev/serial/by-path/pci-0000:00",
        ] {
            assert_eq!(text.parse(), Ok(Selector::Port(Port::Serial(text.into()))));
        }
    }

    #[test]
    fn a_selector_prints_as_it_is_written() {
        for text in [
            "2e8a:000a",
            "2e8a:000a:E66:1",
            "id:E661",
            "tcp:[::1]:4000",
            "sim",
            "COM3",
        ] {
            assert_eq!(text.parse::<Selector>().unwrap().to_string(), text);
        }
    }
}
