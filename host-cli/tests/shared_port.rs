//! Tests that the device is not blamed for a port that another process has open.
#![cfg(target_os = "linux")]

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn a_process_that_has_the_port_open_too_is_named() {
    name_the_holder();
}

#[test]
fn a_terminal_program_that_has_the_port_open_too_is_named() {
    // It offers terminals, such as one for each of its windows: another than the port, for which this
    // stands. Not closed, so that the processes below have it.
    let window = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    name_the_holder();
    drop(window);
}

fn name_the_holder() {
    let device = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&device).unwrap();
    unlockpt(&device).unwrap();
    let port = ptsname(&device, Vec::new()).unwrap().into_string().unwrap();
    // Started by a shell, because processes that this one starts itself count as part of the
    // device.
    let mut shell = Command::new("sh")
        .args(["-c", "exec 3<&0; sleep 60 <&3 & echo $!; wait"])
        .stdin(Stdio::from(File::open(&port).unwrap()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut other = String::new();
    let printed = shell.stdout.take().unwrap();
    BufReader::new(printed).read_line(&mut other).unwrap();
    let other = other.trim();

    let output = Command::new(env!("CARGO_BIN_EXE_serial-rpc"))
        .args(["--port", &port, "--timeout", "0.3", "--no-cache", "info"])
        .output()
        .unwrap();
    Command::new("kill").arg(other).status().unwrap();
    shell.wait().unwrap();

    assert_eq!(output.status.code(), Some(4));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        format!(
            "error: the device on {port} does not answer\n\
             hint: sleep (process {other}) has the port open too, and may take the answers: \
             close it and try again\n"
        )
    );
}
