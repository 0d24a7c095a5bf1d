//! `serial-rpc shell`: makes calls from a prompt.

mod assistant;
mod lines;

use crate::commands::call::{self, Arguments};
use crate::commands::{describe, list};
use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::{interrupt, output, words};
use anstream::eprintln;
use lines::Lines;
use serial_rpc::Connection;
use serial_rpc::description::Description;
use std::sync::Arc;

/// Call procedures from a prompt.
///
/// A line is a procedure and its arguments as for `call`; JSON needs no quotes and may span several
/// lines. Tab completes, Ctrl-C cancels a call, Ctrl-D ends. `help` lists the procedures.
#[derive(Debug, clap::Args)]
pub struct Shell {}

/// The one command besides procedures.
const HELP: &str = "help";
const EXIT: &str = "exit";

/// Reads lines and makes calls until the user ends it.
pub fn run(context: &Context, _shell: &Shell) -> Result<(), Failure> {
    let device = context.connect()?;
    let mut lines = Lines::open()?;
    greet(context, &device, &mut lines);
    while let Some(line) = lines.next()? {
        let words = match words::split(&line) {
            Ok(words) => words,
            Err(unclosed) => {
                report(context, &Failure::new(Class::Usage, unclosed.to_string()));
                continue;
            }
        };
        let Some((first, arguments)) = words.split_first() else {
            continue;
        };
        let result = match (first.as_str(), arguments) {
            (EXIT | "quit", []) => return Ok(()),
            // Names that are commands elsewhere: no procedure's path is a single word.
            (HELP | "?" | "list" | "describe", arguments) => {
                help(&device, arguments.first().map(String::as_str))
            }
            (procedure, words) => call::once(context, &device, procedure, Arguments::Words(words)),
        };
        if let Err(failure) = result {
            report(context, &failure);
        }
        // The device may have come back with other firmware.
        if device.device().is_some() {
            learn(context, &device, &mut lines);
        }
    }
    Ok(())
}

/// Prints a failure. The shell goes on, also after Ctrl-C has ended a call.
fn report(context: &Context, failure: &Failure) {
    output::failure(context.json, failure);
    if failure.is_interruption() {
        interrupt::forget();
    }
}

/// Shows the device at the other end, or the reason why it is unknown. It may still connect later.
fn greet(context: &Context, device: &Connection, lines: &mut Lines) {
    match learn(context, device, lines) {
        Some(description) => eprintln!(
            "{} {} on {}; `help` lists its procedures, `exit` or Ctrl-D ends",
            description.name,
            description.version,
            device.name()
        ),
        None => eprintln!("Ctrl-D ends"),
    }
}

/// Passes the description to the assistant.
fn learn(context: &Context, device: &Connection, lines: &mut Lines) -> Option<Arc<Description>> {
    match device.description() {
        Ok(description) => {
            lines.learn(Arc::clone(&description));
            Some(description)
        }
        Err(error) => {
            report(context, &Failure::description(device, error));
            None
        }
    }
}

/// Shows all procedures, or everything about one item.
fn help(device: &Connection, name: Option<&str>) -> Result<(), Failure> {
    let description = device
        .description()
        .map_err(|error| Failure::description(device, error))?;
    if let Some(name) = name {
        return output::print(describe::about(&description, name)?);
    }
    for service in &description.services {
        let procedures: Vec<_> = service.procedures.iter().collect();
        output::print(list::overview(service, &procedures))?;
    }
    Ok(())
}
