//! Finds the port that a selector means among those of this machine.

use super::{AvailablePort, OpenError, Port, Selector, UsbDevice, serial_ports};

impl Selector {
    /// Finds the port on this machine.
    ///
    /// With several that match, none is as good as another: a wrong guess would send bytes to
    /// somebody else's device.
    ///
    /// # Errors
    /// When no port matches, or several do.
    pub fn find(&self) -> Result<Port, OpenError> {
        match self {
            Self::Port(port) => Ok(port.clone()),
            _ => self.find_among(serial_ports()).map(Port::Serial),
        }
    }

    fn find_among(&self, ports: Vec<AvailablePort>) -> Result<String, OpenError> {
        let is_any_usb = ports.iter().any(|port| port.usb.is_some());
        let (mut matching, others): (Vec<_>, Vec<_>) =
            ports.into_iter().partition(|port| match (self, &port.usb) {
                (Self::Only, usb) => usb.is_some() == is_any_usb,
                (_, Some(usb)) => self.matches(usb),
                (_, None) => false,
            });
        match (matching.pop(), matching.as_slice()) {
            (Some(port), []) => Ok(port.path),
            (Some(last), _) => {
                matching.push(last);
                Err(OpenError::Ambiguous {
                    selector: self.clone(),
                    candidates: matching,
                })
            }
            (None, _) => Err(OpenError::NotFound {
                port: self.to_string(),
                others,
            }),
        }
    }

    fn matches(&self, usb: &UsbDevice) -> bool {
        match self {
            Self::Port(_) => false,
            Self::Usb {
                vendor_id,
                product_id,
                serial_number,
            } => {
                (usb.vendor_id, usb.product_id) == (*vendor_id, *product_id)
                    && (serial_number.is_none() || usb.serial_number == *serial_number)
            }
            Self::SerialNumber(number) => usb.serial_number.as_ref() == Some(number),
            Self::Only => true,
        }
    }
}
