//! Lists the serial ports of this machine, and checks which can be used.

use super::Selector;
use super::holder::{Holder, holder};
use crate::safe;
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

/// The information that a USB device gives about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsbDevice {
    /// The vendor ID.
    pub vendor_id: u16,
    /// The product ID.
    pub product_id: u16,
    /// The serial number of this very device.
    pub serial_number: Option<String>,
    /// The manufacturer.
    pub manufacturer: Option<String>,
    /// The product's name.
    pub product: Option<String>,
}

/// The access to a port, as far as it can be known without opening it: opening resets many boards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// No obstacle is known.
    Free,
    /// A process has it open.
    InUse(Holder),
    /// The user may not open it.
    NotPermitted,
}

/// Lists the serial ports of this machine, those of USB devices first.
///
/// Ports that surely have no device are left out: a PC's ports without hardware, and Bluetooth's.
pub fn serial_ports() -> Vec<AvailablePort> {
    // Without this folder, as in some containers, serialport would panic.
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

/// Returns false for ports without hardware. Linux has `/dev/ttyS0` to `/dev/ttyS3` even if there
/// is no UART behind them. macOS offers every port twice, and waits for a modem's carrier on the
/// one with `tty` in its name.
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

impl UsbDevice {
    /// Returns the selector of this very device, or of all of its kind if it has no serial number.
    pub fn selector(&self) -> Selector {
        Selector::Usb {
            vendor_id: self.vendor_id,
            product_id: self.product_id,
            serial_number: self.serial_number.clone(),
        }
    }

    /// Returns the selector of this very device, if it has a serial number.
    pub(crate) fn identity(&self) -> Option<Selector> {
        self.serial_number.is_some().then(|| self.selector())
    }
}

impl AvailablePort {
    /// Checks the access to the port. On systems other than Linux, every port counts as free.
    pub fn access(&self) -> Access {
        if !is_permitted(&self.path) {
            return Access::NotPermitted;
        }
        holder(&self.path).map_or(Access::Free, Access::InUse)
    }
}

#[cfg(target_os = "linux")]
fn is_permitted(path: &str) -> bool {
    use nix::unistd::{AccessFlags, access};
    access(path, AccessFlags::R_OK | AccessFlags::W_OK) != Err(nix::errno::Errno::EACCES)
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
        // The device supplies this text.
        let printable = |text: String| safe::line(text.trim());
        Self {
            vendor_id: usb.vid,
            product_id: usb.pid,
            serial_number: usb.serial_number.map(printable),
            manufacturer: usb.manufacturer.map(printable),
            product: usb.product.map(printable),
        }
    }
}

/// Writes `/dev/ttyACM0`, or `/dev/ttyACM0 (2e8a:000a Pico)` for a USB device.
impl fmt::Display for AvailablePort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        match &self.usb {
            Some(usb) => write!(formatter, " ({usb})"),
            None => Ok(()),
        }
    }
}

/// Writes `2e8a:000a`, and the product's name if there is one.
impl fmt::Display for UsbDevice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04x}:{:04x}", self.vendor_id, self.product_id)?;
        match &self.product {
            Some(product) => write!(formatter, " {product}"),
            None => Ok(()),
        }
    }
}
