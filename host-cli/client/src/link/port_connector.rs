//! Opens the port of a device, and finds that device again when it was unplugged.

#[cfg(unix)]
use super::unix;
use super::{Connector, Link, serial, tcp};
#[cfg(unix)]
use crate::port::sockets;
use crate::port::{AvailablePort, OpenError, Port, Selector, UsbDevice, serial_ports};
use rpc_proto::client::Timing;
use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The frame length from which the first resend time of a serial port is computed.
const USUAL_FRAME: u32 = 64;

/// Opens a port, and later the port of the same device, wherever it is then.
///
/// A USB device with a serial number is found by it under any path. If it was selected by its
/// identity, no other device is ever opened in its place. If a path was selected and the device is
/// nowhere to be found, the path is opened; the connection then notices if another device is there.
///
/// If a gateway of the same user has the port, the link goes through that, where the device is shared.
#[derive(Debug)]
pub struct PortConnector {
    selector: Selector,
    baud: u32,
    place: Mutex<Place>,
    /// True if the port is opened even if a gateway has it.
    is_direct: bool,
}

/// The place of the device.
#[derive(Clone, Debug, Default)]
struct Place {
    /// The port where it was last; None if it was nowhere yet.
    port: Option<Port>,
    /// The USB device that offered the port; known once it was open.
    usb: Option<UsbDevice>,
    /// The socket of the gateway that has the port.
    gateway: Option<String>,
}

impl PortConnector {
    /// Creates a connector to the selected port, at that speed if it is a serial one.
    ///
    /// # Errors
    /// Fails if no port matches, or if several do.
    pub fn new(selector: impl Into<Selector>, baud: u32) -> Result<Self, OpenError> {
        let selector = selector.into();
        let found = selector.find()?;
        let connector = Self::awaiting(selector, baud);
        connector.place().port = Some(found);
        Ok(connector)
    }

    /// Creates a connector to a port that may not be there yet, for
    /// [`Connection::awaiting`](crate::Connection::awaiting).
    pub fn awaiting(selector: impl Into<Selector>, baud: u32) -> Self {
        Self {
            selector: selector.into(),
            baud,
            place: Mutex::default(),
            is_direct: false,
        }
    }

    /// Returns the same connector, but one that never goes through a gateway: for gateways.
    #[must_use]
    pub fn directly(self) -> Self {
        Self {
            is_direct: true,
            ..self
        }
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Opens the selected device where it is now.
    fn open<L>(&mut self, selector: &Selector, machine: &impl Machine<L>) -> Result<L, OpenError> {
        let same = self.usb.as_ref().and_then(UsbDevice::identity);
        let is_chosen = matches!(selector, Selector::Usb { .. } | Selector::SerialNumber(_));
        let before = match selector {
            Selector::Port(port) => Some(port),
            _ => self.port.as_ref(),
        };
        let found = match (&same, before) {
            (Some(same), _) => same.find_among(machine.ports()),
            (None, Some(port)) if !is_chosen => Ok(port.clone()),
            (None, _) => selector.find_among(machine.ports()),
        };
        let port = match (found, before) {
            (Err(OpenError::NotFound { .. }), Some(port)) if !is_chosen => port.clone(),
            (found, _) => found?,
        };
        let link = machine.open(&port)?;
        // Asked after it was opened: the path may have become another device's just before.
        let usb = machine
            .ports()
            .into_iter()
            .find(|available| port.is_at(available));
        let usb = usb.and_then(|available| available.usb);
        let selected = same.as_ref().unwrap_or(selector);
        if is_chosen && !usb.as_ref().is_some_and(|usb| selected.matches(usb)) {
            return Err(OpenError::NotFound {
                port: selected.to_string(),
                others: machine.ports(),
            });
        }
        *self = Self {
            port: Some(port),
            usb,
            gateway: None,
        };
        Ok(link)
    }
}

/// The ports that can be opened.
trait Machine<L> {
    fn ports(&self) -> Vec<AvailablePort>;
    fn open(&self, port: &Port) -> Result<L, OpenError>;
}

/// Those of this machine.
struct ThisMachine {
    baud: u32,
    timeout: Duration,
    is_direct: bool,
    /// The gateway that had the port.
    gateway: Cell<Option<String>>,
}

impl ThisMachine {
    /// Opens the socket of the gateway that has that serial port, if there is one.
    #[cfg(unix)]
    fn open_through_gateway(&self, path: &str) -> Option<Arc<dyn Link>> {
        if self.is_direct {
            return None;
        }
        let socket = sockets::socket_for(path)?.to_str()?.to_owned();
        let link = unix::open(&socket, self.timeout).ok()?;
        self.gateway.set(Some(socket));
        Some(Arc::new(link))
    }

    #[cfg(not(unix))]
    fn open_through_gateway(&self, _: &str) -> Option<Arc<dyn Link>> {
        // The sockets of gateways are of a kind that this system lacks.
        let _ = (self.is_direct, &self.gateway);
        None
    }
}

impl Machine<Arc<dyn Link>> for ThisMachine {
    fn ports(&self) -> Vec<AvailablePort> {
        serial_ports()
    }

