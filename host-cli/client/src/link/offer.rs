//! The other end of a link: a port that this program offers to callers.

#[cfg(unix)]
use super::serial::Serial;
use super::{Link, tcp::Tcp};
use crate::port::Port;
#[cfg(unix)]
use serialport::{SerialPort, TTYPort};
use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::sync::Arc;

/// A port that callers can open, until this is dropped.
pub struct Offer {
    port: Port,
    accept: Box<dyn Fn() -> io::Result<Arc<dyn Link>> + Send + Sync>,
}

impl Offer {
    /// Offers a TCP port; 0 selects a free one.
    ///
    /// # Errors
    /// Fails if the address is not one of this machine's or is in use.
    pub fn tcp(address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        Ok(Self {
            port: Port::Tcp(listener.local_addr()?.to_string()),
            accept: Box::new(move || Ok(Arc::new(Tcp::over(listener.accept()?.0)?))),
        })
    }

    /// Offers a pseudo-terminal, which any program can open as a serial port.
    ///
    /// # Errors
    /// Fails if the system has none left.
    #[cfg(unix)]
    pub fn pty() -> io::Result<Self> {
        let (master, slave) = TTYPort::pair()?;
        let path = slave
            .name()
            .ok_or_else(|| io::Error::other("the pseudo-terminal has no name"))?;
        let master = Arc::new(Serial::over(master)?);
        Ok(Self {
            port: Port::Serial(path),
            accept: Box::new(move || {
                // Without any program that has it open, the master cannot be read.
                let _kept_open = &slave;
                Ok(Arc::<Serial>::clone(&master))
            }),
        })
    }

    /// Fails: this system has no pseudo-terminals.
    ///
    /// # Errors
    /// Always fails.
    #[cfg(not(unix))]
    pub fn pty() -> io::Result<Self> {
        Err(io::Error::other("this system has no pseudo-terminals"))
    }

    /// Returns the port that callers open.
    pub fn port(&self) -> &Port {
        &self.port
    }

    /// Waits for the next caller. A pseudo-terminal cannot tell callers apart: it serves all at
    /// once.
    ///
    /// # Errors
    /// Fails if the system has no resources left.
    pub fn accept(&self) -> io::Result<Arc<dyn Link>> {
        (self.accept)()
    }
}
