//! Prints results on stdout, and messages and failures on stderr: for people, or as JSON.

use crate::failure::{Class, Failure};
use anstream::stdout;
use serde::Serialize;
use std::fmt::Display;
use std::io::{ErrorKind, Write};

/// Prints text for people. Colours are left out if they are not wanted.
pub fn print(text: impl Display) -> Result<(), Failure> {
    // All at once, because each write takes a lock and may be a system call.
    let text = format!("{text}\n");
    wrote(stdout().write_all(text.as_bytes()))
}

/// Prints one line of JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value)
        .map_err(|error| Failure::new(Class::Internal, format!("no JSON: {error}")))?;
    print(json)
}

/// Prints a message about the results on stderr, for people or for a program.
pub fn notice(json: bool, text: &str) {
    if json {
        say(serde_json::json!({ "notice": text }));
    } else {
        say(format_args!("\x1b[1;33mnote\x1b[0m: {text}"));
    }
}

/// Prints a failure on stderr.
pub fn failure(json: bool, failure: &Failure) {
    if failure.class == Class::NobodyReads {
        return;
    }
    if json {
        say(failure.to_json());
    } else {
        say(format_args!("\x1b[1;31merror\x1b[0m: {}", failure.message));
        for hint in failure.hint.iter().flat_map(|hints| hints.lines()) {
            say(format_args!("\x1b[1;36mhint\x1b[0m: {hint}"));
        }
    }
}

/// Prints a line on stderr, if anybody can read it: the terminal may be gone.
fn say(line: impl Display) {
    let _gone = writeln!(anstream::stderr(), "{line}");
}

/// Writes bytes as they are.
pub fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    wrote(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

fn wrote(result: std::io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| match error.kind() {
        // For example `head`, which stops reading early.
        ErrorKind::BrokenPipe => Failure::new(Class::NobodyReads, ""),
        _ => Failure::new(Class::Internal, format!("cannot write the result: {error}")),
    })
}
