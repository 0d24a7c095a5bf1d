//! Tests the shell in a terminal: the user's input, and the output.
#![cfg(unix)]

use rexpect::process::Signal;
use rexpect::session::{PtySession, spawn_command};
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use tests::program::program;
use tests::simulated::Simulated;

/// Ends a test that would hang.
const HANGS_AFTER: Option<u64> = Some(60_000);

/// The bytes of Tab and the arrow keys.
const TAB: &str = "\t";
const UP: &str = "\x1b[A";

fn shell(arguments: &[&str], state: &Path) -> PtySession {
    let mut command = Command::new(program());
    command
        .args(arguments)
        .arg("shell")
        .env("TERM", "xterm")
        .env("XDG_STATE_HOME", state);
    spawn_command(command, HANGS_AFTER).expect("the shell starts")
}

/// Types, and waits for a line of output.
fn type_for(shell: &mut PtySession, text: &str, output: &str) {
    shell.send_line(text).unwrap();
    shell.exp_string(&format!("\n{output}\r\n")).unwrap();
}

/// Presses Ctrl-D and waits for the shell to end.
fn end(mut shell: PtySession) {
    shell.send_control('d').unwrap();
    shell.exp_eof().unwrap();
}

#[test]
fn tab_completes_and_the_history_outlives_the_shell() {
    let state = tempfile::tempdir().unwrap();
    let mut first = shell(&["--port", "sim"], state.path());
    first.exp_string("calculator> ").unwrap();
    let line = format!("calculator.acc{TAB}am{TAB}40");
    type_for(&mut first, &line, "40");
    first.exp_string("calculator> ").unwrap();
    end(first);

    let mut second = shell(&["--port", "sim"], state.path());
    second.exp_string("calculator> ").unwrap();
    type_for(&mut second, UP, "40");
    end(second);
}

#[test]
fn json_goes_over_several_lines_and_errors_are_those_of_call() {
    let state = tempfile::tempdir().unwrap();
    let mut shell = shell(&["--port", "sim"], state.path());
    shell.exp_string("calculator> ").unwrap();
    shell.send_line("calculator.statistics [1,").unwrap();
    shell.send_line("3]").unwrap();
    shell.exp_string(r#""mean":2.0"#).unwrap();
    shell.exp_string("calculator> ").unwrap();
    shell.send_line("calculator.div 1 0").unwrap();
    shell
        .exp_string("calculator.div failed: divide by zero (MathError::DivideByZero)")
        .unwrap();
    end(shell);
}

#[test]
fn ctrl_c_empties_the_line() {
    let state = tempfile::tempdir().unwrap();
    let mut shell = shell(&["--port", "sim"], state.path());
    shell.exp_string("calculator> ").unwrap();
    shell.send("calculator.add 1").unwrap();
    shell.send_control('c').unwrap();
    shell.exp_string("calculator> ").unwrap();
    type_for(&mut shell, "calculator.add 2 3", "5");
    end(shell);
}

#[test]
fn ctrl_c_ends_a_watch_and_keeps_the_shell() {
    let state = tempfile::tempdir().unwrap();
    let mut shell = shell(&["--port", "sim"], state.path());
    shell.exp_string("calculator> ").unwrap();
    shell
        .send_line("watch calculator.total --interval 10ms --timestamps none")
        .unwrap();
    shell.exp_string("\n0\r\n0\r\n").unwrap();
    shell.send_control('c').unwrap();
    shell.exp_string("interrupted").unwrap();
    shell.exp_string("calculator> ").unwrap();
    type_for(&mut shell, "calculator.add 2 3", "5");
    end(shell);
}

#[test]
fn long_lines_break_between_words() {
    let line = format!(
        "stty cols 40; exec '{}' --port sim describe calculator.accumulate",
        program().display()
    );
    let mut command = Command::new("sh");
    command.args(["-c", &line]).env("NO_COLOR", "1");
    let mut screen = spawn_command(command, HANGS_AFTER).expect("the program starts");
    screen
        .exp_string("  Adds `amount` to the running total and\r\n  returns the new total.\r\n")
        .unwrap();
    screen.exp_eof().unwrap();
}

#[test]
fn ctrl_c_cancels_a_call_and_keeps_the_shell() {
    let listener = TcpListener::bind("localhost:0").unwrap();
    let port = format!("tcp:{}", listener.local_addr().unwrap());
    let state = tempfile::tempdir().unwrap();
    let arguments = ["--port", &port, "--timeout", "3600"];
    let mut shell = shell(&arguments, state.path());

    // It reads the description, first by itself and then to make a call. Nobody answers.
    let (mut device, _) = listener.accept().unwrap();
    wait_for_bytes(&mut device);
    shell.send_control('c').unwrap();
    shell.exp_string("interrupted").unwrap();
    shell.exp_string("> ").unwrap();
    for _ in 0..2 {
        drain(&mut device);
        shell.send_line("calculator.add 2 3").unwrap();
        wait_for_bytes(&mut device);
        shell.send_control('c').unwrap();
        shell.exp_string("interrupted").unwrap();
        shell.exp_string("> ").unwrap();
    }
    end(shell);
}

#[test]
fn the_first_request_to_end_gives_the_terminal_back_and_keeps_the_history() {
    const LEAVES_RAW_MODE: &str = "\x1b[?2004l";
    let state = tempfile::tempdir().unwrap();
    let mut first = shell(&["--port", "sim"], state.path());
    first.exp_string("calculator> ").unwrap();
    type_for(&mut first, "calculator.add 2 3", "5");
    first.exp_string("calculator> ").unwrap();
    first.process_mut().signal(Signal::SIGTERM).unwrap();
    first.exp_string(LEAVES_RAW_MODE).unwrap();
    first.exp_string("interrupted").unwrap();
    first.exp_eof().unwrap();

    let mut second = shell(&["--port", "sim"], state.path());
    second.exp_string("calculator> ").unwrap();
    type_for(&mut second, UP, "5");
    end(second);
}

#[test]
fn a_device_that_comes_back_is_called_again() {
    let device = Simulated::start(&["--tcp", "127.0.0.1:0"]);
    let port = device.port().to_owned();
    let state = tempfile::tempdir().unwrap();
    let mut shell = shell(&["--port", &port, "--timeout", "60"], state.path());
    shell.exp_string("calculator> ").unwrap();
    type_for(&mut shell, "calculator.add 2 3", "5");
    shell.exp_string("calculator> ").unwrap();

    drop(device);
    let address = port.strip_prefix("tcp:").expect("it is on a TCP port");
    let _back = Simulated::start(&["--tcp", address]);
    type_for(&mut shell, "calculator.add 3 4", "7");
    shell.exp_string("calculator> ").unwrap();
    end(shell);
}

fn wait_for_bytes(device: &mut TcpStream) {
    assert_ne!(device.read(&mut [0]).unwrap(), 0, "the shell has left");
}

/// Takes the bytes that have come so far.
fn drain(device: &mut TcpStream) {
    device.set_nonblocking(true).unwrap();
    let error = loop {
        if let Err(error) = device.read(&mut [0; 256]) {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    device.set_nonblocking(false).unwrap();
}
