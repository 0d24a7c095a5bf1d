//! The source of watched values.

use crate::failure::Failure;
use crate::following::{Following, Interruptions, Notify};
use crate::interrupt;
use serde_json::Value;
use serial_rpc::Connection;
use serial_rpc::arguments::to_json;
use serial_rpc::connection::{DescriptionError, NamedCallError};
use serial_rpc::description::Procedure;
use std::time::{Duration, Instant};

/// An event, or a procedure that is called repeatedly.
pub enum Source<'d> {
    Event {
        following: Following<'d>,
        event: &'d Procedure,
    },
    Calls(Calls<'d>),
}

impl<'d> Source<'d> {
    /// Prepares the source: once this returns, no event is missed.
    pub fn new(
        device: &'d Connection,
        procedure: &'d Procedure,
        arguments: &'d [String],
        interval: Duration,
    ) -> Result<Self, Failure> {
        if procedure.is_event() {
            let following = Following::new(device, procedure.key)
                .map_err(|error| Failure::subscription(device, error))?;
            return Ok(Self::Event {
                following,
                event: procedure,
            });
        }
        Ok(Self::Calls(Calls {
            device,
            path: &procedure.path,
            arguments,
            interval,
            due: Instant::now(),
            interruptions: None,
            told: None,
        }))
    }

    /// Waits for the next value for about that long.
    pub fn next(
        &mut self,
        timeout: Duration,
        notify: Notify<'_>,
    ) -> Result<Option<Value>, Failure> {
        match self {
            Self::Event { following, event } => {
                let Some(received) = following.next(timeout, notify)? else {
                    return Ok(None);
                };
                let data = to_json(event, &received.data);
                if data.is_err() {
                    following.unreadable();
                }
                Ok(data.ok().map(Value::Object))
            }
            Self::Calls(calls) => calls.next(timeout, notify),
        }
    }

    /// Returns the number of lost values, if it is known.
    pub fn lost(&self) -> Option<u32> {
        match self {
            Self::Event { following, .. } => Some(following.lost()),
            Self::Calls(_) => None,
        }
    }

    /// Returns the messages that are still to come, for the end.
    pub fn untold(&mut self) -> impl Iterator<Item = String> {
        let following = match self {
            Self::Event { following, .. } => Some(following),
            Self::Calls(_) => None,
        };
        following.into_iter().flat_map(Following::untold)
    }
}

/// Repeated calls, one every interval.
pub struct Calls<'d> {
    device: &'d Connection,
    path: &'d str,
    arguments: &'d [String],
    interval: Duration,
    due: Instant,
    /// None before the first call, whose failure ends the watch.
    interruptions: Option<Interruptions>,
    /// The last error of the procedure that the user was shown.
    told: Option<String>,
}

impl Calls<'_> {
    fn next(&mut self, timeout: Duration, notify: Notify<'_>) -> Result<Option<Value>, Failure> {
        let left = self.due.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            interrupt::sleep(left.min(timeout))?;
            if left > timeout {
                return Ok(None);
            }
        }
        let end = self.device.call_words(self.path, self.arguments);
        interrupt::check()?;
        // Calls that were missed while the device was busy are not made up for.
        self.due = (self.due + self.interval).max(Instant::now());
        let Some(interruptions) = &mut self.interruptions else {
            let value = end.map_err(|error| Failure::named_call(self.device, error))?;
            self.interruptions = Some(Interruptions::new(self.device));
            return Ok(Some(value));
        };
        match end {
            Ok(value) => {
                self.told = None;
                interruptions.answered(self.device, true, notify);
                return Ok(Some(value));
            }
            // After a reconnect, the description is read first if the firmware has changed.
            Err(
                NamedCallError::Call { error, .. }
                | NamedCallError::Description(DescriptionError::Call(error)),
            ) => interruptions.failed(self.device, error, notify)?,
            Err(error @ NamedCallError::Procedure { .. }) => {
                let words = error.to_string();
                if self.told.as_ref() != Some(&words) {
                    notify(words.clone());
                    self.told = Some(words);
                }
            }
            Err(error) => return Err(Failure::named_call(self.device, error)),
        }
        Ok(None)
    }
}
