//! Names ports, and lists the available ones.

mod available;
mod error;
mod find;
mod holder;
mod selector;
#[cfg(unix)]
pub mod sockets;

pub use available::{Access, AvailablePort, UsbDevice, serial_ports};
pub use error::OpenError;
pub use holder::{Holder, holder};
pub use selector::Selector;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The port that a device is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// A serial port, by its path or name.
    Serial(String),
    /// A serial port that another program offers over TCP, as `HOST:PORT`.
    Tcp(String),
    /// The Unix socket of a gateway, by its path.
    #[cfg(unix)]
    Unix(String),
}

/// The error for text that does not name a port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPort {
    /// A TCP port without an address to connect to.
    #[error("`{0}` is no TCP address: write tcp:HOST:PORT, such as tcp:localhost:4000")]
    TcpAddress(String),
    /// A Unix socket without a path, or on a system that has none.
    #[error("`{0}` is no Unix socket: write unix:PATH, on a system that has them")]
    UnixSocket(String),
    /// The text is empty.
    #[error("the name of a port cannot be empty")]
    Empty,
}

impl FromStr for Port {
    type Err = NotAPort;

    /// Reads `tcp:HOST:PORT`, `unix:PATH`, or the path of a serial port.
    ///
    /// ```
    /// use serial_rpc::Port;
    /// assert_eq!("tcp:localhost:4000".parse(), Ok(Port::Tcp("localhost:4000".into())));
    /// #[cfg(unix)]
    /// assert_eq!("unix:/run/rig.sock".parse(), Ok(Port::Unix("/run/rig.sock".into())));
    /// assert_eq!("/dev/ttyACM0".parse(), Ok(Port::Serial("/dev/ttyACM0".into())));
    /// ```
    fn from_str(text: &str) -> Result<Self, NotAPort> {
        if let Some(path) = text.strip_prefix("unix:") {
            #[cfg(unix)]
            if !path.is_empty() {
                return Ok(Self::Unix(path.to_owned()));
            }
            let _ = path;
            return Err(NotAPort::UnixSocket(text.to_owned()));
        }
        match text.strip_prefix("tcp:") {
            Some(address) => match address.rsplit_once(':') {
                Some((host, number)) if !host.is_empty() && number.parse::<u16>().is_ok() => {
                    Ok(Self::Tcp(address.to_owned()))
                }
                _ => Err(NotAPort::TcpAddress(text.to_owned())),
            },
            None if text.is_empty() => Err(NotAPort::Empty),
            None => Ok(Self::Serial(text.to_owned())),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(path) => formatter.write_str(path),
            Self::Tcp(address) => write!(formatter, "tcp:{address}"),
            #[cfg(unix)]
            Self::Unix(path) => write!(formatter, "unix:{path}"),
        }
    }
}

impl Port {
    /// Returns true if this is the name of that serial port.
    pub(crate) fn is_at(&self, available: &AvailablePort) -> bool {
        match self {
            Self::Serial(path) => path_of(path) == path_of(&available.path),
            _ => false,
        }
    }
}

/// Returns the path behind symbolic links, such as those in `/dev/serial`.
fn path_of(path: &str) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.into())
}
