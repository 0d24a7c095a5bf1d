//! A serial port that a thread of this process serves, as a device would.

use serialport::{SerialPort, TTYPort};
use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

/// Longer than any measurement: without anything to read, the thread sleeps.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

/// The port, to be opened by its path. The device ends when this and all who have the port open are
/// gone.
pub struct Port {
    path: String,
    /// Kept open: the other end cannot be read unless a program has the port open.
    _slave: TTYPort,
}

impl Port {
    /// Creates a port. The device from `make`, on a thread of its own, gets the bytes that have
    /// come, and appends its answer.
    ///
    /// # Errors
    /// Fails if the system has no PTY left.
    pub fn served_by<D: FnMut(&[u8], &mut Vec<u8>)>(
        make: impl FnOnce() -> D + Send + 'static,
    ) -> io::Result<Self> {
        let (mut master, slave) = TTYPort::pair()?;
        master.set_timeout(FOREVER)?;
        let path = slave.name();
        thread::spawn(move || -> io::Result<()> {
            let mut device = make();
            let mut received = [0; 4096];
            let mut answer = Vec::new();
            loop {
                let count = master.read(&mut received)?;
                device(&received[..count], &mut answer);
                master.write_all(&answer)?;
                answer.clear();
            }
        });
        Ok(Self {
            path: path.ok_or_else(|| io::Error::other("the PTY has no name"))?,
            _slave: slave,
        })
    }

    /// Returns the path to open.
    pub fn path(&self) -> &str {
        &self.path
    }
}
