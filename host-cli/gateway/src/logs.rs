//! The log of the gateway, on stderr: for people, or as JSON.

use crate::options::{Level, OperationOptions};
use serial_rpc::failure::{Class, Failure};
use std::io::{IsTerminal, stderr};
use tracing::level_filters::LevelFilter;

/// Begins to log.
///
/// # Errors
/// Fails if this was called before.
pub fn begin(options: &OperationOptions) -> Result<(), Failure> {
    let log = tracing_subscriber::fmt()
        .with_max_level(match options.log {
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
            Level::Trace => LevelFilter::TRACE,
        })
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    let begun = match options.log_json {
        true => log.json().flatten_event(true).try_init(),
        false => log.try_init(),
    };
    begun.map_err(|error| Failure::new(Class::Internal, format!("cannot log: {error}")))
}
