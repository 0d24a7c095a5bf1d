//! The lower bound for a call over a port: as many bytes there and back, without any work.

use crate::pty::Port;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

/// The length of `add(2, 3)` on the wire.
const CALL: [u8; 10] = [1; 10];
const REPLY: [u8; 8] = [2; 8];

fn port() -> Port {
    Port::served_by(device).expect("the system has a PTY")
}

fn device() -> impl FnMut(&[u8], &mut Vec<u8>) {
    let mut received = 0;
    move |bytes, answer| {
        received += bytes.len();
        while received >= CALL.len() {
            received -= CALL.len();
            answer.extend(REPLY);
        }
    }
}

fn round_trip(port: &mut (impl Read + Write)) {
    port.write_all(&CALL).expect("the device reads");
    let mut reply = [0; REPLY.len()];
    port.read_exact(&mut reply).expect("the device answers");
    assert_eq!(reply, REPLY);
}

/// Makes round trips through the `serialport` crate, which asks the system if a port is ready
/// before it reads or writes.
pub fn through_serialport() -> impl FnMut(u32) {
    let port = port();
    let mut open = serialport::new(port.path(), 115_200)
        .timeout(Duration::from_secs(10))
        .open_native()
        .expect("the PTY can be opened");
    move |count| {
        let _open_as_long = &port;
        (0..count).for_each(|_| round_trip(&mut open));
    }
}

/// Makes round trips with nothing but `read` and `write`.
pub fn through_system_calls() -> impl FnMut(u32) {
    let port = port();
    let mut open: File = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOCTTY)
        .open(port.path())
        .expect("the PTY can be opened");
    move |count| {
        let _open_as_long = &port;
        (0..count).for_each(|_| round_trip(&mut open));
    }
}
