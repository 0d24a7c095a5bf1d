//! A serial port that another program offers over TCP: ser2net, an emulator, a simulation.

use super::socket::{SHORTEST, SocketLink};
use crate::port::OpenError;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The longest time to wait for a connection: a host that does not answer by then is not there.
const CONNECT_AT_MOST: Duration = Duration::from_secs(3);

/// A connection.
pub type Tcp = SocketLink<TcpStream>;

/// Connects to `HOST:PORT`, within that time.
pub fn open(address: &str, timeout: Duration) -> Result<Tcp, OpenError> {
    let unreachable = |reason| OpenError::Unreachable {
        port: format!("tcp:{address}"),
        reason,
    };
    let timeout = timeout.min(CONNECT_AT_MOST);
    let until = Instant::now() + timeout;
    let mut last = ErrorKind::NotFound.into();
    for address in resolve(address, timeout).map_err(unreachable)? {
        // A time-out of zero is an error.
        let left = until
            .saturating_duration_since(Instant::now())
            .max(SHORTEST);
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Tcp::over(stream).map_err(unreachable),
            Err(error) => last = error,
        }
    }
    Err(unreachable(last))
}

/// Returns the addresses of `HOST:PORT`. The system cannot be told when to give up on a name, so a
/// thread asks it.
fn resolve(address: &str, timeout: Duration) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = address.parse() {
        return Ok(vec![address]);
    }
    let (answer, answered) = mpsc::channel();
    let address = address.to_owned();
    thread::spawn(move || {
        // Nobody may be waiting any more.
        let _ = answer.send(address.to_socket_addrs().map(Iterator::collect));
    });
    answered
        .recv_timeout(timeout)
        .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

impl Tcp {
    /// Creates the link over an established connection.
    pub fn over(stream: TcpStream) -> io::Result<Self> {
        // Frames are short and each is waited for.
        stream.set_nodelay(true)?;
        Ok(SocketLink(stream))
    }
}
