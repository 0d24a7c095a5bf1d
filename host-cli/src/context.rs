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

/// The time for which a port that has just appeared may be forbidden, until the system has assigned
/// it to the group that may use it.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// The settings of a run, made once from the command line.
#[derive(Debug)]
pub struct Context {
    /// Print results, and errors, as JSON.
    pub json: bool,
    /// The options for reaching the device.
    pub link: LinkOptions,
    verbosity: u8,
    capture: Option<PathBuf>,
    /// The connection, once it is open.
    opened: OnceCell<Connection>,
}

impl Context {
    /// Creates the settings from the options.
    pub fn new(link: LinkOptions, output: OutputOptions) -> Self {
        Self {
            json: output.json,
            link,
            verbosity: output.verbose,
            capture: output.capture,
            opened: OnceCell::new(),
        }
    }

    /// Opens the selected port. Ctrl-C ends all waits on the connection.
    pub fn connect(&self) -> Result<Arc<Connection>, Failure> {
        let (target, options) = self.settled()?;
        let mut connection = if self.link.wait {
            wait_for(&target, options)?
        } else {
            target.connect(options)?
        };
        if let Some(cache) = self.cache() {
            connection = connection.with_cache(cache);
        }
        if let Some(tap) = tapping::tap(self.verbosity, self.capture.as_deref(), self.cache())? {
            connection = connection.tapped_by(tap);
        }
        let connection = Arc::new(connection);
        // No command opens a second one.
        let _ = self.opened.set(Connection::clone(&connection));
        interrupt::cancels(&connection);
        // It may have been pressed while the port was opened, when there was nothing to cancel.
        interrupt::check()?;
        Ok(connection)
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
    fn settled(&self) -> Result<(Target, Options), Failure> {
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

/// Opens the port as soon as it appears.
fn wait_for(target: &Target, options: Options) -> Result<Connection, Failure> {
    let mut missed_at = None;
    loop {
        match (target.connect(options), missed_at) {
            (Err(OpenError::NotFound { .. } | OpenError::Unreachable { .. }), missed) => {
                if missed.is_none() {
                    let what = match target {
                        Target::On(Selector::Only) => "a port".to_owned(),
                        target => target.to_string(),
                    };
                    anstream::eprintln!("waiting for {what} (Ctrl-C to stop)");
                }
                missed_at = Some(Instant::now());
            }
            (Err(OpenError::NotPermitted { .. }), Some(missed))
                if missed.elapsed() < SETTLED_AFTER => {}
            (result, _) => return Ok(result?),
        }
        interrupt::sleep(LOOK_EVERY)?;
    }
}
