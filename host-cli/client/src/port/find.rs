//! Finds the port on this machine that a selector means.

use super::{AvailablePort, OpenError, Port, Selector, UsbDevice, serial_ports};

impl Selector {
    /// Finds the port on this machine.
    ///
    /// If several match, none is preferred: a wrong guess would send bytes to somebody else's
    /// device.
    ///
    /// # Errors
    /// Fails if no port matches, or if several do.
    pub fn find(&self) -> Result<Port, OpenError> {
        match self {
            Self::Port(port) => Ok(port.clone()),
            _ => self.find_among(serial_ports()),
        }
    }

    pub(crate) fn find_among(&self, ports: Vec<AvailablePort>) -> Result<Port, OpenError> {
        let is_meant =
            |port: &AvailablePort| port.usb.as_ref().is_some_and(|usb| self.matches(usb));
        let (mut matching, others): (Vec<_>, Vec<_>) = ports.into_iter().partition(is_meant);
        match (matching.pop(), matching.as_slice()) {
            (Some(port), []) => Ok(Port::Serial(port.path)),
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

    pub(crate) fn matches(&self, usb: &UsbDevice) -> bool {
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
            .map(|port| port.to_string())
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
    fn the_only_port_of_a_usb_device_is_taken_and_one_that_is_built_in_is_never_tried() {
        let only = |ports| {
            let found = Selector::Only.find_among(ports).ok();
            found.map(|port| port.to_string())
        };
        assert_eq!(only(vec![built_in("COM1")]), None);
        assert_eq!(
            only(vec![built_in("COM1"), usb("COM3", "A")]),
            Some("COM3".into())
        );
        assert_eq!(only(vec![usb("COM3", "A"), usb("COM4", "B")]), None);
        assert_eq!(only(vec![]), None);
    }

    #[test]
    fn ports_that_are_built_in_are_to_be_chosen_by_name() {
        let error = Selector::Only
            .find_among(vec![built_in("/dev/ttyS0")])
            .unwrap_err();
        assert_eq!(error.to_string(), "there is no port of a USB device");
        assert_eq!(
            error.hint(),
            "the ports that were found are /dev/ttyS0: choose one by its name"
        );
    }

    #[test]
    fn with_several_ports_the_candidates_are_named() {
        let ports = vec![usb("/dev/ttyACM0", "A"), usb("/dev/ttyACM1", "B")];
        let error = Selector::Only.find_among(ports).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there are several serial ports of USB devices, and none was chosen"
        );
        assert_eq!(
            error.hint(),
            "choose one of /dev/ttyACM0 (2e8a:000a Pico), /dev/ttyACM1 (2e8a:000a Pico)"
        );
    }
}
