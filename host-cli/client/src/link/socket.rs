//! A connected socket as a link.

use super::{Link, no_progress_is_zero};
use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

/// The shortest time-out: zero would mean to wait for ever.
pub(super) const SHORTEST: Duration = Duration::from_micros(1);

/// A socket of one kind.
pub trait Socket: Send + Sync {
    /// Makes reads and writes return at once, or wait.
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()>;

    /// Sets the time for which reads wait.
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Sets the time for which writes wait.
    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;
}

macro_rules! socket {
    ($stream:ty) => {
        impl Socket for $stream {
            fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
                self.set_nonblocking(nonblocking)
            }

            fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.set_read_timeout(timeout)
            }

            fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.set_write_timeout(timeout)
            }
        }
    };
}

socket!(std::net::TcpStream);
#[cfg(unix)]
socket!(std::os::unix::net::UnixStream);

/// The link over a socket.
pub struct SocketLink<S>(pub(super) S);

impl<S: Socket> Link for SocketLink<S>
where
    for<'s> &'s S: Read + Write,
{
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        if timeout.is_zero() {
            // A write at the same time may take nothing then, and is tried again.
            self.0.set_nonblocking(true)?;
        } else {
            self.0.set_read_timeout(Some(timeout.max(SHORTEST)))?;
        }
        let read = (&self.0).read(buffer);
        if timeout.is_zero() {
            self.0.set_nonblocking(false)?;
        }
        match read {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            read => no_progress_is_zero(read),
        }
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        self.0.set_write_timeout(Some(timeout.max(SHORTEST)))?;
        no_progress_is_zero((&self.0).write(bytes))
    }
}
