//! A serial port of this machine.

use super::{Link, no_progress_is_zero};
use crate::port::{OpenError, holder, serial_ports};
use serialport::SerialPort;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Two handles of one port, so that a reader does not keep writers waiting.
pub struct Serial {
    reader: Mutex<Box<dyn SerialPort>>,
    writer: Mutex<Box<dyn SerialPort>>,
}

/// Opens the port for this program alone.
///
/// DTR is raised, which Windows does not do by itself: many USB devices send nothing while it is low.
/// RTS is left as the system sets it: many boards treat an edge as a reset.
pub fn open(path: &str, baud: u32) -> Result<Serial, OpenError> {
    let builder = serialport::new(path, baud).dtr_on_open(true);
    #[cfg(unix)]
    let port = builder.open_native();
    #[cfg(not(unix))]
    let port = builder.open();
    port.and_then(Serial::over)
        .map_err(|error| open_error(path, &error))
}

#[cfg(unix)]
type Opened = serialport::TTYPort;
#[cfg(not(unix))]
type Opened = Box<dyn SerialPort>;

impl Serial {
    /// Creates the link over an open port.
    pub fn over(port: Opened) -> serialport::Result<Self> {
        #[cfg(unix)]
        never_block(&port)?;
        let writer = Mutex::new(port.try_clone()?);
        #[cfg(unix)]
        let port: Box<dyn SerialPort> = Box::new(port);
        let reader = Mutex::new(port);
        Ok(Self { reader, writer })
    }
}

/// Lets reads and writes return at once. They wait before, until the port is ready; but another
/// program may take the bytes in between, and a write blocks until the last of its bytes is taken.
#[cfg(unix)]
fn never_block(port: &impl std::os::fd::AsRawFd) -> io::Result<()> {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    fcntl(port.as_raw_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

fn open_error(path: &str, error: &serialport::Error) -> OpenError {
    let port = path.to_owned();
    match error.kind() {
        serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => OpenError::NotPermitted { port },
        // serialport reports this for a port that another program has locked.
        serialport::ErrorKind::NoDevice if std::path::Path::new(path).exists() => {
            let holder = holder(path);
            OpenError::Busy { port, holder }
        }
        serialport::ErrorKind::NoDevice | serialport::ErrorKind::Io(ErrorKind::NotFound) => {
            OpenError::NotFound {
                port,
                others: serial_ports(),
            }
        }
        _ if is_plain_file(path) => OpenError::NotSerial { port },
        _ => OpenError::Other {
            port,
            reason: error.to_string(),
        },
    }
}

/// Returns true if the path is a plain file, which cannot be meant as a port.
fn is_plain_file(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() || file.is_dir())
}

impl Link for Serial {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let mut port = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        port.set_timeout(timeout)?;
        match port.read(buffer) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            read => no_progress_is_zero(read),
        }
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        let mut port = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        port.set_timeout(timeout)?;
        no_progress_is_zero(port.write(bytes))
    }
}
