//! Shows a failure to start, with its hint, as the program `serial-rpc` shows its failures.

use serial_rpc::failure::Failure;
use serial_rpc::safe;
use std::fmt::Display;
use std::io::{Write, stderr};

/// Prints a failure on stderr, for people or as JSON, and returns the exit code.
pub fn print(failure: &Failure, as_json: bool) -> u8 {
    if as_json {
        say(&failure.to_json());
    } else {
        say(&format_args!("error: {}", safe::lines(&failure.message)));
        for hint in failure.hint.iter().flat_map(|hints| hints.lines()) {
            say(&format_args!("hint: {}", safe::lines(hint)));
        }
    }
    failure.class as u8
}

/// Prints a line, if anybody can read it.
fn say(line: &dyn Display) {
    let _gone = writeln!(stderr(), "{line}");
}
