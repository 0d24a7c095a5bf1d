//! A serial port of this machine.

use super::Link;
use crate::port::{OpenError, holder, serial_ports};
use serialport::SerialPort;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The longest time that a write waits for the port to take bytes.
const WRITE_TIMEOUT: Duration = Duration::from_millis(100);

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
    let port = serialport::new(path, baud)
        .timeout(WRITE_TIMEOUT)
        .dtr_on_open(true)
        .open()
        .map_err(|error| open_error(path, &error))?;
    Serial::over(port).map_err(|error| open_error(path, &error))
}

impl Serial {
    /// Creates the link over an open port.
    pub fn over(port: Box<dyn SerialPort>) -> serialport::Result<Self> {
        let writer = Mutex::new(port.try_clone()?);
        let reader = Mutex::new(port);
        Ok(Self { reader, writer })
    }
}

fn open_error(path: &str, error: &serialport::Error) -> OpenError {
    let port = path.to_owned();
    match error.kind() {
        serialport::ErrorKind::Io(ErrorKind::NotFound) => OpenError::NotFound {
            port,
            others: serial_ports(),
        },
        serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => OpenError::NotPermitted { port },
        // serialport reports this for a port that another program has locked.
        serialport::ErrorKind::NoDevice if std::path::Path::new(path).exists() => {
            let holder = holder(path);
            OpenError::Busy { port, holder }
        }
        serialport::ErrorKind::NoDevice => OpenError::NotFound {
            port,
            others: serial_ports(),
        },
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
            Err(error) if is_no_progress(&error) => Ok(0),
            result => result,
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut port = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match port.write(bytes) {
            Err(error) if is_no_progress(&error) => Ok(0),
            result => result,
        }
    }
}

fn is_no_progress(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
    )
}
