//! Tests what becomes of text that commands terminals: a program gets it byte for byte, a terminal never.
#![cfg(unix)]

use heapless::String;
use rpc_proto::Schema;
use rpc_proto::events::Emit;
use rpc_proto::service;
use rpc_proto::services::log::{Level, LogRecord, LogService};
use serde::{Deserialize, Serialize};
use serial_rpc::safe::is_hidden;
use serial_rpc_simulator::{SimulatedDevice, SimulatedEvents};
use std::process::Command;
use std::sync::Arc;
use tests::offered::Offered;
use tests::program::{program, serial_rpc};
use tests::test_device::TestDevice;

/// A title for the terminal's window, the end of a command in 8 bits, text from right to left, hidden text.
const TEXT: &str = "a\u{7f}b\u{1b}]0;title\u{7}\u{9b}2J\u{202e}\u{200b}\u{e0041}c";

/// An error that holds text.
#[derive(Clone, Debug, Serialize, Deserialize, Schema)]
pub enum Excuse {
    /// For that reason.
    Because(String<64>),
}

/// A struct that holds text.
#[derive(Clone, Debug, Serialize, Deserialize, Schema)]
pub struct Page<'a> {
    /// The text.
    pub text: &'a str,
}

/// Tells.
#[service]
#[doc = "\u{1b}]0;title\u{7}\u{9b}2J\u{202e}\u{200b}"]
pub trait Teller {
    #[doc = "Says \u{1b}]0;title\u{7}\u{9b}2J\u{202e}\u{200b}."]
    #[idempotent]
    fn text(&self) -> &'static str;

    /// Says it in a struct.
    #[idempotent]
    fn page(&self) -> Page<'static>;

    /// Refuses to.
    fn refuse(&mut self) -> Result<(), Excuse>;

    /// Something was said.
    #[event]
    fn said(text: &str);
}

struct Novel(Arc<SimulatedEvents>);

impl Teller for Novel {
    fn text(&self) -> &'static str {
        TEXT
    }

    fn page(&self) -> Page<'static> {
        Page { text: TEXT }
    }

    fn refuse(&mut self) -> Result<(), Excuse> {
        self.0.emit(&TellerSaid { text: TEXT });
        self.0.emit(&LogRecord {
            level: Level::Info,
            target: TEXT,
            text: TEXT,
        });
        Err(Excuse::Because(TEXT.try_into().expect("it is short")))
    }
}

rpc_proto::interface! {
    struct Book("book", "1.0.0") {
        teller: TellerService<Novel>,
        log: LogService<()>,
    }
}

fn book() -> Offered<TestDevice<Book>> {
    let events = Arc::new(SimulatedEvents::new());
    let teller = TellerService(Novel(Arc::clone(&events)));
    let log = LogService(());
    Offered::new(SimulatedDevice::with_events(Book { teller, log }, events))
}

#[test]
fn a_program_reads_the_value_byte_for_byte() {
    let book = book();
    let said = |words: &[&str]| serial_rpc(&book.port(), words).stdout;
    assert_eq!(said(&["call", "teller.text"]), format!("{TEXT}\n"));
    let json = serde_json::to_string(TEXT).unwrap();
    assert_eq!(
        said(&["--json", "call", "teller.text"]),
        format!("{json}\n")
    );
    assert_eq!(
        said(&["call", "teller.page"]),
        format!("{{\"text\":{json}}}\n")
    );
    let words = ["--json", "watch", "teller.text", "--count", "1"];
    let line: serde_json::Value = serde_json::from_str(&said(&words)).unwrap();
    assert_eq!(line["value"], TEXT);
}

#[test]
fn a_terminal_is_shown_nothing_that_commands_it() {
    let book = book();
    let port = book.port();
    let event = ["--call", "teller.refuse", "--count", "1"];
    let watch = [&["watch", "teller.said"][..], &event].concat();
    let log = [&["log"][..], &event].concat();
    for (words, shown) in [
        (&["list"][..], r"Says \u{1b}]0;title\u{7}\u{9b}2J"),
        (&["describe", "teller"], r"Says \u{1b}]0;title\u{7}\u{9b}2J"),
        (&["describe", "teller.text"], r"\u{202e}\u{200b}"),
        (&["call", "teller.text"], r"a\u{7f}b\u{1b}]0;title"),
        (
            &["call", "teller.page"],
            r#"{"text":"a\u007fb\u001b]0;title"#,
        ),
        (
            &["--json", "call", "teller.text"],
            r"\u009b2J\u202e\u200b\udb40\udc41c",
        ),
        (&["call", "teller.refuse"], r"because (a\u{7f}b\u{1b}"),
        (&["--json", "call", "teller.refuse"], r"a\u007fb\u001b"),
        (&["watch", "teller.page", "--count", "1"], r"a\u{7f}b\u{1b}"),
        (&watch, r"a\u{7f}b\u{1b}"),
        (&log, r"a\u{7f}b\u{1b}"),
        (&["schema", "dump"], r"\u{1b}]0;title"),
        (&["-v", "call", "teller.text"], r"a\u{7f}b\u{1b}"),
        (&["-vv", "call", "teller.text"], r"a\u{7f}b\u{1b}"),
    ] {
        let output = on_a_terminal(&port, words);
        assert!(output.contains(shown), "{words:?}: {output:?}");
        let rest = without_colours(&output);
        let hidden = |c: &char| is_hidden(*c) && !matches!(c, '\r' | '\n' | '\t');
        assert_eq!(rest.chars().find(hidden), None, "{words:?}: {rest:?}");
    }
}

/// Runs the program with a terminal as its stdout and stderr.
fn on_a_terminal(port: &str, words: &[&str]) -> std::string::String {
    let mut command = Command::new(program());
    command.args(["--no-cache", "--port", port]).args(words);
    let mut terminal = rexpect::session::spawn_command(command, Some(60_000)).unwrap();
    terminal.exp_eof().unwrap()
}

/// Takes out the program's own colours.
fn without_colours(text: &str) -> std::string::String {
    let mut rest = std::string::String::new();
    for (index, part) in text.split("\u{1b}[").enumerate() {
        let part = match part.split_once('m') {
            Some((colour, part))
                if index > 0 && colour.bytes().all(|b| b.is_ascii_digit() || b == b';') =>
            {
                part
            }
            _ if index > 0 => panic!("an escape sequence that is no colour: {part:?}"),
            _ => part,
        };
        rest += part;
    }
    rest
}
