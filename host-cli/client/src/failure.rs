//! Failures in words: what went wrong, its kind, and hints for who has to do something about it.
//!
//! The program `serial-rpc` and the gateway show the same failures: one by an exit code, the other by
//! a status of HTTP.

mod no_answer;
mod of_device;

use crate::Ran;
use crate::description::UnknownProcedure;
use crate::port::OpenError;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Display;

/// The kind of failure; its number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Class {
    /// The reader of the results has closed the pipe. That is not an error: nothing is printed.
    NobodyReads = 0,
    /// Something that should not happen.
    Internal = 1,
    /// The command line is wrong, or the arguments are.
    Usage = 2,
    /// The port cannot be opened, or was lost.
    Port = 3,
    /// The device does not answer.
    Timeout = 4,
    /// The two ends do not understand each other.
    Protocol = 5,
    /// The procedure ran and ended in its own error.
    Procedure = 6,
    /// The call may have run.
    OutcomeUnknown = 7,
    /// The device does not run the new firmware, or not for good.
    UpdateFailed = 8,
    /// The user pressed Ctrl-C.
    Interrupted = 130,
}

/// A failure with its message and a hint.
#[derive(Debug)]
pub struct Failure {
    /// Its kind.
    pub class: Class,
    /// The message.
    pub message: String,
    /// Hints for the user, one a line.
    pub hint: Option<String>,
    /// The procedure's own error.
    pub error: Option<Box<Value>>,
    /// Tells if what was to be done has been done.
    pub ran: Ran,
}

impl Failure {
    /// Creates the failure of something that was not done, without a hint.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            hint: None,
            error: None,
            ran: Ran::Never,
        }
    }

    /// Creates the failure for a file that cannot be written.
    pub fn unwritable(file: impl Display, error: impl Display) -> Self {
        Self::new(Class::Usage, format!("cannot write {file}: {error}"))
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets whether it was done in spite of the failure.
    #[must_use]
    pub const fn ran(mut self, ran: Ran) -> Self {
        self.ran = ran;
        self
    }

    /// Adds the number of the line in a file where it happened.
    #[must_use]
    pub fn in_line(mut self, number: usize) -> Self {
        self.message = format!("line {number}: {}", self.message);
        self
    }

    /// Returns true if the user pressed Ctrl-C.
    pub fn is_interruption(&self) -> bool {
        self.class == Class::Interrupted
    }

    /// Returns the failure as JSON.
    pub fn to_json(&self) -> Value {
        let mut report = json!({
            "class": self.class,
            "code": self.class as u8,
            "message": self.message,
        });
        if let Some(hint) = &self.hint {
            report["hint"] = json!(hint);
        }
        if let Some(error) = &self.error {
            report["error"] = Value::clone(error);
        }
        report
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let (class, advice) = match &error {
            OpenError::Ambiguous { .. } => (Class::Usage, " with --port"),
            OpenError::NotAPort(_) => (Class::Usage, ""),
            _ => (Class::Port, ""),
        };
        Self::new(class, error.to_string()).hint(error.hint() + advice)
    }
}

impl From<UnknownProcedure> for Failure {
    fn from(error: UnknownProcedure) -> Self {
        Self::new(Class::Usage, error.to_string()).hint("`serial-rpc list` shows what there is")
    }
}
