//! Opens the connection that the command line, the environment and the project's file ask for.

use crate::cli::Cli;
use crate::failure::Failure;
use crate::project::Project;
use crate::{interrupt, tapping};
use serial_rpc::cache::Cache;
use serial_rpc::link::{self, Link, OpenError};
use serial_rpc::{Connection, Options, Port, Selector};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a port that is waited for is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long a port that has just appeared may be forbidden, until the system has given it to the
/// group that may use it.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

impl Cli {
    /// Opens the port that is meant. Ctrl-C ends what is waited for on the connection.
    pub fn connect(&self) -> Result<Arc<Connection>, Failure> {
        let (selector, options) = self.settled()?;
        let (port, link) = if self.link.wait {
            wait_for(&selector, options.baud)?
        } else {
            open(&selector, options.baud)?
        };
        let mut connection = Connection::over(port, link, options);
        if let Some(cache) = self.cache() {
            connection = connection.with_cache(cache);
        }
        if let Some(tap) = tapping::tap(self)? {
            connection = connection.tapped_by(tap);
        }
        let connection = Arc::new(connection);
        interrupt::cancels(&connection);
        // It may have been pressed while the port was opened, when there was nothing to cancel.
        interrupt::check()?;
        Ok(connection)
    }

    /// The user's cache of descriptions, unless it is not wanted.
    pub fn cache(&self) -> Option<Cache> {
        Cache::of_user().filter(|_| !self.link.no_cache)
    }

    /// What the command line and the environment say, else the project, else the default.
    fn settled(&self) -> Result<(Selector, Options), Failure> {
        let project = Project::of_current_folder()?;
        let link = &self.link;
        let baud = link.baud.or(project.baud);
        let default = baud.map_or_else(Options::default, Options::at);
        let selector = link.port.clone().or(project.port).unwrap_or_default();
        let options = Options {
            baud: default.baud,
            timeout: link.timeout.or(project.timeout).unwrap_or(default.timeout),
            retries: link.retries.or(project.retries).unwrap_or(default.retries),
        };
        Ok((selector, options))
    }
}

fn open(selector: &Selector, baud: u32) -> Result<(Port, Arc<dyn Link>), OpenError> {
    let port = selector.find()?;
    let link = link::open(&port, baud)?;
    Ok((port, link))
}

/// Opens the port as soon as it is there.
fn wait_for(selector: &Selector, baud: u32) -> Result<(Port, Arc<dyn Link>), Failure> {
    let mut missed_at = None;
    loop {
        match (open(selector, baud), missed_at) {
            (Err(OpenError::NotFound { .. } | OpenError::Unreachable { .. }), missed) => {
                if missed.is_none() {
                    let what = match selector {
                        Selector::Only => "a port".to_owned(),
                        selector => selector.to_string(),
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
