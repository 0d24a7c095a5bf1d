//! Tests that Ctrl-C ends the program early, in order, and with its own exit code, whatever it waits
//! for; `--wait` waits until then.
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
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Presses Ctrl-C, and returns the exit code and the text on stderr.
fn interrupted(child: Child) -> (Option<i32>, String) {
    signalled(child, "-INT")
}

/// Sends a signal, and returns the exit code and the text on stderr.
fn signalled(child: Child, signal: &str) -> (Option<i32>, String) {
    let kill = Command::new("kill")
        .args([signal, &child.id().to_string()])
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

#[cfg(target_os = "linux")]
#[test]
fn while_stdin_is_read_at_the_first_ctrl_c_or_request_to_end() {
    let total = "calculator.total";
    for signal in ["-INT", "-TERM"] {
        for words in [
            &["batch", "-"][..],
            &["call", "calculator.replay", "--items", "-"],
            &["shell"],
        ] {
            let mut child = serial_rpc("sim", words);
            let mut stdin = child.stdin.take().expect("it is piped");
            if words == ["batch", "-"] || words == ["shell"] {
                // Once there is an answer, it waits for the next line.
                writeln!(stdin, "{total}").expect("it is read");
                let mut answer = String::new();
                let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
                stdout.read_line(&mut answer).expect("it is text");
            } else {
                wait_for_signals(&child);
            }
            let (code, said) = signalled(child, signal);
            assert_eq!(code, Some(130), "{words:?} {signal}");
            assert!(said.ends_with("error: interrupted\n"), "{said}");
            drop(stdin);
        }
        for words in [&["put", "-", "notes"][..], &["call", "calculator.add", "-"]] {
            let mut child = serial_rpc("sim", words);
            let stdin = child.stdin.take();
            wait_for_signals(&child);
            let end = signalled(child, signal);
            assert_eq!(end, (Some(130), "error: interrupted\n".into()), "{words:?}");
            drop(stdin);
        }
    }
}

/// Waits until the program handles signals, as the system tells.
#[cfg(target_os = "linux")]
fn wait_for_signals(child: &Child) {
    const INTERRUPT: u64 = 1 << 1;
    const TERMINATE: u64 = 1 << 14;
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
        let status = status.expect("it runs");
        let mut lines = status.lines();
        let caught = lines.find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = u64::from_str_radix(caught.expect("it is told").trim(), 16);
        let wanted = INTERRUPT | TERMINATE;
        if caught.expect("it is a mask") & wanted == wanted {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_pause_longer_than_any_clock_is_a_pause() {
    for words in [
        &["watch", "calculator.total", "--interval", "1e19"][..],
        &[
            "call",
            "calculator.total",
            "--repeat",
            "0",
            "--interval",
            "1e19",
        ],
    ] {
        let mut child = serial_rpc("sim", words);
        let mut value = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        stdout.read_line(&mut value).expect("it is text");
        let (code, said) = interrupted(child);
        assert_eq!(code, Some(130), "{said}");
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

#[cfg(target_os = "linux")]
#[test]
fn a_port_that_another_program_closes_ends_the_wait() {
    let mut device = serial_rpc("sim", &["simulate", "--pty"]);
    let mut port = String::new();
    let mut stdout = BufReader::new(device.stdout.take().expect("it is piped"));
    stdout.read_line(&mut port).expect("it is text");
    let port = port.trim_end();

    let watch = ["watch", "calculator.total", "--timestamps", "none"];
    let mut other = serial_rpc(port, &watch);
    let mut heading = String::new();
    let mut stdout = BufReader::new(other.stdout.take().expect("it is piped"));
    stdout.read_line(&mut heading).expect("it is text");

    let mut child = serial_rpc(port, &["--wait", "call", "calculator.add", "2", "3"]);
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    stderr.read_line(&mut said).expect("it is text");
    let process = other.id();
    let waiting =
        format!("waiting for {port}, in use by serial-rpc (process {process}) (Ctrl-C to stop)\n");
    assert_eq!(said, waiting);
    interrupted(other);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"5\n");
    interrupted(device);
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
