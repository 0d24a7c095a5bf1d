//! A port that another process has open is not blamed on the device.
#![cfg(target_os = "linux")]

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::process::{Command, Stdio};

#[test]
fn a_process_that_has_the_port_open_too_is_named() {
    let device = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&device).unwrap();
    unlockpt(&device).unwrap();
    let port = ptsname(&device, Vec::new()).unwrap().into_string().unwrap();
    let mut other = Command::new("sleep")
        .arg("60")
        .stdin(Stdio::from(File::open(&port).unwrap()))
        .spawn()
        .unwrap();

    let output = Command::new(env!("CARGO_BIN_EXE_serial-rpc"))
        .args(["--port", &port, "--timeout", "0.3", "--no-cache", "info"])
        .output()
        .unwrap();
    other.kill().unwrap();
    other.wait().unwrap();

    assert_eq!(output.status.code(), Some(4));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        format!(
            "error: the device on {port} does not answer\n\
             hint: sleep (process {}) has the port open too, and may take the answers: \
             close it and try again\n",
            other.id()
        )
    );
}
