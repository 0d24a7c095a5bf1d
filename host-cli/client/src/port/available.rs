//! The serial ports of this machine, and whether each can be used.

use super::holder::{Holder, holder};
use serialport::{SerialPortInfo, SerialPortType, UsbPortInfo};
use std::fmt;
use std::path::Path;

/// A serial port of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvailablePort {
    /// Its path or name, such as `/dev/ttyACM0`.
    pub path: String,
    /// The USB device that offers it, if one does.
    pub usb: Option<UsbDevice>,
}

/// What a USB device says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsbDevice {
    /// Its maker's number.
    pub vendor_id: u16,
    /// The number that its maker gave the product.
    pub product_id: u16,
    /// The number of this very device.
    pub serial_number: Option<String>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// What it is.
    pub product: Option<String>,
}

/// Whether a port can be opened, as far as can be told without opening it: that would reset many
/// boards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing is known against it.
    Free,
    /// A process has it open.
    InUse(Holder),
    /// The user may not open it.
    NotPermitted,
}

/// The serial ports of this machine, those of USB devices first.
///
/// Left out are those behind which there is surely no device: a PC's ports without hardware, and
/// Bluetooth's.
pub fn serial_ports() -> Vec<AvailablePort> {
    // Where this folder is missing, as in some containers, serialport would panic.
    if cfg!(target_os = "linux") && !Path::new("/sys/class/tty").is_dir() {
        return Vec::new();
    }
    let found = serialport::available_ports().unwrap_or_default();
    let mut ports: Vec<AvailablePort> = found
        .into_iter()
        .filter(|port| port.port_type != SerialPortType::BluetoothPort)
        .filter(|port| has_hardware(&port.port_name))
        .map(AvailablePort::from)
        .collect();
    ports.sort_by(|a, b| (a.usb.is_none(), &a.path).cmp(&(b.usb.is_none(), &b.path)));
    ports
}

/// Linux has `/dev/ttyS0` to `/dev/ttyS3` whether or not there is a UART behind them. macOS offers
/// every port twice, and waits for a modem's carrier on the one with `tty` in its name.
fn has_hardware(path: &str) -> bool {
    if cfg!(target_os = "macos") {
        return !path.starts_with("/dev/tty.");
    }
    let name = Path::new(path).file_name().unwrap_or_default();
    let kind = Path::new("/sys/class/tty").join(name).join("type");
    const NO_UART: &str = "0";
    std::fs::read_to_string(kind)
        .ok()
        .filter(|kind| kind.trim() == NO_UART && name.to_string_lossy().starts_with("ttyS"))
        .is_none()
}

impl AvailablePort {
    /// Whether it can be opened. Off Linux, every port counts as free.
    pub fn access(&self) -> Access {
        if !is_permitted(&self.path) {
            return Access::NotPermitted;
        }
        holder(&self.path).map_or(Access::Free, Access::InUse)
    }
}

#[cfg(target_os = "linux")]
fn is_permitted(path: &str) -> bool {
    use rustix::fs::{Access, access};
    access(path, Access::READ_OK | Access::WRITE_OK) != Err(rustix::io::Errno::ACCESS)
}

#[cfg(not(target_os = "linux"))]
fn is_permitted(_: &str) -> bool {
    true
}

impl From<SerialPortInfo> for AvailablePort {
    fn from(port: SerialPortInfo) -> Self {
        Self {
            path: port.port_name,
            usb: match port.port_type {
                SerialPortType::UsbPort(usb) => Some(usb.into()),
                _ => None,
            },
        }
    }
}

impl From<UsbPortInfo> for UsbDevice {
    fn from(usb: UsbPortInfo) -> Self {
        // These are the device's words, and must not command a terminal.
        let printable = |text: String| text.replace(char::is_control, "").trim().to_owned();
        Self {
            vendor_id: usb.vid,
            product_id: usb.pid,
            serial_number: usb.serial_number.map(printable),
            manufacturer: usb.manufacturer.map(printable),
            product: usb.product.map(printable),
        }
    }
}

/// `/dev/ttyACM0`, or `/dev/ttyACM0 (2e8a:000a Pico)` for a USB device.
impl fmt::Display for AvailablePort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        match &self.usb {
            Some(usb) => write!(formatter, " ({usb})"),
            None => Ok(()),
        }
    }
}

/// `2e8a:000a`, and the product's name if there is one.
impl fmt::Display for UsbDevice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04x}:{:04x}", self.vendor_id, self.product_id)?;
        match &self.product {
            Some(product) => write!(formatter, " {product}"),
            None => Ok(()),
        }
    }
}
