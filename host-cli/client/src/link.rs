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

use crate::port::{OpenError, Port, Selector};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Carries bytes to a device and back.
pub trait Link: Send + Sync {
    /// Reads what has come, waiting up to `timeout` for it. 0 means that nothing came.
    ///
    /// # Errors
    /// When the link has failed or the other end is gone.
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize>;

    /// Writes some of `bytes` and tells how many. 0 means that the link takes none at the moment.
    ///
    /// # Errors
    /// When the link has failed or the other end is gone.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
}

/// Opens the link to a port.
///
/// # Errors
/// When the port is missing, busy, not permitted or cannot be reached.
pub fn open(port: &Port, baud: u32) -> Result<Arc<dyn Link>, OpenError> {
    match port {
        Port::Serial(path) => Ok(Arc::new(serial::open(path, baud)?)),
        Port::Tcp(address) => Ok(Arc::new(tcp::open(address)?)),
        Port::Own(name) => Err(OpenError::Other {
            port: name.clone(),
            reason: "only the program that made this link can make it again".to_owned(),
        }),
    }
}

/// Opens a port that was lost: where it was or, if a USB device has come back under another path,
/// where it is now.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_again(
    port: &Port,
    usb_serial_number: Option<&str>,
    baud: u32,
) -> Result<Arc<dyn Link>, OpenError> {
    match (open(port, baud), usb_serial_number) {
        (Err(OpenError::NotFound { .. }), Some(serial_number)) => {
            let moved = Selector::SerialNumber(serial_number.to_owned()).find()?;
            open(&moved, baud)
        }
        (result, _) => result,
    }
}
