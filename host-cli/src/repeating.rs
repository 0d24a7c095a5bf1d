//! Options for commands that repeat: their end, the check that a procedure may be called
//! repeatedly, and the calls to make first.

use crate::failure::{Class, Failure};
use crate::{output, words};
use serial_rpc::Connection;
use serial_rpc::connection::NamedCallError;
use serial_rpc::description::Procedure;
use serial_rpc::seconds::seconds;
use std::time::{Duration, Instant};

/// The longest wait before losses and the end are checked again.
const LOOK_UP: Duration = Duration::from_millis(250);

/// The conditions for the end.
#[derive(Clone, Debug, clap::Args)]
pub struct Until {
    /// End after that many.
    #[arg(long, short, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// End after that time, in seconds or as 100ms, 10s, 5min or 2h.
    #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
    duration: Option<Duration>,
}

/// The count and time that remain until the end.
#[derive(Clone, Debug)]
pub struct Remaining {
    count: Option<u64>,
    end: Option<Instant>,
}

impl Until {
    /// Starts counting now.
    pub fn begin(&self) -> Remaining {
        Remaining {
            count: self.count,
            end: self
                .duration
                .and_then(|duration| Instant::now().checked_add(duration)),
        }
    }
}

impl Remaining {
    /// Returns the time to wait for the next one; None at the end.
    pub fn wait(&self) -> Option<Duration> {
        if self.count == Some(0) {
            return None;
        }
        let Some(end) = self.end else {
            return Some(LOOK_UP);
        };
        let left = end.saturating_duration_since(Instant::now());
        (!left.is_zero()).then(|| left.min(LOOK_UP))
    }

    /// Counts one.
    pub fn take(&mut self) {
        self.count = self.count.map(|count| count.saturating_sub(1));
    }
}

/// Refuses to call a procedure repeatedly if that may do harm.
pub fn allow(procedure: &Procedure, force: bool) -> Result<(), Failure> {
    if procedure.idempotent || force {
        return Ok(());
    }
    let path = &procedure.path;
    let message = format!("{path} is not idempotent, so calling it often may do harm");
    Err(Failure::new(Class::Usage, message).hint("if it does none, add --force"))
}

/// Makes calls, each a line as for `batch`. A procedure's own error is reported but does not end
/// the command: it may be the purpose of the call.
pub fn call(device: &Connection, lines: &[String], json: bool) -> Result<(), Failure> {
    for line in lines {
        let words = words::split(line)?;
        let Some((path, arguments)) = words.split_first() else {
            continue;
        };
        match device.call_words(path, arguments) {
            Ok(_) => {}
            Err(error @ NamedCallError::Procedure { .. }) => {
                output::notice(json, &error.to_string());
            }
            Err(error) => return Err(Failure::named_call(device, error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_comes_by_count_or_by_time() {
        let until = |count, duration| Until { count, duration }.begin();
        let mut two = until(Some(2), None);
        assert_eq!(two.wait(), Some(LOOK_UP));
        two.take();
        assert_eq!(two.wait(), Some(LOOK_UP));
        two.take();
        assert_eq!(two.wait(), None);

        assert_eq!(until(None, Some(Duration::from_nanos(1))).wait(), None);
        let hour = until(None, Some(Duration::from_secs(3600)));
        assert_eq!(hour.wait(), Some(LOOK_UP));
        assert_eq!(until(None, Some(Duration::MAX)).wait(), Some(LOOK_UP));
    }
}
