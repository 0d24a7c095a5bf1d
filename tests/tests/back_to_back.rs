//! Tests a microcontroller that calls another one, both emulated by QEMU, wire to wire.
//!
//! If QEMU or the board's Rust target is missing, these tests are ignored and say why; see
//! `tests::ignorable`.
#![cfg(unix)]

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::ptr;
use tests::back_to_back::{Machine, Wire};
use tests::board::{Board, LM3S6965, LM3S6965_IN_C};
use tests::ignorable;

/// The board that is called, and the one that calls.
type Boards = [&'static Board; 2];

/// Rust calls Rust, and each language the other and itself.
static PAIRINGS: [Boards; 4] = [
    [&LM3S6965, &LM3S6965],
    [&LM3S6965, &LM3S6965_IN_C],
    [&LM3S6965_IN_C, &LM3S6965],
    [&LM3S6965_IN_C, &LM3S6965_IN_C],
];

fn main() -> ExitCode {
    let trials = PAIRINGS.into_iter().flat_map(|boards| {
        [
            trial(
                "one_board_calls_every_procedure_of_the_other",
                boards,
                one_board_calls_every_procedure_of_the_other,
            ),
            trial(
                "a_device_that_is_switched_on_after_the_first_call_answers_it",
                boards,
                a_device_that_is_switched_on_after_the_first_call_answers_it,
            ),
        ]
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// Creates a trial with two boards and a wire.
fn trial(name: &str, boards: Boards, test: fn(Wire, Boards) -> Result<(), Failed>) -> Trial {
    let [device, caller] = boards.map(Board::name);
    let missing = move || {
        let missing = |board: &Board| board.missing_target().or_else(|| board.missing_emulator());
        boards.into_iter().find_map(missing)
    };
    ignorable::trial(
        &format!("{caller}_calls_{device}::{name}"),
        missing,
        move || test(Wire::new()?, boards),
    )
}

/// The output of the caller in Rust if the other board answers as it should.
const RIGHT: &[&str] = &[
    "add(2, 3) = 5",
    "add(i32::MAX, 1) = error Overflow",
    "sub(-2_000_000_000, 1) = -2000000001",
    "mul(-12_345, 67_890) = -838102050",
    "div(-7, 2) = -3",
    "div(1, 0) = error DivideByZero",
    "rem(-7, 2) = -1",
    "pow(2, 30) = 1073741824",
    "pow(2, 31) = error Overflow",
    "sqrt(2.25) = 1.5",
    "sqrt(-1.0) = error NegativeRoot",
    "statistics([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into()) = \
     Summary { count: 8, min: 2.0, max: 9.0, mean: 5.0, deviation: 2.0 }",
    "statistics([1.0; 16].into()) = \
     Summary { count: 16, min: 1.0, max: 1.0, mean: 1.0, deviation: 0.0 }",
    "statistics([].into()) = error NoSamples",
    "evaluate(\"2*(3+4)-5\") = 9",
    "evaluate(\"2*(3+4\") = error ExpressionError { position: 2, reason: Unclosed }",
    "clear() = ()",
    "accumulate(40) = 40",
    "accumulate(i64::MAX) = error Overflow",
    "accumulate(2) = 42",
    "total() = 42",
];

/// That of the caller in C.
const RIGHT_IN_C: &[&str] = &[
    "add(2, 3) = 5",
    "add(INT32_MAX, 1) = error Overflow",
    "sub(-2000000000, 1) = -2000000001",
    "mul(-12345, 67890) = -838102050",
    "div(-7, 2) = -3",
    "div(1, 0) = error DivideByZero",
    "rem(-7, 2) = -1",
    "pow(2, 30) = 1073741824",
    "pow(2, 31) = error Overflow",
    "sqrt(2.25) = 1.5",
    "sqrt(-1.0) = error NegativeRoot",
    "statistics(2, 4, 4, 4, 5, 5, 7, 9) = 8 from 2.0 to 9.0, mean 5.0, deviation 2.0",
    "statistics() = error NoSamples",
    "evaluate(2*(3+4)-5) = 9",
    "evaluate(2*(3+4) = error 2 Unclosed",
    "clear() = ",
    "accumulate(40) = 40",
    "accumulate(INT64_MAX) = error Overflow",
    "accumulate(2) = 42",
    "total() = 42",
    "subscribe_total_changed() = ",
    "accumulate(8) = 50",
    "total_changed = 50",
    "replay(0 to 99) = 5000",
    "history() = 16",
];

fn one_board_calls_every_procedure_of_the_other(
    wire: Wire,
    [device, caller]: Boards,
) -> Result<(), Failed> {
    let _device = wire.start_device(device)?;
    assert_answered(wire.start_caller(caller)?, caller)
}

fn a_device_that_is_switched_on_after_the_first_call_answers_it(
    wire: Wire,
    [device, caller]: Boards,
) -> Result<(), Failed> {
    let mut calling = wire.start_caller(caller)?;
    assert_eq!(calling.line()?, "calling");
    let _device = wire.start_device(device)?;
    assert_answered(calling, caller)
}

/// Lets the caller finish, which must print the right answers and report success.
fn assert_answered(caller: Machine, board: &Board) -> Result<(), Failed> {
    let (mut lines, success) = caller.run_to_end()?;
    lines.retain(|line| line != "calling");
    let right = if ptr::eq(board, &LM3S6965) {
        lines
            .pop_if(|line| line.starts_with("Counters"))
            .ok_or("it printed no counters")?;
        RIGHT
    } else {
        RIGHT_IN_C
    };
    assert_eq!(lines, right);
    assert!(success);
    Ok(())
}
