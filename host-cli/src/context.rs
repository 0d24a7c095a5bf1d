//! The settings of every command: the connection, as the command line, the environment and the
//! project's file define it, and the form of results.

use crate::failure::Failure;
use crate::options::{LinkOptions, OutputOptions};
use crate::project::Project;
use crate::target::Target;
use crate::{interrupt, output, tapping};
use serial_rpc::cache::Cache;
use serial_rpc::port::OpenError;
use serial_rpc::{Connection, Options, Selector};
use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The interval at which a port that is waited for is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The time for which a port that has just appeared may be forbidden or fail, until the system has
/// set it up and assigned it to the group that may use it.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// The settings of a run, made once from the command line.
#[derive(Clone, Debug)]
pub struct Context {
    /// Print results, and errors, as JSON.
    pub json: bool,
    /// The options for reaching the device.
    pub link: LinkOptions,
    verbosity: u8,
    capture: Option<PathBuf>,
    /// True if the command was typed at a prompt, which has opened the connection.
    is_at_prompt: bool,
    /// The connection, once it is open.
    opened: OnceCell<Arc<Connection>>,
}

impl Context {
    /// Creates the settings from the options.
    pub fn new(link: LinkOptions, output: OutputOptions) -> Self {
        Self {
            json: output.json,
            link,
            verbosity: output.verbose,
            capture: output.capture,
            is_at_prompt: false,
            opened: OnceCell::new(),
        }
    }

    /// Returns the settings for commands that are typed at a prompt, and use its connection.
    pub fn at_prompt(&self) -> Self {
        Self {
            is_at_prompt: true,
            ..self.clone()
        }
    }

    /// Returns a command line as the user writes it here: at a prompt, without the program's name.
    pub fn shown(&self, command: &str) -> String {
        match self.is_at_prompt {
            true => without_program(command),
            false => command.to_owned(),
        }
    }

    /// Opens the selected port. Ctrl-C ends all waits on the connection.
    pub fn connect(&self) -> Result<Arc<Connection>, Failure> {
        if let Some(connection) = self.opened.get() {
            return Ok(Arc::clone(connection));
        }
        let (target, options) = self.settled()?;
        let mut connection = if self.link.wait {
            wait_for(&target, options)?
        } else {
            target.connect(options)?
        };
        if let Some(cache) = self.cache() {
            connection = connection.with_cache(cache);
        }
        if let Some(socket) = connection.gateway().filter(|_| self.verbosity > 0) {
            let port = connection.name();
            let text = format!("a gateway has {port}: this goes through it, by unix:{socket}");
            output::notice(self.json, &text);
        }
        if let Some(tap) = tapping::tap(self.verbosity, self.capture.as_deref(), self.cache())? {
            connection = connection.tapped_by(tap);
        }
        let connection = Arc::new(connection);
        // It was empty just now.
        let _ = self.opened.set(Arc::clone(&connection));
        interrupt::cancels(&connection);
        // It may have been pressed while the port was opened, when there was nothing to cancel.
        interrupt::check()?;
        Ok(connection)
    }

    /// Returns true if the frames that pass are shown.
    pub fn shows_traffic(&self) -> bool {
        self.verbosity > 0
    }

    /// Says if another program has called the same device meanwhile. Calls that it interrupted were made
    /// again where that does no harm, and nobody would know.
    pub fn tell_of_others(&self) {
        let Some(connection) = self.opened.get() else {
            return;
        };
        if connection.counters().taken_over > 0 {
            let name = connection.name();
            output::notice(
                self.json,
                &format!(
                    "another program uses the device on {name} too; they interrupt each other"
                ),
            );
        }
    }

    /// Returns the user's cache of descriptions, unless it is disabled.
    pub fn cache(&self) -> Option<Cache> {
        Cache::of_user().filter(|_| !self.link.no_cache)
    }

    /// Returns the settings of the command line and the environment, else those of the project,
    /// else the defaults.
    pub fn settled(&self) -> Result<(Target, Options), Failure> {
        let project = Project::of_current_folder()?;
        let link = &self.link;
        let baud = link.baud.or(project.baud);
        let default = baud.map_or_else(Options::default, Options::at);
        let target = link.port.clone().or(project.port).unwrap_or_default();
        let options = Options {
            baud: default.baud,
            timeout: link.timeout.or(project.timeout).unwrap_or(default.timeout),
            retries: link.retries.or(project.retries).unwrap_or(default.retries),
        };
        Ok((target, options))
    }
}

/// Returns text with the command lines in it as they are written at a prompt.
pub fn without_program(text: &str) -> String {
    text.replace("serial-rpc call ", "")
        .replace("serial-rpc ", "")
}

/// Opens the port as soon as it is there and free.
fn wait_for(target: &Target, options: Options) -> Result<Connection, Failure> {
    let what = match target {
        Target::On(Selector::Only) => "a port".to_owned(),
        target => target.to_string(),
    };
    let mut missed_at: Option<Instant> = None;
    let mut told = None;
    loop {
        let error = match target.connect(options) {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        let is_new = || missed_at.is_some_and(|missed| missed.elapsed() < SETTLED_AFTER);
        let reason = match &error {
            OpenError::NotFound { .. } | OpenError::Unreachable { .. } => {
                missed_at = Some(Instant::now());
                Some(what.clone())
            }
            OpenError::Busy { holder, .. } => Some(match holder {
                Some(holder) => format!("{what}, in use by {holder}"),
                None => format!("{what}, in use by another program"),
            }),
            OpenError::NotPermitted { .. } | OpenError::Other { .. } if is_new() => None,
            _ => return Err(error.into()),
        };
        if let Some(reason) = reason.filter(|reason| told.as_ref() != Some(reason)) {
            anstream::eprintln!("waiting for {reason} (Ctrl-C to stop)");
            told = Some(reason);
        }
        interrupt::sleep(LOOK_EVERY)?;
    }
}
