//! `serial-rpc batch`: makes the calls in a file, one a line.

use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::input::Input;
use crate::interrupt;
use crate::output::print_json;
use crate::words;
use serde_json::{Value, json};
use serial_rpc::Connection;
use std::io::{self, IsTerminal};

/// Make the calls in a file, and print a line of JSON for each.
///
/// A line is a procedure and its arguments as for `call`; JSON needs no quotes. # begins a comment.
/// A result has the number of its `line`, the `procedure`, and the `value` or else the `failure`.
/// The exit code is that of the first failure.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc batch calls.txt
  printf '%s\\n' 'calculator.add 2 3' 'calculator.total' | serial-rpc batch
  serial-rpc batch --keep-going calls.txt | jq .value")]
pub struct Batch {
    /// The file, or - for stdin, where each line is called as it comes. Stdin is the default if it is no terminal.
    file: Option<String>,

    /// Continue with the next line when a call fails.
    #[arg(long, short)]
    keep_going: bool,
}

/// Makes the calls line by line.
pub fn run(context: &Context, batch: &Batch) -> Result<(), Failure> {
    let input = match &batch.file {
        Some(file) => Input::open(file)?,
        None if io::stdin().is_terminal() => {
            let failure = Failure::new(Class::Usage, "there is no file with calls");
            return Err(failure.hint("name one, or - to type them"));
        }
        None => Input::open("-")?,
    };
    let device = context.connect()?;
    let mut first_failure = None;
    for line in input.lines() {
        let (number, line) = line?;
        interrupt::check()?;
        let (procedure, result) = match words::split(&line) {
            Ok(words) if words.is_empty() => continue,
            Ok(words) => call(&device, words),
            Err(unclosed) => (None, Err(unclosed.into())),
        };
        let mut outcome = json!({ "line": number, "procedure": procedure });
        match &result {
            Ok(value) => outcome["value"] = value.clone(),
            Err(failure) => outcome["failure"] = failure.to_json(),
        }
        print_json(&outcome)?;
        if let Err(failure) = result {
            first_failure.get_or_insert(failure.in_line(number));
            if !batch.keep_going {
                break;
            }
        }
    }
    first_failure.map_or(Ok(()), Err)
}

/// Makes the call in the words of a line.
fn call(device: &Connection, words: Vec<String>) -> (Option<String>, Result<Value, Failure>) {
    let mut words = words.into_iter();
    let procedure = words.next().unwrap_or_default();
    let arguments: Vec<String> = words.collect();
    let result = device
        .call_words(&procedure, &arguments)
        .map_err(|error| Failure::named_call(device, error));
    (Some(procedure), result)
}
