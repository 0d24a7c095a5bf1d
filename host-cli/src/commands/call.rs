//! `serial-rpc call`: makes one call, or the same call several times, by the device's description.

use crate::completer;
use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::input::Input;
use crate::{interface, interrupt, negative, output};
use clap_complete::ArgValueCompleter;
use serde_json::Value;
use serial_rpc::Connection;
use serial_rpc::connection::NamedCallError;
use serial_rpc::description::{Procedure, Shape};
use serial_rpc::seconds::seconds;
use std::time::Duration;

/// Call a procedure and print its value.
///
/// Numbers, strings and names of enum variants are written as they are, a number also as 0xff,
/// 0b101 or 1_000; bytes as 0x00ff or @FILE; lists and structs as JSON. `serial-rpc describe
/// PROCEDURE` shows the arguments of a procedure.
///
/// A procedure that returns a stream prints each item as it comes, a line of JSON each. A procedure
/// that takes a stream takes it as a list or, with --items, as lines of JSON from a file; each call
/// takes as many as fit.
///
/// A string is printed without quotes, everything else as JSON, and an empty value not at all. With
/// --json, the output is always JSON. Events cannot be called: `serial-rpc watch` shows them as
/// they come, and can also call a procedure at intervals.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc call calculator.add 2 3
  serial-rpc call calculator.add y=3 x=2
  serial-rpc call calculator.statistics '[1.5, 2.5, 4]'
  serial-rpc call calculator.evaluate '2*(3+4)-5'
  echo '{\"x\": 2, \"y\": 3}' | serial-rpc call calculator.add -
  serial-rpc call calculator.history | head -1
  echo '{\"Add\": [2, 3]}' | serial-rpc call calculator.replay --items -
  serial-rpc call calculator.total --repeat 0 --interval 100ms    until Ctrl-C")]
pub struct Call {
    /// The procedure, such as calculator.add.
    #[arg(add = ArgValueCompleter::new(completer::procedures))]
    procedure: String,

    /// The arguments, in order or as NAME=VALUE. A single - reads them all from stdin, as JSON.
    #[arg(value_name = "ARGUMENT", value_parser = negative::unmarked)]
    arguments: Vec<String>,

    /// All arguments as a JSON array, or as an object with their names; - reads it from stdin.
    #[arg(long, value_name = "JSON", conflicts_with = "arguments")]
    args_json: Option<String>,

    /// The items of the stream that it takes: a file with a line of JSON for each, - for stdin.
    #[arg(long, value_name = "FILE", conflicts_with = "args_json")]
    items: Option<String>,

    /// Number of calls; 0 continues until Ctrl-C. It ends at the first failure [default: 1].
    #[arg(long, value_name = "COUNT")]
    repeat: Option<u64>,

    /// Time between two calls, in seconds or as 100ms.
    #[arg(long, value_name = "TIME", value_parser = seconds, requires = "repeat")]
    interval: Option<Duration>,
}

/// Makes the call, and prints the value.
pub fn run(context: &Context, call: &Call) -> Result<(), Failure> {
    // Before the port is opened, so that a slow pipe does not hold it.
    let all = all_arguments(call)?;
    let device = context.connect()?;
    let mut made = 0;
    loop {
        match &call.items {
            Some(file) => feed(context, &device, call, file)?,
            None => once(
                context,
                &device,
                &call.procedure,
                match &all {
                    Some(arguments) => Arguments::Json(arguments),
                    None => Arguments::Words(&call.arguments),
                },
            )?,
        }
        made += 1;
        if made == call.repeat.unwrap_or(1) {
            return Ok(());
        }
        match call.interval {
            Some(interval) => interrupt::sleep(interval)?,
            None => interrupt::check()?,
        }
    }
}

/// Returns the arguments, if they are given as one piece of JSON.
fn all_arguments(call: &Call) -> Result<Option<Value>, Failure> {
    let json = match (&call.args_json, call.arguments.as_slice()) {
        (Some(text), _) if text != "-" => text.clone().into_bytes(),
        (None, [word]) if word != "-" => return Ok(None),
        (None, words) if words.len() != 1 => return Ok(None),
        _ => Input::open("-")?.all()?,
    };
    serde_json::from_slice(&json).map(Some).map_err(|error| {
        Failure::new(Class::Usage, format!("the arguments are not JSON: {error}"))
            .hint("write them as [2, 3], or as {\"x\": 2, \"y\": 3}")
    })
}

/// The arguments of a call.
#[derive(Clone, Copy)]
pub enum Arguments<'a> {
    /// All arguments, as one piece of JSON.
    Json(&'a Value),
    /// The words of a shell.
    Words(&'a [String]),
}

/// Makes one call, and prints its result.
pub fn once(
    context: &Context,
    device: &Connection,
    path: &str,
    arguments: Arguments<'_>,
) -> Result<(), Failure> {
    let failed = |error| Failure::named_call(device, error);
    let description = interface::of_device(device)?;
    let procedure = description.procedure(path)?;
    if procedure.kind.is_stream() {
        let items = match arguments {
            Arguments::Json(arguments) => device.stream(path, arguments),
            Arguments::Words(words) => device.stream_words(path, words),
        };
        let mut items = items.map_err(failed)?;
        let mut told = 0;
        loop {
            let item = items.next();
            let lost = items.lost();
            if lost > told {
                tell_lost(context, lost - told);
                told = lost;
            }
            let Some(item) = item else { return Ok(()) };
            output::print_json(&item.map_err(failed)?)?;
            interrupt::check()?;
        }
    }
    let value = match arguments {
        Arguments::Json(arguments) => device.call(path, arguments),
        Arguments::Words(words) => device.call_words(path, words),
    };
    print(context, procedure, &value.map_err(failed)?)
}

/// Tells on stderr how many items were missed before the next.
fn tell_lost(context: &Context, count: u32) {
    let items = output::counted(count.into(), "item was", "items were");
    let text = format!("{items} lost: the device dropped them before they could be read");
    output::notice(context.json, &text);
}

/// Feeds the items of a file to a procedure.
fn feed(context: &Context, device: &Connection, call: &Call, file: &str) -> Result<(), Failure> {
    let failed = |error| Failure::named_call(device, error);
    let input = Input::open(file)?;
    let mut feed = device
        .feed(&call.procedure, &call.arguments)
        .map_err(failed)?;
    for line in input.lines() {
        let (number, line) = line?;
        interrupt::check()?;
        if line.trim().is_empty() {
            continue;
        }
        let mistake = match serde_json::from_str(&line) {
            Ok(item) => match feed.push(&item) {
                Ok(()) => continue,
                Err(NamedCallError::Item { error, .. }) => error.to_string(),
                Err(error) => return Err(failed(error)),
            },
            Err(error) => format!("the item is not JSON: {error}"),
        };
        let failure = Failure::new(Class::Usage, mistake).in_line(number);
        return Err(match feed.stop() {
            0 => failure.hint("no item was sent"),
            taken => failure.hint(format!("the first {taken} items were taken")),
        });
    }
    let value = feed.finish().map_err(failed)?;
    let description = interface::of_device(device)?;
    print(context, description.procedure(&call.procedure)?, &value)
}

/// Prints the value that a call of the procedure returned.
fn print(context: &Context, procedure: &Procedure, value: &Value) -> Result<(), Failure> {
    if context.json {
        return output::print_json(value);
    }
    // A procedure that returns nothing prints nothing.
    if procedure.value.shape == Shape::Unit {
        return Ok(());
    }
    output::print_value(value)
}
