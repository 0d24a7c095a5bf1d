//! Tests what those who operate a gateway rely on: its start, its metrics, its log and its end.
#![cfg(unix)]

mod running;

use running::{Answer, Running, program};
use serde_json::Value;
use serial_rpc_simulator::SimulatedDevice;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use tests::offered::Offered;
use tests::program::serial_rpc;
use tests::test_device::TestDevice;

/// A door that opens when it is let.
#[rpc_proto::service]
trait Door {
    /// Opens it, and returns the number of times that it was open.
    fn open(&mut self) -> u32;
}

struct Held {
    key: Receiver<()>,
    times: u32,
}

impl Door for Held {
    fn open(&mut self) -> u32 {
        // Without a key it opens as well: the test has ended.
        let _ = self.key.recv();
        self.times += 1;
        self.times
    }
}

/// Offers a door, and returns its key.
fn door() -> (Offered<TestDevice<DoorService<Held>>>, Sender<()>) {
    let (give, key) = channel();
    let held = Held { key, times: 0 };
    (Offered::new(SimulatedDevice::with(DoorService(held))), give)
}

/// Starts a gateway with a door, and a call that is in flight when this returns.
fn opening(door: &str, arguments: &[&str]) -> (Running, JoinHandle<Answer>) {
    let device = format!("door={door}");
    let gateway = Running::with(&[&[&*device], arguments].concat());
    gateway.get_until("/devices", |devices| devices.contains("\"present\""));
    let address = gateway.address().to_owned();
    let call = thread::spawn(move || {
        let line = "POST /devices/door/door.open HTTP/1.1";
        running::request(&address, line, &["Timeout: 60"], "")
    });
    let in_flight = r#"serial_rpc_calls_in_flight{device="door",way="http"} 1"#;
    gateway.get_until("/metrics", |metrics| metrics.contains(in_flight));
    (gateway, call)
}

#[test]
fn calls_are_counted_by_outcome() {
    let gateway = Running::with(&["sim", "other=sim"]);
    gateway.get_until("/devices", |devices| {
        devices.matches("present").count() == 2
    });
    let answer = gateway.call("/devices/sim/calculator.add", "[2, 3]");
    assert_eq!((answer.status, answer.body.as_str()), (200, "5"));
    assert_eq!(
        gateway
            .call("/devices/sim/calculator.add", "[2147483647, 1]")
            .status,
        422
    );
    let answer = gateway.get("/metrics");
    assert!(answer.head.contains("text/plain; version=0.0.4"));
    for line in [
        r#"serial_rpc_calls_total{device="sim",way="http",outcome="value"} 1"#,
        r#"serial_rpc_calls_total{device="sim",way="http",outcome="error"} 1"#,
        r#"serial_rpc_calls_total{device="other",way="http",outcome="value"} 0"#,
        r#"serial_rpc_call_seconds_count{device="sim",way="http"} 2"#,
        r#"serial_rpc_device_present{device="sim"} 1"#,
        r#"serial_rpc_link_sessions_total{device="sim"} 1"#,
    ] {
        assert!(
            answer.body.lines().any(|found| found == line),
            "{line}\n{}",
            answer.body
        );
    }
}

#[test]
fn the_shell_http_and_the_page_are_of_one_device() {
    let folder = tempfile::tempdir().unwrap();
    let sockets = folder.path().to_str().unwrap();
    let gateway = Running::with(&["sim", "--sockets", sockets]);
    gateway.get_until("/devices", |devices| devices.contains("\"present\""));
    let port = format!("unix:{sockets}/sim.sock");
    let shell = |words: &[&str]| serial_rpc(&port, words).stdout;
    assert_eq!(shell(&["call", "calculator.accumulate", "5"]), "5\n");
    let answer = gateway.call("/devices/sim/calculator.accumulate", "[7]");
    assert_eq!(answer.body, "12");
    assert_eq!(shell(&["call", "calculator.total"]), "12\n");
    let page = gateway.get("/");
    assert_eq!(page.status, 200);
    assert!(page.head.contains("text/html"), "{}", page.head);
}

#[test]
fn programs_that_are_connected_are_counted_until_they_go() {
    let folder = tempfile::tempdir().unwrap();
    let sockets = folder.path().to_str().unwrap();
    let gateway = Running::with(&["sim", "--sockets", sockets]);
    gateway.get_until("/devices", |devices| devices.contains("\"present\""));
    let connected = |way: &str, count: u32| {
        let line = format!("serial_rpc_programs{{device=\"sim\",way=\"{way}\"}} {count}\n");
        gateway.get_until("/metrics", |metrics| metrics.contains(&line));
    };
    let session = UnixStream::connect(folder.path().join("sim.sock")).unwrap();
    let mut reader = TcpStream::connect(gateway.address()).unwrap();
    let head = format!(
        "GET /devices/sim/calculator.total_changed HTTP/1.1\r\nHost: {}\r\n\r\n",
        gateway.address()
    );
    reader.write_all(head.as_bytes()).unwrap();
    connected("unix", 1);
    connected("http", 1);
    drop((session, reader));
    connected("unix", 0);
    connected("http", 0);
}

#[test]
fn a_signal_lets_the_call_in_flight_end_and_begins_no_more() {
    for signal in ["INT", "TERM"] {
        let (door, key) = door();
        let (gateway, call) = opening(&door.port(), &[]);
        gateway.signal(signal);
        // It has stopped to listen once it has noticed.
        while TcpStream::connect(gateway.address()).is_ok() {
            thread::yield_now();
        }
        assert!(!call.is_finished());
        key.send(()).unwrap();
        let answer = call.join().unwrap();
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (200, "1"),
            "{signal}"
        );
        assert_eq!(gateway.ended().code, Some(0), "{signal}");
    }
}

