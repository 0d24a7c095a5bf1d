//! Tests the firmware of each board, with the HAL of its vendor, in an emulator.
//!
//! If an emulator or a board's Rust target is missing, these tests are ignored and say why, and so are
//! those of all boards but the LM3S6965 unless `SERIAL_RPC_BOARDS=all` is set; see `tests::ignorable`.
#![cfg(unix)]

use firmware::calculator::{CalculatorAccumulate, CalculatorClient};
use firmware::{StopwatchBlinks, StopwatchClient, StopwatchWait};
use libtest_mimic::{Arguments, Failed, Trial};
use rpc_proto::client::{CallError, Cause};
use serde_json::json;
use serial_rpc::{Connection, Options, Port};
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::ExitCode;
use std::ptr;
use std::thread;
use std::time::Duration;
use tests::board::{
    BOARDS, Board, ESP32C3, IMAGE, LM3S6965, LM3S6965_IN_C, NRF52840_DK, PICO, PICO_EMBASSY,
};
use tests::calculator;
use tests::emulator::Emulator;
use tests::ignorable;
use tests::image::{self, Images};
use tests::line::{Faults, Line, Pace};
use tests::program::serial_rpc;
use tests::pty::Pty;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        image_trial(
            "esp32c3",
            &ESP32C3,
            "the_image_has_no_allocator",
            the_image_has_no_allocator,
        ),
        image_trial(
            "nrf52840-dk",
            &NRF52840_DK,
            "the_image_has_no_allocator",
            the_image_has_no_allocator,
        ),
        emulator_trial(
            &PICO_EMBASSY,
            "calls_that_arrive_while_a_procedure_waits_run_after_it_in_order",
            calls_that_arrive_while_a_procedure_waits_run_after_it_in_order,
        ),
    ];
    trials.push(ignorable::slow_trial(
        "pico::a_board_whose_chip_computes_the_checksums_answers_every_procedure",
        || missing(&PICO),
        || {
            let emulator = Emulator::start_binary(&PICO, "sniffer")?;
            the_board_answers_every_procedure_to_a_typed_client(emulator)
        },
    ));
    for board in BUILT_QUICKLY {
        trials.extend([
            emulator_trial(
                board,
                "the_board_answers_every_procedure_to_the_command_line",
                the_board_answers_every_procedure_to_the_command_line,
            ),
            emulator_trial(
                board,
                "a_thousand_calls_over_a_noisy_line_run_once_each",
                |emulator| calls_over_a_noisy_line_run_once_each(emulator, 1000),
            ),
            emulator_trial(
                board,
                "a_board_that_is_switched_off_and_on_leaves_a_true_outcome",
                |emulator| {
                    a_board_that_is_switched_off_and_on_leaves_a_true_outcome(emulator, board)
                },
            ),
            emulator_trial(
                board,
                "the_board_tells_of_its_total_and_keeps_a_log_and_notes",
                the_board_tells_of_its_total_and_keeps_a_log_and_notes,
            ),
            emulator_trial(
                board,
                "the_board_cannot_be_told_from_the_simulated_one",
                the_board_cannot_be_told_from_the_simulated_one,
            ),
        ]);
    }
    for program in WITH_ANOTHER_TASK {
        trials.push(image_trial(
            program,
            LM3S6965.images(),
            "the_image_has_no_panic_path",
            move |images| assert_no_symbol_with(images, program, &["panic"]),
        ));
        trials.push(ignorable::trial(
            &format!("{program}::it_answers_and_the_other_task_goes_on"),
            || missing(&LM3S6965),
            move || {
                it_answers_and_the_other_task_goes_on(Emulator::start_binary(&LM3S6965, program)?)
            },
        ));
    }
    for board in BOARDS {
        trials.push(image_trial(
            board.name(),
            board.images(),
            "the_image_has_no_allocator",
            the_image_has_no_allocator,
        ));
        if board.never_panics() {
            trials.push(image_trial(
                board.name(),
                board.images(),
                "the_image_has_no_panic_path",
                the_image_has_no_panic_path,
            ));
        }
        trials.push(emulator_trial(
            board,
            "the_board_answers_every_procedure_to_a_typed_client",
            the_board_answers_every_procedure_to_a_typed_client,
        ));
        trials.push(emulator_trial(
            board,
            "bytes_that_come_while_the_board_boots_do_no_harm",
            bytes_that_come_while_the_board_boots_do_no_harm,
        ));
        trials.push(emulator_trial(
            board,
            "calls_over_a_noisy_line_run_once_each",
            |emulator| calls_over_a_noisy_line_run_once_each(emulator, 200),
        ));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The boards that are tested most, and by default.
static BUILT_QUICKLY: [&Board; 2] = [&LM3S6965, &LM3S6965_IN_C];

/// Creates a trial of a board's image, which needs only the compiler for it.
fn image_trial(
    board: &str,
    images: &'static Images,
    name: &str,
    test: impl FnOnce(&Images) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let name = format!("{board}::{name}");
    let missing = || images.missing_target();
    let is_quick = |board: &&Board| ptr::eq(images, board.images());
    if BUILT_QUICKLY.iter().any(is_quick) {
        ignorable::trial(&name, missing, move || test(images))
    } else {
        ignorable::slow_trial(&name, missing, move || test(images))
    }
}

/// Creates a trial of a freshly booted board.
fn emulator_trial(
    board: &'static Board,
    name: &str,
    test: impl FnOnce(Emulator) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let name = format!("{}::{name}", board.name());
    let test = move || test(Emulator::start(board)?);
    if BUILT_QUICKLY.iter().any(|quick| ptr::eq(*quick, board)) {
        ignorable::trial(&name, || missing(board), test)
    } else {
        ignorable::slow_trial(&name, || missing(board), test)
    }
}

/// Returns the reason why a board cannot be emulated here.
fn missing(board: &Board) -> Option<String> {
    board.missing_target().or_else(|| board.missing_emulator())
}

fn the_image_has_no_panic_path(images: &Images) -> Result<(), Failed> {
    // Every panic goes through `core::panicking`, however its name is mangled.
    assert_no_symbol_with(images, IMAGE, &["panic"])
}

fn the_image_has_no_allocator(images: &Images) -> Result<(), Failed> {
    assert_no_symbol_with(images, IMAGE, images.allocator())
}

fn assert_no_symbol_with(images: &Images, binary: &str, parts: &[&str]) -> Result<(), Failed> {
    let found = image::symbols_with(&images.image(binary)?, parts)?;
    assert!(found.is_empty(), "{found:#?}");
    Ok(())
}

fn the_board_answers_every_procedure_to_a_typed_client(emulator: Emulator) -> Result<(), Failed> {
    let pty = Pty::bridge(emulator.uart())?;
    let device = Connection::open(pty.path())?;
    calculator::assert_answers(&mut CalculatorClient::new(&device));
    Ok(())
}

fn the_board_answers_every_procedure_to_the_command_line(emulator: Emulator) -> Result<(), Failed> {
    let pty = Pty::bridge(emulator.uart())?;
    for (procedure, arguments, printed) in [
        ("add", &["2", "3"][..], "5\n"),
        ("sub", &["y=3", "x=2"], "-1\n"),
        ("mul", &["-12345", "67890"], "-838102050\n"),
        ("div", &["-7", "2"], "-3\n"),
        ("rem", &["-7", "2"], "-1\n"),
        ("pow", &["2", "0x1e"], "1073741824\n"),
        ("sqrt", &["2.25"], "1.5\n"),
        (
            "statistics",
            &["[2, 4, 4, 4, 5, 5, 7, 9]"],
            "{\"count\":8,\"min\":2.0,\"max\":9.0,\"mean\":5.0,\"deviation\":2.0}\n",
        ),
        ("evaluate", &["2*(3+4)-5"], "9\n"),
        ("accumulate", &["42"], "42\n"),
        ("total", &[], "42\n"),
        ("clear", &[], ""),
    ] {
        let procedure = format!("calculator.{procedure}");
        let outcome = serial_rpc(pty.path(), &[&["call", &procedure], arguments].concat());
        assert_eq!(
            (
                outcome.code,
                outcome.stdout.as_str(),
                outcome.stderr.as_str()
            ),
            (Some(0), printed, ""),
            "{procedure}"
        );
    }
    let outcome = serial_rpc(pty.path(), &["call", "calculator.div", "1", "0"]);
    assert_eq!(outcome.code, Some(6));
    assert!(outcome.stderr.contains("divide by zero"), "{outcome:?}");
    Ok(())
}

fn bytes_that_come_while_the_board_boots_do_no_harm(emulator: Emulator) -> Result<(), Failed> {
    // The board has just been switched on. The speed is about that of a UART, with the longest
    // call.
    for _ in 0..200 {
        emulator.uart().write_all(&[0x55; 30])?;
        thread::sleep(Duration::from_millis(2));
    }
    let pty = Pty::bridge(emulator.uart())?;
    let device = Connection::open_with(Port::Serial(pty.path().to_owned()), patient())?;
    assert_eq!(CalculatorClient::new(&device).add(2, 3), Ok(5));
    Ok(())
}

fn calls_over_a_noisy_line_run_once_each(emulator: Emulator, calls: i64) -> Result<(), Failed> {
    let faults = Faults {
        flips: 1e-3,
        drops: 1e-3,
        ..Faults::NONE
    };
    let lines = Line::pair(Pace::uart(115_200), [faults; 2], 2);
    let pty = Pty::bridge_over(emulator.uart(), lines)?;
    let device = Connection::open_with(Port::Serial(pty.path().to_owned()), patient())?;
    let mut calculator = CalculatorClient::new(&device);
    for total in 1..=calls {
        assert_eq!(calculator.accumulate(1), Ok(total));
    }
    let statistics = device.counters();
    assert!(
        statistics.resent > 0,
        "the line was not noisy: {statistics:?}"
    );
    // Each holds the port open.
    drop((calculator, device));
    let outcome = serial_rpc(pty.path(), &["--timeout", "60", "call", "calculator.total"]);
    assert_eq!(
        (outcome.code, &outcome.stdout),
        (Some(0), &format!("{calls}\n")),
        "{outcome:?}"
    );
    Ok(())
}

fn a_board_that_is_switched_off_and_on_leaves_a_true_outcome(
    emulator: Emulator,
    board: &Board,
) -> Result<(), Failed> {
    // A path of its own, as udev would create it, that leads to the current port.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("board");
    // At this speed, a call takes a tenth of a second to arrive.
    let slow = Line::pair(Pace::uart(1200), [Faults::NONE; 2], 0);
    let pty = Pty::bridge_over(emulator.uart(), slow)?;
    symlink(pty.path(), &path)?;
    let port = Port::Serial(path.to_string_lossy().into_owned());
    let device = Connection::open_with(port, patient())?;
    let mut calculator = CalculatorClient::new(&device);
    assert_eq!(calculator.accumulate(1), Ok(1));

    // Switched off in the middle of a call.
    let call = device.submit::<CalculatorAccumulate>(&(1,))?;
    drop((pty, emulator));
    let lost = CallError::OutcomeUnknown(Cause::Disconnected);
    assert_eq!(call.wait(), Err(lost));

    // Switched on: another boot, and another port under the same path.
    let rebooted = Emulator::start(board)?;
    let pty = Pty::bridge(rebooted.uart())?;
    fs::remove_file(&path)?;
    symlink(pty.path(), &path)?;
    assert_eq!(calculator.total(), Ok(0));
    assert_eq!(calculator.accumulate(1), Ok(1));
    Ok(())
}

fn the_board_tells_of_its_total_and_keeps_a_log_and_notes(
    emulator: Emulator,
) -> Result<(), Failed> {
    let pty = Pty::bridge(emulator.uart())?;
    let port = Port::Serial(pty.path().to_owned());
    let device = Connection::open_with(port, patient())?;
    let mut calculator = CalculatorClient::new(&device);
    let mut changes = calculator.total_changed()?;
    for total in 1..=100 {
        assert_eq!(calculator.accumulate(1), Ok(total));
        let change = changes.next().expect("it is not cancelled")?;
        assert_eq!((change.data.total, change.lost), (total, 0));
    }
    // Each holds the port open.
    drop((changes, calculator, device));

    let failing = "calculator.div 1 0";
    let outcome = serial_rpc(
        pty.path(),
        &["log", "--count", "1", "--call", failing, "--json"],
    );
    assert!(outcome.stdout.contains("divide by zero"), "{outcome:?}");

    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let notes: Vec<u8> = (0..2000).map(|place| b'a' + (place % 26) as u8).collect();
    fs::write(path("written"), &notes)?;
    let outcome = serial_rpc(pty.path(), &["put", &path("written"), "notes"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let outcome = serial_rpc(pty.path(), &["get", "notes", &path("read")]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(fs::read(path("read"))?, notes);
    Ok(())
}

fn the_board_cannot_be_told_from_the_simulated_one(emulator: Emulator) -> Result<(), Failed> {
    let pty = Pty::bridge(emulator.uart())?;
    for command in [
        &["list", "--json"][..],
        &["describe", "calculator.add"],
        &["describe", "blocks.find"],
        &["schema", "dump", "--json"],
    ] {
        let [board, simulated] = [pty.path(), "sim"].map(|port| serial_rpc(port, command));
        assert_eq!(board.code, Some(0), "{board:?}");
        assert_eq!(board, simulated, "{command:?}");
    }
    Ok(())
}

/// The programs of the LM3S6965 whose procedures share state with another task: a loop that polls, an
/// interrupt, and a task of RTIC.
const WITH_ANOTHER_TASK: [&str; 3] = ["superloop", "interrupts", "rtic"];

fn it_answers_and_the_other_task_goes_on(emulator: Emulator) -> Result<(), Failed> {
    let pty = Pty::bridge(emulator.uart())?;
    let device = Connection::open(pty.path())?;
    calculator::assert_answers(&mut CalculatorClient::new(&device));
    let samples = || {
        device
            .call("filter.samples", &json!([]))
            .map(|value| value.as_u64())
    };
    for _ in 0..10 {
        let before = samples()?;
        assert_eq!(device.call("calculator.add", &json!([2, 3]))?, 5);
        // A sample may take a millisecond of the board's time, and so as many calls as fit that.
        let goes_on = (0..10_000).any(|_| samples().is_ok_and(|now| now > before));
        assert!(goes_on, "the other task stood still: {before:?}");
    }
    // A constant, smoothed, is that constant once it has been fed often enough.
    let value = || device.call("filter.value", &json!([]));
    let settles = (0..10_000).any(|_| value().is_ok_and(|value| value == 1000));
    assert!(settles, "the filter is at {:?}", value());
    Ok(())
}

/// The board's time is not this machine's: while it sleeps, the emulator skips to the next alarm.
fn calls_that_arrive_while_a_procedure_waits_run_after_it_in_order(
    emulator: Emulator,
) -> Result<(), Failed> {
    let pty = Pty::bridge(emulator.uart())?;
    let device = Connection::open_with(Port::Serial(pty.path().to_owned()), patient())?;
    let mut stopwatch = StopwatchClient::new(&device);
    for round in 1..=10 {
        let before = stopwatch.blinks()?;
        // All are in transit before the first is answered.
        let wait = device.submit::<StopwatchWait>(&(1000,))?;
        let blinks = device.submit::<StopwatchBlinks>(&())?;
        let totals = [(); 2].map(|()| device.submit::<CalculatorAccumulate>(&(1,)));
        let waited = wait.wait()?;
        assert!((1000..1010).contains(&waited), "{waited} ms");
        let blinked = blinks.wait()? - before;
        assert!(blinked >= 10, "the lamp stood still: {blinked}");
        for (place, total) in (1..).zip(totals) {
            assert_eq!(total?.wait(), Ok(2 * (round - 1) + place));
        }
    }
    Ok(())
}

/// Returns options for calls that must succeed, however long resending takes.
fn patient() -> Options {
    Options {
        timeout: Duration::from_secs(60),
        ..Options::default()
    }
}
