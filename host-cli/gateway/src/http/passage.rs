//! The one place that every call passes on its way to a device, and back: here it is permitted, counted
//! and logged.

use super::Shared;
use super::problem::{Answer, Kind, Problem};
use crate::device::Device;
use crate::metrics::{Call, Outcome, Way};
use serial_rpc::connection::NamedCallError;
use serial_rpc::failure::Class;
use serial_rpc::{Connection, Ran, safe};
use std::sync::Arc;
use std::time::Instant;

/// A call on its way: of a procedure, of all items of a stream or a feed, or of a block.
#[derive(Debug)]
pub struct Passage {
    device: Arc<Device>,
    path: String,
    started: Instant,
    call: Call,
}

impl Passage {
    /// Lets a call of the procedure pass, if it may.
    pub fn begin(shared: &Shared, device: &Arc<Device>, path: &str) -> Answer<Self> {
        if !shared.access.permits(path) {
            return Err(not_permitted(format!("{path} may not be called")));
        }
        Self::unlimited(shared, device, path)
    }

    /// Lets pass what changes the device without a procedure of its interface, if it may.
    pub fn begin_change(shared: &Shared, device: &Arc<Device>, what: &str) -> Answer<Self> {
        if !shared.access.permits_changes() {
            return Err(not_permitted(format!("{what} may not be written")));
        }
        Self::unlimited(shared, device, what)
    }

    /// Lets pass what only reads.
    pub fn unlimited(shared: &Shared, device: &Arc<Device>, path: &str) -> Answer<Self> {
        if shared.stop.is_requested() {
            return Err(Problem::new(Kind::Stopping, "the gateway stops")
                .hint("it is safe to make the call again, when the gateway is back"));
        }
        Ok(Self {
            device: Arc::clone(device),
            path: path.to_owned(),
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
        tracing::debug!(
            device = safe::line(self.device.name()),
            path = safe::line(&self.path),
            elapsed = ?self.started.elapsed(),
            failure = problem.map(|problem| safe::line(&problem.failure.message)),
            "call"
        );
        if problem.is_some_and(Problem::is_of_link) {
            self.device.look();
        }
        self.call.end(match problem {
            None => Outcome::Value,
            Some(problem) => match (problem.failure.class, problem.failure.ran) {
                (Class::Procedure, Ran::Once) => Outcome::Error,
                (_, Ran::Once) => Outcome::Ran,
                (_, Ran::Never) => Outcome::NeverRan,
                (_, Ran::Unknown) => Outcome::Unknown,
            },
        });
    }
}

fn not_permitted(message: String) -> Problem {
    Problem::new(Kind::NotPermitted, message)
        .hint("the gateway was started with --read-only or --allow, which decide what may be done")
}
