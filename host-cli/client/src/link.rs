//! Links: ways for bytes to reach a device and come back.
//!
//! A link can be read by one thread while another writes, so its methods take `&self`.

mod offer;
mod serial;
mod tapped;
mod tcp;

pub use offer::Offer;
pub use tapped::{Tap, Tapped};

pub use crate::trace::Direction;

use crate::port::{OpenError, Port, Selector, usb_serial_number};
use rpc_proto::client::Timing;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Carries bytes to a device and back.
pub trait Link: Send + Sync {
    /// Reads the bytes that have come, waiting up to `timeout` for them. 0 means that nothing came.
    ///
    /// # Errors
    /// Fails if the link has failed or the other end is gone.
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize>;

    /// Writes some of `bytes` and returns their number. 0 means that the link takes none at the
    /// moment.
    ///
    /// # Errors
    /// Fails if the link has failed or the other end is gone.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
}

/// Opens a link, the first time and whenever it was lost.
///
/// A program can use links of any kind: it implements this and [`Link`], and passes the connector
/// to [`Connection::over`](crate::Connection::over) or [`Connection::to`](crate::Connection::to).
pub trait Connector: Send + Sync {
    /// Opens the link to the device.
    ///
    /// # Errors
    /// Fails if the device cannot be reached.
    fn open(&self) -> Result<Arc<dyn Link>, OpenError>;

    /// Returns the name of the link for messages, such as the path of a port.
    fn name(&self) -> String;

    /// Returns the first resend time and its bounds.
    fn timing(&self) -> Timing {
        Timing::default()
    }

    /// Returns the port, if the link is to one.
    fn port(&self) -> Option<&Port> {
        None
    }
}

/// A shared link opens as itself, so the same other end is reached again.
impl<L: Link + 'static> Connector for Arc<L> {
    fn open(&self) -> Result<Arc<dyn Link>, OpenError> {
        Ok(Arc::<L>::clone(self))
    }

    fn name(&self) -> String {
        "link".to_owned()
    }
}

/// The frame length from which the first resend time of a serial port is computed.
const USUAL_FRAME: u32 = 64;

/// Opens a port under its old path or, if a USB device has come back under another path, under the
/// new one.
#[derive(Debug)]
pub struct PortConnector {
    port: Port,
    baud: u32,
    /// The serial number by which a USB device is found again; known once it was open.
    usb_serial_number: OnceLock<Option<String>>,
}

impl PortConnector {
    /// Creates a connector to that port, at that speed if it is a serial one.
    pub const fn new(port: Port, baud: u32) -> Self {
        Self {
            port,
            baud,
            usb_serial_number: OnceLock::new(),
        }
    }

    fn open_port(&self, port: &Port) -> Result<Arc<dyn Link>, OpenError> {
        match port {
            Port::Serial(path) => Ok(Arc::new(serial::open(path, self.baud)?)),
            Port::Tcp(address) => Ok(Arc::new(tcp::open(address)?)),
        }
    }
}

impl Connector for PortConnector {
    fn open(&self) -> Result<Arc<dyn Link>, OpenError> {
        let opened = self.open_port(&self.port);
        match (&opened, self.usb_serial_number.get()) {
            (Err(OpenError::NotFound { .. }), Some(Some(serial_number))) => {
                let moved = Selector::SerialNumber(serial_number.clone()).find()?;
                return self.open_port(&moved);
            }
            (Ok(_), None) => {
                // Only this code sets it.
                let _ = self.usb_serial_number.set(match &self.port {
                    Port::Serial(path) => usb_serial_number(path),
                    Port::Tcp(_) => None,
                });
            }
            _ => {}
        }
        opened
    }

    fn name(&self) -> String {
        self.port.to_string()
    }

    fn timing(&self) -> Timing {
        match self.port {
            Port::Serial(_) => Timing::for_line(self.baud, USUAL_FRAME),
            Port::Tcp(_) => Timing::default(),
        }
    }

    fn port(&self) -> Option<&Port> {
        Some(&self.port)
    }
}
