//! Selects a port: by name, by its USB device, or as the only one there is.

use super::{NotAPort, Port};
use std::fmt;
use std::str::FromStr;

/// Selects a port; [`find`](Self::find) returns its current path.
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
    /// The port with this path or `tcp:HOST:PORT`.
    Port(Port),
    /// The port of a USB device, `VID:PID` or `VID:PID:SERIAL`.
    Usb {
        /// The vendor ID.
        vendor_id: u16,
        /// The product ID.
        product_id: u16,
        /// The serial number of this very device; needed if there are several.
        serial_number: Option<String>,
    },
    /// The port of the USB device with this serial number, `id:SERIAL`.
    SerialNumber(String),
    /// The only port of a USB device. A port of the machine itself may have anything behind it, and
    /// is opened only by its name.
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

/// Reads four hexadecimal digits.
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
            Self::Only => formatter.write_str("of a USB device"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "COM3",
        ] {
            assert_eq!(text.parse::<Selector>().unwrap().to_string(), text);
        }
    }
}
