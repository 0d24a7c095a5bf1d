//! The Unix socket of a gateway.

use super::socket::SocketLink;
use crate::port::OpenError;
use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The longest time to wait for a gateway to answer.
const CONNECT_AT_MOST: Duration = Duration::from_secs(3);

/// Connects to the socket with that path, within that time.
pub fn open(path: &str, timeout: Duration) -> Result<SocketLink<UnixStream>, OpenError> {
    let (answer, answered) = mpsc::channel();
    let socket = PathBuf::from(path);
    // A gateway that was stopped keeps others waiting, for as long as it likes.
    thread::spawn(move || {
        // Nobody may be waiting any more.
        let _ = answer.send(UnixStream::connect(socket));
    });
    answered
        .recv_timeout(timeout.min(CONNECT_AT_MOST))
        .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
        .map(SocketLink)
        .map_err(|reason| OpenError::Unreachable {
            port: format!("unix:{path}"),
            reason,
        })
}
