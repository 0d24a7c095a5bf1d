//! Which port is meant.

use serialport::SerialPortType;
use std::fmt;
use std::str::FromStr;

/// The port that a device is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// A serial port, by its path or name.
    Serial(String),
    /// A serial port that another program offers over TCP, as `HOST:PORT`.
    Tcp(String),
    /// A device simulated in this process.
    Simulated,
}

/// A TCP port without an address to connect to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no TCP address: write tcp:HOST:PORT, such as tcp:localhost:4000")]
pub struct NotAnAddress(String);

impl FromStr for Port {
    type Err = NotAnAddress;

    /// Reads `sim`, `tcp:HOST:PORT`, or the path of a serial port.
    ///
    /// ```
    /// use serial_rpc::Port;
    /// assert_eq!("sim".parse(), Ok(Port::Simulated));
    /// assert_eq!("tcp:localhost:4000".parse(), Ok(Port::Tcp("localhost:4000".into())));
    /// assert_eq!("/dev/ttyACM0".parse(), Ok(Port::Serial("/dev/ttyACM0".into())));
    /// ```
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        match text.strip_prefix("tcp:") {
            Some(address) => match address.rsplit_once(':') {
                Some((host, number)) if !host.is_empty() && number.parse::<u16>().is_ok() => {
                    Ok(Self::Tcp(address.to_owned()))
                }
                _ => Err(NotAnAddress(text.to_owned())),
            },
            None if text == "sim" => Ok(Self::Simulated),
            None => Ok(Self::Serial(text.to_owned())),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(path) => formatter.write_str(path),
            Self::Tcp(address) => write!(formatter, "tcp:{address}"),
            Self::Simulated => formatter.write_str("sim"),
        }
    }
}

/// The serial ports of this machine, by path.
pub fn serial_ports() -> Vec<String> {
    let mut ports: Vec<String> = serialport::available_ports()
        .unwrap_or_default()
        .into_iter()
        .map(|port| port.port_name)
        .collect();
    ports.sort();
    ports
}

/// The serial number of the USB device that offers a port.
pub(crate) fn usb_serial_number(path: &str) -> Option<String> {
    usb_ports()
        .find(|(port, _)| port == path)
        .map(|(_, serial_number)| serial_number)
}

/// The port that the USB device with that serial number offers now.
pub(crate) fn with_usb_serial_number(serial_number: &str) -> Option<String> {
    usb_ports()
        .find(|(_, found)| found == serial_number)
        .map(|(port, _)| port)
}

/// The ports of USB devices that have a serial number, and those numbers.
fn usb_ports() -> impl Iterator<Item = (String, String)> {
    let ports = serialport::available_ports().unwrap_or_default();
    ports.into_iter().filter_map(|port| match port.port_type {
        SerialPortType::UsbPort(usb) => Some((port.port_name, usb.serial_number?)),
        _ => None,
    })
}
