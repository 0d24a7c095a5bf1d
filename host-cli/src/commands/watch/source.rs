//! The source of watched values.

use crate::failure::Failure;
use crate::following::{Following, Interruptions, Turn, cannot_follow};
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
                .map_err(|error| cannot_follow(device, error))?;
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
            waiting: None,
        }))
    }

    /// Waits for the next value for about that long.
    pub fn next(&mut self, timeout: Duration) -> Result<Turn<Value>, Failure> {
        match self {
            Self::Event { following, event } => Ok(match following.next(timeout)? {
                Turn::Value(received) => match to_json(event, &received.data) {
                    Ok(data) => Turn::Value(Value::Object(data)),
                    Err(_) => {
                        following.unreadable();
                        Turn::Nothing
                    }
                },
                Turn::Notice(notice) => Turn::Notice(notice),
                Turn::Nothing => Turn::Nothing,
            }),
            Self::Calls(calls) => calls.next(timeout),
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
    /// A value that is shown after a message.
    waiting: Option<Value>,
}

impl Calls<'_> {
    fn next(&mut self, timeout: Duration) -> Result<Turn<Value>, Failure> {
        if let Some(value) = self.waiting.take() {
            return Ok(Turn::Value(value));
        }
        let left = self.due.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            interrupt::sleep(left.min(timeout))?;
            if left > timeout {
                return Ok(Turn::Nothing);
            }
        }
        let end = self.device.call_words(self.path, self.arguments);
        interrupt::check()?;
        // Calls that were missed while the device was busy are not made up for.
        self.due = (self.due + self.interval).max(Instant::now());
        let Some(interruptions) = &mut self.interruptions else {
            let value = end.map_err(|error| Failure::named_call(self.device, error))?;
            self.interruptions = Some(Interruptions::new(self.device));
            return Ok(Turn::Value(value));
        };
        let notice = match end {
            Ok(value) => {
                self.told = None;
                let Some(notice) = interruptions.answered(self.device, true) else {
                    return Ok(Turn::Value(value));
                };
                self.waiting = Some(value);
                Some(notice)
            }
            Err(NamedCallError::Call { error, .. }) => interruptions.failed(self.device, error)?,
            // After a reconnect, the description is read first if the firmware has changed.
            Err(NamedCallError::Description(DescriptionError::Call(error))) => {
                interruptions.failed(self.device, error)?
            }
            Err(error @ NamedCallError::Procedure { .. }) => {
                let words = error.to_string();
                let is_new = self.told.replace(words.clone()).as_ref() != Some(&words);
                is_new.then_some(words)
            }
            Err(error) => return Err(Failure::named_call(self.device, error)),
        };
        Ok(notice.map_or(Turn::Nothing, Turn::Notice))
    }
}
