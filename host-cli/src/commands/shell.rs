//! `serial-rpc shell`: makes calls from a prompt.

mod assistant;

use crate::commands::call::{self, Arguments};
use crate::commands::{describe, list};
use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::{interrupt, output, words};
use anstream::eprintln;
use assistant::Assistant;
use etcetera::BaseStrategy;
use rustyline::config::{ColorMode, Config};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Editor};
use serial_rpc::Connection;
use serial_rpc::description::Description;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

/// The number of lines that the history keeps.
const HISTORY: usize = 1_000;

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
    let mut editor = editor().map_err(|error| no_terminal(&error))?;
    let history = history();
    if let Some(history) = &history {
        // There is none the first time.
        let _ = editor.load_history(history);
    }
    greet(context, &device, &mut editor);
    loop {
        let prompt = editor.helper().map_or(String::new(), Assistant::prompt);
        let line = match editor.readline(&prompt) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(no_terminal(&error)),
        };
        let words = match words::split(&line) {
            Ok(words) => words,
            Err(unclosed) => {
                let failure = Failure::new(Class::Usage, unclosed.to_string());
                output::failure(context.json, &failure);
                continue;
            }
        };
        let Some((first, arguments)) = words.split_first() else {
            continue;
        };
        let _ = editor.add_history_entry(&line);
        interrupt::forget();
        let result = match (first.as_str(), arguments) {
            (EXIT | "quit", []) => break,
            // Names that are commands elsewhere: no procedure's path is a single word.
            (HELP | "?" | "list" | "describe", arguments) => {
                help(&device, arguments.first().map(String::as_str))
            }
            (procedure, words) => call::once(context, &device, procedure, Arguments::Words(words)),
        };
        if let Err(failure) = result {
            output::failure(context.json, &failure);
        }
        // The device may have come back with other firmware.
        if device.device().is_some() {
            learn(context, &device, &mut editor);
        }
    }
    if let Some(history) = &history {
        // Losing the history is inconvenient, but not a failure.
        let _ = history.parent().map(fs::create_dir_all);
        let _ = editor.save_history(history);
    }
    Ok(())
}

type ShellEditor = Editor<Assistant, FileHistory>;

fn editor() -> rustyline::Result<ShellEditor> {
    let colours = match anstream::AutoStream::choice(&std::io::stdout()) {
        anstream::ColorChoice::Never => ColorMode::Disabled,
        _ => ColorMode::Enabled,
    };
    let config = Config::builder()
        .max_history_size(HISTORY)?
        .completion_type(CompletionType::List)
        .color_mode(colours)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Assistant::default()));
    Ok(editor)
}

/// Returns the file that keeps lines from one run to the next.
fn history() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    let folder = folders.state_dir().unwrap_or_else(|| folders.data_dir());
    Some(folder.join("serial-rpc").join("history"))
}

/// Shows the device at the other end, or the reason why it is unknown. It may still connect later.
fn greet(context: &Context, device: &Connection, editor: &mut ShellEditor) {
    match learn(context, device, editor) {
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
fn learn(
    context: &Context,
    device: &Connection,
    editor: &mut ShellEditor,
) -> Option<Arc<Description>> {
    match device.description() {
        Ok(description) => {
            if let Some(assistant) = editor.helper_mut() {
                assistant.learn(Arc::clone(&description));
            }
            Some(description)
        }
        Err(error) => {
            output::failure(context.json, &Failure::description(device, error));
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

fn no_terminal(error: &ReadlineError) -> Failure {
    Failure::new(Class::Internal, format!("the terminal failed: {error}"))
}
