//! Tests a gateway with other programs, each a process of its own, and a device on a pseudo-terminal: they find the
//! gateway by the port, and whoever is killed, the others are told the truth.
#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "another test has the rest of it")]
mod running;

use firmware::calculator::{CalculatorAccumulate, CalculatorClient, MathError};
use running::Running;
use serial_rpc::{CallError, Connection, Options, Port, Ran};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use tests::program::program;
use tests::simulated::Simulated;

/// How a call ended.
type Outcome = Result<i64, CallError<MathError>>;

/// For calls that must succeed, however busy the machine is.
const PATIENT: &str = "60";

/// Returns the command `serial-rpc --port PORT WORDS…`, which looks for gateways in that folder.
fn serial_rpc(sockets: &Path, port: &str, words: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .env("SERIAL_RPC_SOCKETS", sockets)
        .args(["--no-cache", "--timeout", PATIENT, "--port", port])
        .args(words);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Waits until the gateway has opened the port, which keeps others from it.
fn wait_for(gateway: &Running) {
    gateway.get_until("/devices", |devices| devices.contains("present"));
}

#[test]
fn the_program_goes_through_the_gateway_that_has_the_port_and_says_so_when_asked() {
    let (device, folder) = (Simulated::start(&[]), TempDir::new().unwrap());
    let gateway = Running::in_folder(folder.path(), &[&format!("rig={}", device.port())]);
    wait_for(&gateway);
    let call = ["call", "calculator.accumulate", "5"];
    let Output { stdout, stderr, .. } = serial_rpc(folder.path(), device.port(), &call)
        .output()
        .unwrap();
    assert_eq!(
        (text(&stdout), text(&stderr)),
        ("5\n".into(), String::new())
    );

    let verbose = ["-v", "call", "calculator.accumulate", "5"];
    let output = serial_rpc(folder.path(), device.port(), &verbose)
        .output()
        .unwrap();
    assert_eq!(text(&output.stdout), "10\n");
    let note = format!("a gateway has {}: this goes through it", device.port());
    assert!(text(&output.stderr).contains(&note), "{output:?}");

    let by_socket = format!("unix:{}/rig.sock", folder.path().display());
    let output = serial_rpc(folder.path(), &by_socket, &call)
        .output()
        .unwrap();
    assert_eq!(text(&output.stdout), "15\n");

    // Without the gateway's folder, the port is in use.
    let elsewhere = TempDir::new().unwrap();
    let output = serial_rpc(elsewhere.path(), device.port(), &call)
        .output()
        .unwrap();
    assert!(text(&output.stderr).contains("is in use by"), "{output:?}");

    gateway.signal("KILL");
    gateway.ended();
    let link = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(link, 2, "it has left its socket, and the link to it");
    let output = serial_rpc(folder.path(), device.port(), &verbose)
        .output()
        .unwrap();
    assert_eq!(text(&output.stdout), "20\n");
    assert!(!text(&output.stderr).contains("gateway"), "{output:?}");
}

#[test]
fn outcomes_are_true_when_programs_and_the_gateway_are_killed_in_mid_call() {
    let (device, folder) = (
        Simulated::start(&["--noise", "0.0005"]),
        TempDir::new().unwrap(),
    );
    let start = || Running::in_folder(folder.path(), &[&format!("rig={}", device.port())]);
    let mut gateway = start();
    wait_for(&gateway);
    let socket = folder.path().join("rig.sock").to_str().unwrap().to_owned();
    let (outcomes, _gateway) = thread::scope(|scope| {
        let making: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| accumulate(&Port::Unix(socket.clone()), 400)))
            .collect();
        for _ in 0..3 {
            let mut others: Vec<Child> = (0..3)
                .map(|_| {
                    let words = ["call", "calculator.add", "2", "3", "--repeat", "0"];
                    let mut other = serial_rpc(folder.path(), device.port(), &words);
                    let other = other.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
                    other.unwrap()
                })
                .collect();
            for other in &mut others {
                // In the middle of its calls, since it has got an answer.
                let mut first = [0; 2];
                std::io::Read::read_exact(other.stdout.as_mut().unwrap(), &mut first).unwrap();
                assert_eq!(&first, b"5\n");
                other.kill().unwrap();
                other.wait().unwrap();
            }
            gateway.signal("KILL");
            gateway.ended();
            gateway = start();
        }
        let made = making
            .into_iter()
            .flat_map(|program| program.join().unwrap());
        (made.collect::<Vec<_>>(), gateway)
    });
    assert_eq!(outcomes.len(), 1200, "none hung");
    let count =
        |is: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| is(outcome)).count() as i64;
    let right = count(Result::is_ok);
    let unknown = count(|outcome| outcome.is_err_and(|error| error.ran() == Ran::Unknown));
    let never = count(|outcome| outcome.is_err_and(|error| error.ran() == Ran::Never));
    assert_eq!(right + unknown + never, 1200);
    // Each has added one if it ran.
    let program = open(&Port::Unix(socket));
    let total = CalculatorClient::new(&program).total().unwrap();
    assert!(
        (right..=right + unknown).contains(&total),
        "{right} {unknown} {never}: {total}"
    );
    // No two have the same total, so that none was answered for another.
    let mut totals: Vec<i64> = outcomes.into_iter().flatten().collect();
    totals.sort_unstable();
    totals.dedup();
    assert_eq!(totals.len() as i64, right);
}

fn open(port: &Port) -> Connection {
    let options = Options {
        timeout: Duration::from_secs(60),
        ..Options::default()
    };
    let connector = serial_rpc::link::PortConnector::awaiting(port.clone(), options.baud);
    Connection::awaiting(connector, options)
}

/// Adds one that often, with some calls ahead, and returns the outcomes.
fn accumulate(port: &Port, calls: usize) -> Vec<Outcome> {
    let program = open(port);
    let mut outcomes = Vec::new();
    for _ in 0..calls / 8 {
        let ahead = [(); 8].map(|()| program.submit::<CalculatorAccumulate>(&(1,)));
        outcomes.extend(ahead.map(|call| call.map_err(CallError::widen)?.wait()));
    }
    outcomes
}
