//! The C that is generated for an interface compiles without a warning, whatever a device says of itself, and agrees with
//! the Rust ends about every value and every kind of procedure.
//!
//! A trial whose compiler is missing is ignored, with the reason; see `tests::ignorable`.
#![cfg(unix)]

mod ends;
mod firmware;
#[path = "../../../host-cli/values/tests/generate.rs"]
#[allow(dead_code, reason = "the tests of values use more of it")]
mod generate;
mod random;
mod values;

use libtest_mimic::{Arguments, Failed, Trial};
use serial_rpc_source::description;
use std::path::Path;
use std::process::ExitCode;
use tests::c_program::{Program, missing, missing_sanitizers};
use tests::ignorable::trial;

/// Interfaces with every kind of procedure and every shape of type.
const SOURCES: [&str; 5] = [
    "firmware/src/demonstration.rs",
    "host-cli/source/tests/source/shapes.rs",
    "host-cli/source/tests/source/told/mod.rs",
    "host-cli/source/tests/source/parts.rs",
    "host-cli/tests/cmd/generate.in/lamp.rs",
];

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for compiler in ["gcc", "clang", "g++", "clang++"] {
        let name = format!("generated_code_compiles_without_a_warning::{compiler}");
        trials.push(with(&name, compiler, move || compiles(compiler)));
        let name = format!("no_name_or_doc_means_anything_in_c::{compiler}");
        trials.push(with(&name, compiler, move || random::hostile(compiler)));
    }
    for (name, test) in [
        ("values_agree_with_the_rust_ends", values::agree as Test),
        (
            "arbitrary_bytes_are_read_as_the_rust_ends_do",
            values::arbitrary,
        ),
        ("a_device_in_c_serves_every_kind_of_procedure", ends::device),
        ("a_caller_in_c_calls_every_kind_of_procedure", ends::caller),
    ] {
        trials.push(trial(name, missing_sanitizers, test));
    }
    trials.push(Trial::test(
        "the_code_of_the_firmware_in_c_is_what_is_generated",
        firmware::is_generated,
    ));
    trials.push(Trial::test(
        "the_same_interface_makes_the_same_text",
        || {
            for source in SOURCES {
                assert_eq!(generated(source), generated(source));
            }
            Ok(())
        },
    ));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

type Test = fn() -> Result<(), Failed>;

fn with(
    name: &str,
    compiler: &'static str,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    trial(name, move || missing(compiler), test)
}

/// Returns the description of the interface in a file of the repository.
fn described(source: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(source);
    description(path).unwrap_or_else(|error| panic!("{error}"))
}

fn generated(source: &str) -> Vec<serial_rpc_generator::File> {
    serial_rpc_generator::generate_c(&described(source), true).expect("C can have it")
}

fn compiles(compiler: &str) -> Result<(), Failed> {
    for source in SOURCES {
        let program = Program::of(&described(source));
        program.check(compiler, &["-O2"])?;
    }
    Ok(())
}
