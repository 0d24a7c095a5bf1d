//! The one place that every call passes on its way to a device, and back: here it is permitted, counted
//! and logged.

use super::Shared;
use super::problem::{Answer, Problem};
use crate::device::Device;
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
}

impl Passage {
    /// Lets a call of the procedure pass, if it may.
    pub fn begin(_: &Shared, device: &Arc<Device>, procedure: &Procedure) -> Answer<Self> {
        Ok(Self {
            device: Arc::clone(device),
            path: procedure.path.clone(),
            started: Instant::now(),
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
