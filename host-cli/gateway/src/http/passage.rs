//! The one place that every call passes on its way to a device, and back: here it is permitted, counted
//! and logged.

use super::Shared;
use super::problem::{Answer, Kind, Problem};
use crate::device::Device;
use crate::metrics::{Call, Outcome, Way};
use serial_rpc::connection::NamedCallError;
use serial_rpc::description::Procedure;
use serial_rpc::{Connection, Ran};
use std::sync::Arc;
use std::time::Instant;

/// A call on its way: of a procedure, of all items of a stream or a feed, or of a block.
pub struct Passage {
    device: Arc<Device>,
    path: String,
    started: Instant,
    call: Call,
}

impl Passage {
    /// Lets a call of the procedure pass, if it may.
    pub fn begin(shared: &Shared, device: &Arc<Device>, procedure: &Procedure) -> Answer<Self> {
        let path = &procedure.path;
        if !shared.access.permits(path) {
            let message = format!("this gateway does not allow calls of `{path}`");
            return Err(Problem::new(Kind::NotPermitted, message)
                .hint("who starts it decides, by --read-only and --allow"));
        }
        if shared.stop.is_requested() {
            return Err(Problem::new(Kind::Stopping, "the gateway stops")
                .hint("it is safe to make the call again, when the gateway is back"));
        }
        Ok(Self {
            device: Arc::clone(device),
            path: path.clone(),
            started: Instant::now(),
            call: device.metrics().begin(Way::Http),
        })
    }

    /// Notes how the call ended, and returns that as the answer.
    pub fn end<T>(self, connection: &Connection, end: Result<T, NamedCallError>) -> Answer<T> {
        let end = end.map_err(|error| Problem::call(connection, error));
        self.note(end.as_ref().err());
        end
    }

    /// Notes how the call ended.
    pub fn note(self, problem: Option<&Problem>) {
        let ran = problem.map_or(Ran::Once, |problem| problem.failure.ran);
        self.call.end(match (ran, problem) {
            (_, None) => Outcome::Value,
            (_, Some(problem)) if problem.failure.error.is_some() => Outcome::Error,
            (Ran::Never, _) => Outcome::NeverRan,
            (Ran::Once, _) => Outcome::Ran,
            (Ran::Unknown, _) => Outcome::Unknown,
        });
        tracing::debug!(
            device = self.device.name(),
            path = self.path,
            ?ran,
            failure = problem.map(|problem| problem.failure.message.as_str()),
            elapsed = ?self.started.elapsed(),
            "call"
        );
        if problem.is_some_and(Problem::is_of_link) {
            self.device.look();
        }
    }
}
