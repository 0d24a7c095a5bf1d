//! Tests a microcontroller that calls another one, both emulated by QEMU, wire to wire.
//!
//! If QEMU or the board's Rust target is missing, these tests are ignored and say why; see
//! `tests::ignorable`.
#![cfg(unix)]

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use tests::back_to_back::{Machine, Wire};
use tests::board::LM3S6965;
use tests::ignorable;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        trial(
            "one_board_calls_every_procedure_of_the_other",
            one_board_calls_every_procedure_of_the_other,
        ),
        trial(
            "a_device_that_is_switched_on_after_the_first_call_answers_it",
            a_device_that_is_switched_on_after_the_first_call_answers_it,
        ),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Creates a trial with two boards and a wire.
fn trial(name: &str, test: fn(Wire) -> Result<(), Failed>) -> Trial {
    let missing = || {
        LM3S6965
            .missing_target()
            .or_else(|| LM3S6965.missing_emulator())
    };
    ignorable::trial(name, missing, move || test(Wire::new()?))
}

/// The caller's output if the other board answers as it should.
const RIGHT: [&str; 21] = [
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

fn one_board_calls_every_procedure_of_the_other(wire: Wire) -> Result<(), Failed> {
    let _device = wire.start_device()?;
    let mut caller = wire.start_caller()?;
    assert_eq!(caller.line()?, "calling");
    assert_answered(caller)
}

fn a_device_that_is_switched_on_after_the_first_call_answers_it(wire: Wire) -> Result<(), Failed> {
    let mut caller = wire.start_caller()?;
    assert_eq!(caller.line()?, "calling");
    let _device = wire.start_device()?;
    assert_answered(caller)
}

/// Lets the caller finish, which must print the right answers and report success.
fn assert_answered(caller: Machine) -> Result<(), Failed> {
    let (lines, success) = caller.run_to_end()?;
    let (statistics, answers) = lines.split_last().ok_or("it printed nothing")?;
    assert_eq!(answers, RIGHT, "{statistics}");
    assert!(success, "{statistics}");
    Ok(())
}
