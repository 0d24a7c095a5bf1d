//! A serial port that another program offers over TCP: ser2net, an emulator, a simulation.

use super::Link;
use crate::port::OpenError;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The longest time to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection.
pub struct Tcp(TcpStream);

/// Connects to `HOST:PORT`.
pub fn open(address: &str) -> Result<Tcp, OpenError> {
    let unreachable = |reason| OpenError::Unreachable {
        port: format!("tcp:{address}"),
        reason,
    };
    let mut last = ErrorKind::NotFound.into();
    for address in address.to_socket_addrs().map_err(unreachable)? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => return Tcp::over(stream).map_err(unreachable),
            Err(error) => last = error,
        }
    }
    Err(unreachable(last))
}

impl Tcp {
    /// Creates the link over an established connection.
    pub fn over(stream: TcpStream) -> io::Result<Self> {
        // Frames are short and each is waited for.
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }
}

impl Link for Tcp {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        // A time-out of zero would mean to wait for ever.
        let timeout = timeout.max(Duration::from_micros(1));
        self.0.set_read_timeout(Some(timeout))?;
        match (&self.0).read(buffer) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
                ) =>
            {
                Ok(0)
            }
            result => result,
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }
}
