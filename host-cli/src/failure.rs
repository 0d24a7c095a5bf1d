//! What is said when something fails, and the exit codes by kind of failure.

mod no_answer;

use crate::interrupt;
use crate::output::say;
use no_answer::no_answer;
use rpc_proto::client::{CallError, Cause};
use serde::Serialize;
use serial_rpc::Connection;
use serial_rpc::connection::{DescriptionError, NamedCallError};
use serial_rpc::description::UnknownProcedure;
use serial_rpc::link::OpenError;
use std::process::ExitCode;

/// The kind of failure; its number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Class {
    /// Whoever read the results has left. That is no failure of ours: nothing is said.
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
    /// The user pressed Ctrl-C.
    Interrupted = 130,
}

/// What failed, and what to try.
#[derive(Debug)]
pub struct Failure {
    class: Class,
    message: String,
    hint: Option<String>,
    /// The procedure's own error.
    error: Option<Box<serde_json::Value>>,
}

/// A failure as `--json` shows it.
#[derive(Serialize)]
struct Report<'a> {
    class: Class,
    code: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a serde_json::Value>,
}

impl Failure {
    /// A failure without advice.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            hint: None,
            error: None,
        }
    }

    /// Adds what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says in which line of a file it happened.
    #[must_use]
    pub fn in_line(mut self, number: usize) -> Self {
        self.message = format!("line {number}: {}", self.message);
        self
    }

    /// Whether the user pressed Ctrl-C.
    pub fn is_interruption(&self) -> bool {
        self.class == Class::Interrupted
    }

    /// The failure as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        let report = Report {
            class: self.class,
            code: self.class as u8,
            message: &self.message,
            hint: self.hint.as_deref(),
            error: self.error.as_deref(),
        };
        // Text and a value that is JSON already: there is nothing in it that JSON lacks.
        serde_json::to_value(report).unwrap_or_default()
    }

    /// Says so, and gives the exit code.
    pub fn report(&self, json: bool) -> ExitCode {
        if self.class == Class::NobodyReads {
            return ExitCode::SUCCESS;
        }
        if json {
            say(self.to_json());
        } else {
            say(format_args!("\x1b[1;31merror\x1b[0m: {}", self.message));
            if let Some(hint) = &self.hint {
                say(format_args!("\x1b[1;36mhint\x1b[0m: {hint}"));
            }
        }
        ExitCode::from(self.class as u8)
    }

    /// A call by name that has no value.
    pub fn named_call(device: &Connection, error: NamedCallError) -> Self {
        let message = error.to_string();
        match error {
            NamedCallError::Description(error) => Self::description(device, error),
            NamedCallError::UnknownProcedure(error) => error.into(),
            NamedCallError::Event { path } => Self::new(Class::Usage, message)
                .hint(format!("`serial-rpc watch {path}` shows it as it comes")),
            NamedCallError::Arguments(_) | NamedCallError::Item { .. } => {
                Self::new(Class::Usage, message)
            }
            NamedCallError::NoStream { .. } => Self::new(Class::Usage, message),
            NamedCallError::NoFeed { .. } => {
                Self::new(Class::Usage, message).hint("leave --items out")
            }
            // How many items were taken matters whatever happened then.
            NamedCallError::Feed { error, .. } => Self {
                message,
                ..Self::named_call(device, *error)
            },
            NamedCallError::Call {
                idempotent, error, ..
            } => match Self::call(device, idempotent, error) {
                // These are about the call, the others about the device and its link.
                failure @ Self {
                    class: Class::OutcomeUnknown | Class::Protocol | Class::Usage,
                    ..
                } => Self { message, ..failure },
                failure => failure,
            },
            NamedCallError::Procedure { error: value, .. } => Self {
                error: Some(Box::new(value)),
                ..Self::new(Class::Procedure, message)
            },
            NamedCallError::Reply { .. } => Self::new(Class::Protocol, message),
        }
    }

    /// The description of the device cannot be had.
    pub fn description(device: &Connection, error: DescriptionError) -> Self {
        match error {
            DescriptionError::Call(error) => Self::call(device, true, error),
            DescriptionError::LeftOut => Self::new(Class::Protocol, error.to_string()).hint(
                "a typed Rust client can call it, and `info`, `log`, `ping` and `stats` work",
            ),
            error => Self::new(Class::Protocol, error.to_string()),
        }
    }

    /// A call that failed.
    pub fn call(device: &Connection, idempotent: bool, error: CallError) -> Self {
        let failure = |class| Self::new(class, error.to_string());
        if interrupt::happened() {
            return match error {
                CallError::OutcomeUnknown(_) if !idempotent => Self::new(
                    Class::Interrupted,
                    "interrupted: the call may have run, once, or not",
                ),
                _ => Self::new(Class::Interrupted, "interrupted"),
            };
        }
        match error {
            CallError::Timeout => no_answer(device),
            CallError::OutcomeUnknown(Cause::Timeout) if idempotent => no_answer(device),
            CallError::OutcomeUnknown(Cause::OtherCaller | Cause::Relay) if idempotent => {
                failure(Class::Port).hint("it is safe to call it again")
            }
            CallError::OutcomeUnknown(_) if idempotent => link_lost(device),
            CallError::OutcomeUnknown(_) => failure(Class::OutcomeUnknown)
                .hint("find out whether it ran before you call it again"),
            CallError::Disconnected => link_lost(device),
            CallError::Unreachable => failure(Class::Port)
                .hint("it may work again once the device is back: it is safe to call it again"),
            CallError::Refused => failure(Class::Protocol)
                .hint("what stands between this program and the device decides who may call what"),
            CallError::Busy => failure(Class::Internal),
            CallError::ArgumentsTooLarge => match device.device() {
                Some(device) => failure(Class::Usage).hint(format!(
                    "the device takes frames of up to {} bytes, checksum included",
                    device.max_frame
                )),
                None => failure(Class::Usage),
            },
            CallError::OtherVersion(_) => failure(Class::Protocol).hint(format!(
                "this program speaks version {}: update the older of the two",
                rpc_proto::wire::message::VERSION
            )),
            CallError::BadArguments => failure(Class::Protocol)
                .hint("a list or text may be longer, or a number larger, than the device takes"),
            _ => failure(Class::Protocol),
        }
    }
}

fn link_lost(device: &Connection) -> Failure {
    let port = device.port();
    Failure::new(Class::Port, format!("the link to {port} was lost"))
        .hint("check the cable and whether the device is still there")
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

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        let text = error.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        match text.split_once("\n\n") {
            Some((message, usage)) => Self::new(Class::Usage, message).hint(usage.trim_start()),
            None => Self::new(Class::Usage, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_a_call_behind_others_has_an_exit_code() {
        let device = Connection::open("sim").expect("there is always one");
        let unknown = CallError::OutcomeUnknown;
        for (error, idempotent, class) in [
            (unknown(Cause::Relay), false, Class::OutcomeUnknown),
            (unknown(Cause::Relay), true, Class::Port),
            (unknown(Cause::OtherCaller), false, Class::OutcomeUnknown),
            (unknown(Cause::OtherCaller), true, Class::Port),
            (CallError::Unreachable, false, Class::Port),
            (CallError::Refused, false, Class::Protocol),
        ] {
            let failure = Failure::call(&device, idempotent, error);
            assert_eq!(failure.class, class, "{error}");
            assert!(failure.hint.is_some(), "{error}");
        }
    }
}
