//! Tests a board whose UART carries text and logs as well as frames, emulated by QEMU.
//!
//! If QEMU or the board's Rust target is missing, these tests are ignored and say why; see
//! `tests::ignorable`.
#![cfg(unix)]

use firmware::calculator::CalculatorClient;
use libtest_mimic::{Arguments, Failed, Trial};
use rpc_proto::device::DeviceClient;
use serial_rpc::{Connection, Options, Port};
use std::process::ExitCode;
use std::time::Duration;
use tests::board::LM3S6965;
use tests::calculator;
use tests::emulator::Emulator;
use tests::ignorable;
use tests::program::serial_rpc;
use tests::pty::Pty;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        trial(
            "a_board_that_prints_all_the_time_answers_every_procedure",
            a_board_that_prints_all_the_time_answers_every_procedure,
        ),
        trial(
            "calls_amid_text_and_logs_run_once_each",
            calls_amid_text_and_logs_run_once_each,
        ),
        trial(
            "the_command_line_prints_the_value_alone_and_a_trace_shows_the_text",
            the_command_line_prints_the_value_alone_and_a_trace_shows_the_text,
        ),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Creates a trial of a board that was just switched on and has printed its boot text.
fn trial(name: &str, test: fn(Pty) -> Result<(), Failed>) -> Trial {
    let missing = || {
        LM3S6965
            .missing_target()
            .or_else(|| LM3S6965.missing_emulator())
    };
    ignorable::trial(name, missing, move || {
        let emulator = Emulator::start_binary(&LM3S6965, "console")?;
        test(Pty::bridge(emulator.uart())?)
    })
}

fn connect(pty: &Pty) -> Result<Connection, Failed> {
    let patient = Options {
        timeout: Duration::from_secs(60),
        ..Options::default()
    };
    let port = Port::Serial(pty.path().to_owned());
    Ok(Connection::open_with(port, patient)?)
}

fn a_board_that_prints_all_the_time_answers_every_procedure(pty: Pty) -> Result<(), Failed> {
    let device = connect(&pty)?;
    calculator::assert_answers(&mut CalculatorClient::new(&device));
    Ok(())
}

fn calls_amid_text_and_logs_run_once_each(pty: Pty) -> Result<(), Failed> {
    let device = connect(&pty)?;
    let mut calculator = CalculatorClient::new(&device);
    for total in 1..=300 {
        assert_eq!(calculator.accumulate(1), Ok(total));
    }
    assert_eq!(calculator.total(), Ok(300));

    let seen = device.counters();
    assert!(seen.broken > 0, "no text has hit a frame: {seen:?}");
    let sent_again = DeviceClient::new(&device).statistics()?.duplicates;
    assert!(sent_again > 0, "no reply was sent again");
    let text = device.stray_bytes();
    let text = String::from_utf8_lossy(&text);
    assert!(text.contains("a call has come"), "{text:?}");
    Ok(())
}

fn the_command_line_prints_the_value_alone_and_a_trace_shows_the_text(
    pty: Pty,
) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let capture = folder.path().join("capture.txt");
    let capture = capture.to_str().ok_or("a path that is text")?;
    let add = ["calculator.add", "2", "3"];
    let call = [&["--timeout", "60", "call"], &add[..]].concat();
    let outcome = serial_rpc(pty.path(), &call);
    assert_eq!(
        (
            outcome.code,
            outcome.stdout.as_str(),
            outcome.stderr.as_str()
        ),
        (Some(0), "5\n", "")
    );
    // The boot text may have been printed before the port was open; the output of calls was not.
    let captured = [
        "--timeout",
        "60",
        "--capture",
        capture,
        "bench",
        "--count",
        "20",
    ];
    let outcome = serial_rpc(pty.path(), &[&captured[..], &add].concat());
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let trace = serial_rpc("sim", &["trace", capture]).stdout;
    assert!(trace.contains("a call has come"), "{trace}");
    assert!(trace.contains("calculator.add: 5\n"), "{trace}");
    Ok(())
}
