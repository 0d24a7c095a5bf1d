//! Tests that Ctrl-C ends the program early, in order, and with its own exit code; `--wait` waits
//! until then.
#![cfg(unix)]

use serial_rpc::link::Link;
use serial_rpc_simulator::SimulatedDevice;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn serial_rpc(port: &str, words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_serial-rpc"))
        .args(["--port", port, "--no-cache", "--timeout", "3600"])
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Presses Ctrl-C, and returns the exit code and the text on stderr.
fn interrupted(child: Child) -> (Option<i32>, String) {
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.expect("the signal is sent").success());
    let output = child.wait_with_output().expect("the program ends");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), stderr)
}

#[test]
fn between_two_calls() {
    let mut child = serial_rpc(
        "sim",
        &[
            "call",
            "calculator.total",
            "--repeat",
            "0",
            "--interval",
            "3600",
        ],
    );
    let mut value = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    stdout.read_line(&mut value).expect("it is text");
    assert_eq!(value, "0\n");
    assert_eq!(
        interrupted(child),
        (Some(130), "error: interrupted\n".into())
    );
}

#[test]
fn while_a_procedure_or_an_event_is_watched() {
    for (words, value, said) in [
        (
            &["watch", "calculator.total", "--interval", "1h"][..],
            "0",
            "note: 1 value\nerror: interrupted\n",
        ),
        (
            &[
                "watch",
                "calculator.total_changed",
                "--call",
                "calculator.accumulate 5",
            ],
            "5",
            "note: 1 value, none lost\nerror: interrupted\n",
        ),
    ] {
        let mut child = serial_rpc("sim", &[words, &["--timestamps", "none"]].concat());
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let lines: Vec<_> = stdout.lines().take(2).map(Result::unwrap).collect();
        assert_eq!(lines, ["total", value]);
        assert_eq!(interrupted(child), (Some(130), said.into()));
    }
}

#[test]
fn during_a_call() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("tcp:{}", listener.local_addr().unwrap());
    let child = serial_rpc(&port, &["call", "calculator.total", "--retries", "1000"]);
    let (mut stream, _) = listener.accept().unwrap();
    // Once bytes have come, the program waits for an answer that it never gets.
    stream.read_exact(&mut [0]).unwrap();
    assert_eq!(
        interrupted(child),
        (Some(130), "error: interrupted\n".into())
    );
}

#[test]
fn while_a_port_is_waited_for() {
    let mut child = serial_rpc("/dev/no-such-port", &["--wait", "info"]);
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    stderr.read_line(&mut said).expect("it is text");
    assert_eq!(said, "waiting for /dev/no-such-port (Ctrl-C to stop)\n");
    let (code, _) = interrupted(child);
    assert_eq!(code, Some(130));
}

#[test]
fn a_port_that_appears_ends_the_wait() {
    // Opened and closed, so that nothing listens there now.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut child = serial_rpc(
        &format!("tcp:{address}"),
        &["--wait", "call", "calculator.add", "2", "3"],
    );
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    stderr.read_line(&mut said).expect("it is text");
    assert!(said.starts_with("waiting for tcp:"), "{said}");

    let listener = TcpListener::bind(address).unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let device = SimulatedDevice::new();
    let mut buffer = [0; 512];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        device.write(&buffer[..count], Duration::ZERO).unwrap();
        let count = device.read(&mut buffer, Duration::ZERO).unwrap();
        stream.write_all(&buffer[..count]).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"5\n");
}
