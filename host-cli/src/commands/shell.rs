//! `serial-rpc shell`: makes calls from a prompt.

mod assistant;
mod lines;
mod own;

use crate::commands::call::{self, Arguments};
use crate::commands::list;
use crate::context::{Context, without_program};
use crate::failure::Failure;
use crate::{interface, interrupt, output, words};
use anstream::eprintln;
use lines::Lines;
use own::Own;
use serial_rpc::Connection;
use serial_rpc::description::Description;
use std::sync::Arc;

/// Call procedures from a prompt.
///
/// A line is a procedure and its arguments as for `call`; JSON needs no quotes and may span several
/// lines. The commands that need the device, such as `watch`, `log` and `get`, are written as in a
/// shell. Tab completes, Ctrl-C cancels a call or command, Ctrl-D ends. `help` lists the procedures.
#[derive(Debug, clap::Args)]
pub struct Shell {}

/// The words that only a prompt has.
const HELP: &str = "help";
const EXIT: &str = "exit";

/// Reads lines and makes calls until the user ends it.
pub fn run(context: &Context, _shell: &Shell) -> Result<(), Failure> {
    let device = context.connect()?;
    let context = context.at_prompt();
    let mut lines = Lines::open()?;
    greet(&context, &device, &mut lines);
    while let Some(line) = lines.next()? {
        let words = match words::split(&line) {
            Ok(words) => words,
            Err(unclosed) => {
                report(&context, unclosed.into());
                continue;
            }
        };
        let Some((first, arguments)) = words.split_first() else {
            continue;
        };
        let result = match (first.as_str(), arguments) {
            (EXIT | "quit", []) => return Ok(()),
            (HELP | "?", []) => help(&context, &device),
            (HELP | "?", [name]) => {
                let words = match Own::has(name) {
                    true => [name.as_str(), "--help"],
                    false => ["describe", name.as_str()],
                };
                Own::run(&context, &words.map(str::to_owned))
            }
            (name, _) if Own::has(name) => Own::run(&context, &words),
            (procedure, words) => call::once(&context, &device, procedure, Arguments::Words(words)),
        };
        if let Err(failure) = result {
            report(&context, failure);
        }
        // The device may have come back with other firmware.
        if device.device().is_some() {
            learn(&context, &device, &mut lines);
        }
    }
    Ok(())
}

/// Prints a failure. The shell goes on, also after Ctrl-C has ended a call.
fn report(context: &Context, mut failure: Failure) {
    failure.hint = failure.hint.map(|hint| without_program(&hint));
    output::failure(context.json, &failure);
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
    let description = interface::of_device(device);
    let description = description
        .map_err(|failure| report(context, failure))
        .ok()?;
    lines.learn(Arc::clone(&description));
    Some(description)
}

/// Shows all procedures, and names the commands.
fn help(context: &Context, device: &Connection) -> Result<(), Failure> {
    let description = interface::of_device(device)?;
    for service in &description.services {
        output::print_text(&list::overview(service, &service.procedures))?;
    }
    let names = Own::names().join(", ");
    output::notice(
        context.json,
        &format!("the commands are {names} and {EXIT}; `{HELP} NAME` explains one, or a procedure"),
    );
    Ok(())
}