    fn open(&self, port: &Port) -> Result<Arc<dyn Link>, OpenError> {
        match port {
            Port::Serial(path) => match self.open_through_gateway(path) {
                Some(link) => Ok(link),
                None => Ok(Arc::new(serial::open(path, self.baud)?)),
            },
            #[cfg(unix)]
            Port::Unix(path) => Ok(Arc::new(unix::open(path, self.timeout)?)),
            Port::Tcp(address) => Ok(Arc::new(tcp::open(address, self.timeout)?)),
        }
    }
}

impl Connector for PortConnector {
    fn open(&self, timeout: Duration) -> Result<Arc<dyn Link>, OpenError> {
        // Not locked meanwhile: others may want to know the name.
        let mut place = self.place().clone();
        let machine = ThisMachine {
            baud: self.baud,
            timeout,
            is_direct: self.is_direct,
            gateway: Cell::default(),
        };
        let link = place.open(&self.selector, &machine)?;
        place.gateway = machine.gateway.take();
        *self.place() = place;
        Ok(link)
    }

    fn name(&self) -> String {
        match &self.place().port {
            Some(port) => port.to_string(),
            None => self.selector.to_string(),
        }
    }

    fn timing(&self) -> Timing {
        match self.place().port {
            Some(Port::Serial(_)) | None => Timing::for_line(self.baud, USUAL_FRAME),
            Some(_) => Timing::default(),
        }
    }

    fn port(&self) -> Option<Port> {
        self.place().port.clone()
    }

    fn gateway(&self) -> Option<String> {
        self.place().gateway.clone()
    }

    fn identity(&self) -> Option<String> {
        Some(self.place().usb.as_ref()?.selector().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// A machine with USB ports, each the path and serial number of a device. An open link is its
    /// device's number.
    #[derive(Default)]
    struct Bench(RefCell<Vec<(&'static str, Option<&'static str>)>>);

    impl Machine<Option<&'static str>> for Bench {
        fn ports(&self) -> Vec<AvailablePort> {
            let plugged = self.0.borrow();
            let ports = plugged.iter().map(|&(path, serial_number)| AvailablePort {
                path: path.to_owned(),
                usb: Some(UsbDevice {
                    vendor_id: 0x2e8a,
                    product_id: 0x000a,
                    serial_number: serial_number.map(str::to_owned),
                    ..UsbDevice::default()
                }),
            });
            ports.collect()
        }

        fn open(&self, port: &Port) -> Result<Option<&'static str>, OpenError> {
            let plugged = self.0.borrow();
            let open = plugged.iter().find(|(path, _)| port.to_string() == *path);
            open.map(|&(_, number)| number)
                .ok_or_else(|| OpenError::NotFound {
                    port: port.to_string(),
                    others: Vec::new(),
                })
        }
    }

    impl Bench {
        fn plug(&self, ports: &[(&'static str, Option<&'static str>)]) {
            *self.0.borrow_mut() = ports.to_vec();
        }

        /// Returns the device that is opened, or None if none is.
        fn opened(&self, place: &mut Place, selector: &str) -> Option<&'static str> {
            let selector: Selector = selector.parse().unwrap();
            place
                .open(&selector, self)
                .ok()
                .map(|number| number.unwrap_or("?"))
        }
    }

    fn at(path: &str) -> Place {
        Place {
            port: Some(Port::Serial(path.to_owned())),
            ..Place::default()
        }
    }

    #[test]
    fn a_device_selected_by_its_identity_is_only_opened_again_as_that() {
        for selector in ["id:A", "2e8a:000a:A", "2e8a:000a"] {
            let bench = Bench::default();
            let mut place = at("tty0");
            bench.plug(&[("tty0", Some("A"))]);
            assert_eq!(bench.opened(&mut place, selector), Some("A"));
            bench.plug(&[("tty0", Some("B"))]);
            assert_eq!(bench.opened(&mut place, selector), None, "{selector}");
            bench.plug(&[("tty0", Some("B")), ("tty1", Some("A"))]);
            assert_eq!(bench.opened(&mut place, selector), Some("A"), "{selector}");
            assert_eq!(place.port, Some(Port::Serial("tty1".into())));
        }
    }

    #[test]
    fn a_device_selected_by_its_path_is_looked_for_before_the_path_is_opened() {
        let bench = Bench::default();
        let mut place = at("tty0");
        bench.plug(&[("tty0", Some("A"))]);
        assert_eq!(bench.opened(&mut place, "tty0"), Some("A"));
        bench.plug(&[("tty0", Some("B")), ("tty1", Some("A"))]);
        assert_eq!(bench.opened(&mut place, "tty0"), Some("A"));
        // It is gone: the path is what the user chose.
        bench.plug(&[("tty0", Some("B")), ("tty1", Some("C"))]);
        assert_eq!(bench.opened(&mut place, "tty0"), Some("B"));
        let number = place.usb.and_then(|usb| usb.serial_number);
        assert_eq!(number.as_deref(), Some("B"));
    }

    #[test]
    fn a_device_without_a_serial_number_is_found_by_what_it_was_selected_by() {
        let bench = Bench::default();
        let mut place = at("tty0");
        bench.plug(&[("tty0", None)]);
        assert_eq!(bench.opened(&mut place, "2e8a:000a"), Some("?"));
        bench.plug(&[("tty1", None)]);
        assert_eq!(bench.opened(&mut place, "2e8a:000a"), Some("?"));
        bench.plug(&[("tty1", None), ("tty2", None)]);
        assert_eq!(bench.opened(&mut place, "2e8a:000a"), None);
    }

    #[test]
    fn a_device_that_was_never_there_is_found_when_it_comes() {
        for selector in ["id:A", "2e8a:000a", "tty0"] {
            let bench = Bench::default();
            let mut place = Place::default();
            assert_eq!(bench.opened(&mut place, selector), None, "{selector}");
            bench.plug(&[("tty0", Some("A"))]);
            assert_eq!(bench.opened(&mut place, selector), Some("A"), "{selector}");
        }
    }
}
