//! The lines that the shell runs: typed at a prompt, or from a pipe.

use super::assistant::Assistant;
use crate::failure::{Class, Failure};
use crate::input::Input;
use crate::{interrupt, words};
use etcetera::BaseStrategy;
use rustyline::config::{ColorMode, Config};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Editor, ExternalPrinter};
use serial_rpc::description::Description;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;

/// The number of lines that the history keeps.
const HISTORY: usize = 1_000;

/// The source of lines.
pub enum Lines {
    /// A prompt, with the history of earlier ones.
    Typed(Box<Typed>),
    /// A pipe or a file.
    Piped(Box<dyn Iterator<Item = Result<(usize, String), Failure>>>),
}

/// A prompt.
pub struct Typed {
    editor: Editor<Assistant, FileHistory>,
    /// Not used: while it lives, the prompt waits for keys and signals at once, and misses none.
    _printer: Option<Box<dyn ExternalPrinter>>,
}

impl Lines {
    /// Opens stdin.
    pub fn open() -> Result<Self, Failure> {
        if !io::stdin().is_terminal() {
            return Ok(Self::Piped(Box::new(Input::open("-")?.lines())));
        }
        let mut editor = editor().map_err(no_terminal)?;
        if let Some(history) = history() {
            // There is none the first time.
            let _ = editor.load_history(&history);
        }
        let printer = editor.create_external_printer().ok();
        Ok(Self::Typed(Box::new(Typed {
            editor,
            _printer: printer.map(|printer| Box::new(printer) as Box<dyn ExternalPrinter>),
        })))
    }

    /// Waits for the next line, which JSON may make several. None at the end.
    pub fn next(&mut self) -> Result<Option<String>, Failure> {
        match self {
            Self::Typed(typed) => typed.next(),
            Self::Piped(lines) => piped(lines),
        }
    }

    /// Helps to type by this description from now on.
    pub fn learn(&mut self, description: Arc<Description>) {
        if let Self::Typed(typed) = self
            && let Some(assistant) = typed.editor.helper_mut()
        {
            assistant.learn(description);
        }
    }
}

/// Keeps the lines for the next time.
impl Drop for Lines {
    fn drop(&mut self) {
        if let (Self::Typed(typed), Some(history)) = (self, history()) {
            // Losing the history is inconvenient, but not a failure.
            let _ = history.parent().map(fs::create_dir_all);
            let _ = typed.editor.save_history(&history);
        }
    }
}

impl Typed {
    fn next(&mut self) -> Result<Option<String>, Failure> {
        let Self { editor, .. } = self;
        loop {
            interrupt::check()?;
            let prompt = editor.helper().map_or(String::new(), Assistant::prompt);
            let line = interrupt::prompt(|| editor.readline(&prompt));
            interrupt::check()?;
            match line {
                Ok(line) => {
                    if !line.trim().is_empty() {
                        let _ = editor.add_history_entry(&line);
                    }
                    return Ok(Some(line));
                }
                Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => {}
                Err(ReadlineError::Eof) => return Ok(None),
                Err(error) => return Err(no_terminal(error)),
            }
        }
    }
}

fn piped(
    lines: &mut impl Iterator<Item = Result<(usize, String), Failure>>,
) -> Result<Option<String>, Failure> {
    let mut text = String::new();
    for line in lines {
        text += &line?.1;
        if words::split(&text).is_ok() {
            return Ok(Some(text));
        }
        text.push('\n');
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn editor() -> rustyline::Result<Editor<Assistant, FileHistory>> {
    let colours = match anstream::AutoStream::choice(&io::stdout()) {
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

fn no_terminal(error: ReadlineError) -> Failure {
    Failure::new(Class::Internal, format!("the terminal failed: {error}"))
}
