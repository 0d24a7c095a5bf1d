//! Prints results on stdout, and messages and failures on stderr: for people, or as JSON.
//!
//! A program that reads a value gets it byte for byte. A terminal, and text for people, gets what a device
//! sent made safe by [`safe`].

use crate::failure::{Class, Failure};
use anstream::stdout;
use serde::Serialize;
use serde_json::Value;
use serial_rpc::safe;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use textwrap::Options;

/// Prints text for people. Colours are left out if they are not wanted. What a device sent must be safe in it.
pub fn print(text: impl Display) -> Result<(), Failure> {
    // All at once, because each write takes a lock and may be a system call.
    let text = format!("{text}\n");
    wrote(stdout().write_all(text.as_bytes()))
}

/// Prints a value: a string without quotes, everything else as JSON.
pub fn print_value(value: &Value) -> Result<(), Failure> {
    match value {
        Value::String(text) => write_data(format!("{text}\n").as_bytes()),
        value => print_json(value),
    }
}

/// Prints text for people that is not a value: in a terminal, long lines break between words.
pub fn print_text(text: &str) -> Result<(), Failure> {
    print(wrapped(text, &io::stdout()))
}

/// Breaks lines that are longer than the terminal is wide, if there is one.
fn wrapped(text: &str, stream: &impl IsTerminal) -> String {
    match crossterm::terminal::size() {
        Ok((columns, _)) if stream.is_terminal() && columns > 0 => wrap(text, columns.into()),
        _ => text.to_owned(),
    }
}

/// Breaks lines that are longer than that between words. What continues a line is indented as it is.
fn wrap(text: &str, columns: usize) -> String {
    let lines = text.lines().map(|line| {
        let indent = line.get(..line.len() - line.trim_start().len());
        let options = Options::new(columns)
            .subsequent_indent(indent.unwrap_or_default())
            .break_words(false);
        textwrap::fill(line, options)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Says how many there are.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

/// Prints one line of JSON that begins with the time, if there is one.
pub fn print_timed(time: Option<impl Serialize>, event: Value) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Timed<T> {
        #[serde(skip_serializing_if = "Option::is_none")]
        time: Option<T>,
        #[serde(flatten)]
        event: Value,
    }
    print_json(&Timed { time, event })
}

/// Prints one line of JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    write((json_for(&io::stdout(), value)? + "\n").as_bytes())
}

/// Prints a message about the results on stderr, for people or for a program.
pub fn notice(json: bool, text: &str) {
    if json {
        say_json(&serde_json::json!({ "notice": text }));
    } else {
        say(format_args!("\x1b[1;33mnote\x1b[0m: {}", safe::lines(text)));
    }
}

/// Prints a failure on stderr.
pub fn failure(json: bool, failure: &Failure) {
    if failure.class == Class::NobodyReads {
        return;
    }
    if json {
        say_json(&failure.to_json());
    } else {
        let message = safe::lines(&failure.message);
        say(format_args!("\x1b[1;31merror\x1b[0m: {message}"));
        let hints = failure.hint.iter().flat_map(|hints| hints.lines());
        for hint in hints.filter(|hint| !hint.is_empty()) {
            say(format_args!("\x1b[1;36mhint\x1b[0m: {}", safe::lines(hint)));
        }
    }
}

/// Prints a line on stderr, if anybody can read it: the terminal may be gone.
fn say(line: impl Display) {
    let line = wrapped(&line.to_string(), &io::stderr());
    let _gone = writeln!(anstream::stderr(), "{line}");
}

/// Prints a line of JSON on stderr, likewise.
fn say_json(value: &Value) {
    if let Ok(line) = json_for(&io::stderr(), value) {
        let _gone = io::stderr().write_all((line + "\n").as_bytes());
    }
}

/// Returns a value as JSON, for a terminal or for a program.
fn json_for(stream: &impl IsTerminal, value: &impl Serialize) -> Result<String, Failure> {
    let json = serde_json::to_string(value)
        .map_err(|error| Failure::new(Class::Internal, format!("no JSON: {error}")))?;
    Ok(if stream.is_terminal() {
        safe::json(&json)
    } else {
        json
    })
}

/// Writes what a device sent, byte for byte unless a person looks at it.
pub fn write_data(bytes: &[u8]) -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        write(safe::lines(&String::from_utf8_lossy(bytes)).as_bytes())
    } else {
        write(bytes)
    }
}

/// Writes bytes as they are.
pub fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    wrote(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

fn wrote(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| match error.kind() {
        // For example `head`, which stops reading early.
        ErrorKind::BrokenPipe => Failure::new(Class::NobodyReads, ""),
        _ => Failure::new(Class::Internal, format!("cannot write the result: {error}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_break_between_words_and_keep_their_indentation() {
        assert_eq!(
            wrap("one two\n  three \x1b[1mfour\x1b[0m five\n\nsixteen", 12),
            "one two\n  three \x1b[1mfour\x1b[0m\n  five\n\nsixteen"
        );
        assert_eq!(wrap("a 1234567890", 5), "a\n1234567890");
    }
}
