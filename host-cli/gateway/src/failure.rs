//! Failures to start, as they are shown to the user, and their exit codes.

use serde_json::json;
use serial_rpc::safe;
use std::fmt::Display;
use std::io::Write;

/// The kind of failure; its number is the exit code, as that of the program `serial-rpc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// Something that should not happen.
    Internal = 1,
    /// The command line is wrong.
    Usage = 2,
    /// An address or a socket cannot be used.
    Port = 3,
}

impl Class {
    /// Returns its name.
    fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Port => "port",
        }
    }
}

/// A failure with its message and a hint.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Its kind.
    pub class: Class,
    /// The message.
    pub message: String,
    /// A hint for the user.
    pub hint: Option<String>,
}

impl Failure {
    /// Creates a failure without a hint.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            hint: None,
        }
    }

    /// Creates the failure for a wrong command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Class::Usage, message)
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Prints the failure on stderr, for people or as JSON, and returns the exit code.
    pub fn print(&self, as_json: bool) -> u8 {
        let code = self.class as u8;
        if as_json {
            let mut report =
                json!({"class": self.class.name(), "code": code, "message": self.message});
            if let Some(hint) = &self.hint {
                report["hint"] = json!(hint);
            }
            say(&report);
        } else {
            say(&format_args!("error: {}", safe::lines(&self.message)));
            if let Some(hint) = &self.hint {
                say(&format_args!("hint: {}", safe::lines(hint)));
            }
        }
        code
    }
}

/// Prints a line on stderr, if anybody can read it.
fn say(line: &dyn Display) {
    let _gone = writeln!(std::io::stderr(), "{line}");
}