#[test]
fn a_call_that_does_not_end_in_time_is_told_that_it_may_have_run() {
    let (door, _key) = door();
    let (gateway, call) = opening(&door.port(), &["--stop-within", "0.1"]);
    gateway.signal("TERM");
    let answer = call.join().unwrap();
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem["ran"], "maybe", "{problem}");
    let ended = gateway.ended();
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.log.contains("ending calls in flight"),
        "{}",
        ended.log
    );
}

#[test]
fn a_program_on_a_socket_is_told_the_same() {
    for (is_let, code, said) in [(true, 0, ""), (false, 7, "may have run")] {
        let (door, key) = door();
        let folder = tempfile::tempdir().unwrap();
        let sockets = folder.path().to_str().unwrap();
        let arguments = [&format!("door={}", door.port()), "--sockets", sockets];
        let within = ["--stop-within", if is_let { "1h" } else { "0.1" }];
        let gateway = Running::with(&[&arguments[..], &within].concat());
        gateway.get_until("/devices", |devices| devices.contains("\"present\""));
        let port = format!("unix:{sockets}/door.sock");
        let call =
            thread::spawn(move || serial_rpc(&port, &["--timeout", "60", "call", "door.open"]));
        let in_flight = r#"serial_rpc_calls_in_flight{device="door",way="unix"} 1"#;
        gateway.get_until("/metrics", |metrics| metrics.contains(in_flight));
        gateway.signal("TERM");
        while TcpStream::connect(gateway.address()).is_ok() {
            thread::yield_now();
        }
        if is_let {
            key.send(()).unwrap();
        }
        let outcome = call.join().unwrap();
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        assert!(outcome.stderr.contains(said), "{outcome:?}");
        assert_eq!(gateway.ended().code, Some(0));
    }
}

#[test]
fn readers_of_events_do_not_keep_the_gateway_from_ending() {
    let gateway = Running::with(&["sim", "--stop-within", "1h"]);
    gateway.get_until("/devices", |devices| devices.contains("\"present\""));
    let mut readers = Vec::new();
    for path in ["/devices/changes", "/devices/sim/log"] {
        let mut reader = TcpStream::connect(gateway.address()).unwrap();
        let host = gateway.address();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        reader.write_all(head.as_bytes()).unwrap();
        // It follows once the head of the answer is there.
        reader.read_exact(&mut [0; 12]).unwrap();
        readers.push(reader);
    }
    gateway.signal("TERM");
    assert_eq!(gateway.ended().code, Some(0));
}

#[test]
fn a_second_signal_stops_at_once() {
    let (door, _key) = door();
    let (gateway, call) = opening(&door.port(), &["--stop-within", "1h"]);
    gateway.signal("INT");
    while TcpStream::connect(gateway.address()).is_ok() {
        thread::yield_now();
    }
    assert!(!call.is_finished());
    gateway.signal("INT");
    assert_eq!(gateway.ended().code, Some(130));
}

#[test]
fn a_device_that_is_absent_at_the_start_is_waited_for() {
    let mut device = Offered::new(SimulatedDevice::new());
    device.pull_out();
    let gateway = Running::with(&[&format!("late={}", device.port())]);
    gateway.get_until("/devices", |devices| devices.contains("\"absent\""));
    assert_eq!(gateway.get("/healthz").status, 200);
    device.plug_in();
    gateway.get_until("/devices", |devices| devices.contains("\"present\""));
    let answer = gateway.call("/devices/late/calculator.add", "[2, 3]");
    assert_eq!((answer.status, answer.body.as_str()), (200, "5"));
}

#[test]
fn an_address_that_another_program_has_is_no_address_for_the_page() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = program()
        .args(["--listen", &address, "sim"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        format!(
            "error: cannot listen on {address}: another program does\n\
             hint: a gateway may run already: use that one, or choose another port with --listen\n"
        )
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_token_that_others_can_read_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "0123456789abcdef\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let output = program()
        .arg("--token-file")
        .arg(&file)
        .arg("sim")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said.contains("others can read or write the token"),
        "{said}"
    );
    assert!(!said.contains("0123456789abcdef"), "{said}");
}

#[test]
fn the_log_is_json_on_request_and_never_has_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let token = "0123456789abcdef";
    fs::write(&file, token).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let file = file.to_str().unwrap();
    let gateway = Running::with(&["--token-file", file, "--log-json", "--log", "trace", "sim"]);
    let right = format!("Authorization: Bearer {token}");
    for header in [&right, "Authorization: Bearer fedcba9876543210"] {
        gateway.request("GET /devices HTTP/1.1", &[header], "");
    }
    gateway.signal("TERM");
    let ended = gateway.ended();
    assert_eq!(ended.code, Some(0));
    for line in ended.log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| {
            panic!("{error}: {line}");
        });
        assert!(
            line["level"].is_string() && line["timestamp"].is_string(),
            "{line}"
        );
    }
    for secret in [token, "fedcba9876543210"] {
        assert!(!ended.log.contains(secret), "{}", ended.log);
    }
    assert!(
        ended.log.contains("\"message\":\"stopped\""),
        "{}",
        ended.log
    );
}
