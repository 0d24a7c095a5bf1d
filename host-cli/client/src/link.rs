//! Links: ways for bytes to reach a device and come back.
//!
//! A link can be read by one thread while another writes, so its methods take `&self`. They return
//! in time: a call cannot keep its deadline while its link reads or writes for longer than it was told.

mod offer;
mod port_connector;
mod serial;
mod socket;
mod tapped;
mod tcp;
#[cfg(unix)]
mod unix;

pub use offer::Offer;
pub use port_connector::PortConnector;
pub use tapped::{Tap, Tapped};

pub use crate::trace::Direction;

use crate::port::{OpenError, Port};
use rpc_proto::client::Timing;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

/// Carries bytes to a device and back.
pub trait Link: Send + Sync {
    /// Reads the bytes that have come, waiting up to `timeout` for them. 0 means that nothing came.
    ///
    /// # Errors
    /// Fails if the link has failed or the other end is gone.
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize>;

    /// Writes some of `bytes` and returns their number, waiting up to `timeout` until the link takes
    /// any. 0 means that it takes none at the moment.
    ///
    /// # Errors
    /// Fails if the link has failed or the other end is gone. It has then accepted none of them.
    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize>;
}

/// Opens a link, the first time and whenever it was lost.
///
/// A program can use links of any kind: it implements this and [`Link`], and passes the connector
/// to [`Connection::over`](crate::Connection::over) or [`Connection::to`](crate::Connection::to).
pub trait Connector: Send + Sync {
    /// Opens the link to the device, which takes `timeout` at most.
    ///
    /// # Errors
    /// Fails if the device cannot be reached.
    fn open(&self, timeout: Duration) -> Result<Arc<dyn Link>, OpenError>;

    /// Returns the name of the link for messages, such as the path of a port.
    fn name(&self) -> String;

    /// Returns the first resend time and its bounds.
    fn timing(&self) -> Timing {
        Timing::default()
    }

    /// Returns the port, if the link is to one.
    fn port(&self) -> Option<Port> {
        None
    }

    /// Returns the gateway through which the link goes that was opened last, if it goes through one.
    fn gateway(&self) -> Option<String> {
        None
    }

    /// Returns the identity of the device to which the link was opened last, as far as the system
    /// knows it. If it changes, the calls that wait end with
    /// [`OtherDevice`](rpc_proto::client::CallError::OtherDevice).
    fn identity(&self) -> Option<String> {
        None
    }
}

/// Returns 0 if the system read or wrote nothing in time.
fn no_progress_is_zero(result: io::Result<usize>) -> io::Result<usize> {
    result.or_else(|error| match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(0),
        _ => Err(error),
    })
}

/// A shared link opens as itself, so the same other end is reached again.
impl<L: Link + 'static> Connector for Arc<L> {
    fn open(&self, _: Duration) -> Result<Arc<dyn Link>, OpenError> {
        Ok(Arc::<L>::clone(self))
    }

    fn name(&self) -> String {
        "link".to_owned()
    }
}
