//! What is said when something fails, and the exit codes by kind of failure.

use rpc_proto::client::{CallError, Cause, Ran};
use serial_rpc::Connection;
use serial_rpc::connection::{DescriptionError, NamedCallError};
use serial_rpc::description::UnknownProcedure;
use serial_rpc::link::OpenError;
use std::process::ExitCode;

/// The kind of failure; its number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
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
    /// Ctrl-C; what a shell makes of a program that ends by it.
    Interrupted = 130,
}

/// The hint when it may have run.
const ASK_WHETHER_IT_RAN: &str = "find out whether it ran before you call it again";

/// What failed, and what to try.
#[derive(Debug)]
pub struct Failure {
    class: Class,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure without advice.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says so, and gives the exit code.
    pub fn report(&self) -> ExitCode {
        anstream::eprintln!("\x1b[1;31merror\x1b[0m: {}", self.message);
        if let Some(hint) = &self.hint {
            anstream::eprintln!("\x1b[1;36mhint\x1b[0m: {hint}");
        }
        ExitCode::from(self.class as u8)
    }

    /// A call by name that has no value.
    pub fn named_call(device: &Connection, error: NamedCallError) -> Self {
        match error {
            NamedCallError::Description(error) => Self::description(device, error),
            NamedCallError::UnknownProcedure(error) => error.into(),
            NamedCallError::Arguments(error) => Self::new(Class::Usage, error.to_string()),
            NamedCallError::Call {
                idempotent, error, ..
            } => Self::call(device, idempotent, error),
            NamedCallError::Cancelled {
                idempotent, ran, ..
            } => {
                let failure = Self::new(Class::Interrupted, error.to_string());
                match ran {
                    Ran::Unknown if !idempotent => failure.hint(ASK_WHETHER_IT_RAN),
                    _ => failure,
                }
            }
            NamedCallError::Procedure { .. } => Self::new(Class::Procedure, error.to_string()),
            NamedCallError::Reply { .. } => Self::new(Class::Protocol, error.to_string()),
        }
    }

    /// The description of the device cannot be had.
    pub fn description(device: &Connection, error: DescriptionError) -> Self {
        match error {
            DescriptionError::Call(error) => Self::call(device, true, error),
            error => Self::new(Class::Protocol, error.to_string()),
        }
    }

    /// A call that failed.
    pub fn call(device: &Connection, idempotent: bool, error: CallError) -> Self {
        let port = device.port();
        let failure = |class| Self::new(class, error.to_string());
        match error {
            _ if device.is_cancelled() => Self::new(Class::Interrupted, "interrupted"),
            CallError::Timeout => no_answer(device),
            CallError::OutcomeUnknown(Cause::Timeout) if idempotent => no_answer(device),
            CallError::OutcomeUnknown(_) if idempotent => failure(Class::Port),
            CallError::OutcomeUnknown(_) => failure(Class::OutcomeUnknown).hint(ASK_WHETHER_IT_RAN),
            CallError::Disconnected => {
                Self::new(Class::Port, format!("the link to {port} was lost"))
                    .hint("check the cable and whether the device is still there")
            }
            CallError::Busy => failure(Class::Internal),
            CallError::ArgumentsTooLarge => failure(Class::Usage),
            CallError::OtherVersion(version) => failure(Class::Protocol).hint(format!(
                "it speaks version {version}, this program version {}: update the older of the two",
                rpc_proto::message::VERSION
            )),
            _ => failure(Class::Protocol),
        }
    }
}

/// Nothing came back, or nothing that made sense.
fn no_answer(device: &Connection) -> Failure {
    let port = device.port();
    let statistics = device.statistics();
    let failure = Failure::new(
        Class::Timeout,
        format!("the device on {port} does not answer"),
    );
    if statistics.received > 0 {
        failure.hint("it did before: it may be busy for longer than --timeout allows")
    } else if statistics.broken > 0 {
        failure.hint(
            "only noise came back: is --baud what the device uses, and does it speak serial-rpc?",
        )
    } else {
        failure.hint(
            "is it the right port, is the device running, and are its wires the right way round?",
        )
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::new(Class::Port, error.to_string()).hint(error.hint())
    }
}

impl From<UnknownProcedure> for Failure {
    fn from(error: UnknownProcedure) -> Self {
        Self::new(Class::Usage, error.to_string()).hint("`serial-rpc list` shows what there is")
    }
}
