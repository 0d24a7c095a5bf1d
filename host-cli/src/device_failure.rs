//! Converts errors of a device to failures for the user.

mod no_answer;

use crate::failure::{Class, Failure};
use crate::interrupt;
use no_answer::{clues, link_lost, no_answer};
use rpc_proto::client::{CallError, Cause};
use serial_rpc::Connection;
use serial_rpc::connection::{DescriptionError, NamedCallError};

impl Failure {
    /// Returns the failure for a call by name.
    pub fn named_call(device: &Connection, error: NamedCallError) -> Self {
        let message = error.to_string();
        match error {
            NamedCallError::Description(error) => Self::description(device, error),
            NamedCallError::UnknownProcedure(error) => error.into(),
            NamedCallError::Event { path } => Self::new(Class::Usage, message)
                .hint(format!("`serial-rpc watch {path}` shows it as it comes")),
            NamedCallError::Arguments(_)
            | NamedCallError::Item { .. }
            | NamedCallError::NoStream { .. } => Self::new(Class::Usage, message),
            NamedCallError::NoFeed { .. } => {
                Self::new(Class::Usage, message).hint("leave --items out")
            }
            // The number of items that were taken matters in any case.
            NamedCallError::Feed { error, .. } => Self {
                message,
                ..Self::named_call(device, *error)
            },
            NamedCallError::Call {
                idempotent, error, ..
            } => match Self::call(device, idempotent, error) {
                // These concern the call, the others the device and its link.
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

    /// Returns the failure for a description that cannot be read.
    pub fn description(device: &Connection, error: DescriptionError) -> Self {
        match error {
            DescriptionError::Call(error) => Self::call(device, true, error),
            DescriptionError::LeftOut => Self::new(Class::Protocol, error.to_string()).hint(
                "a typed Rust client can call it, and `info`, `log`, `ping` and `stats` work",
            ),
            error => Self::new(Class::Protocol, error.to_string()),
        }
    }

    /// Returns the failure for a call.
    pub fn call(device: &Connection, idempotent: bool, error: CallError) -> Self {
        let failure = |class| Self::new(class, error.to_string());
        if interrupt::happened() {
            let mut failure = interrupt::interrupted();
            if matches!(error, CallError::OutcomeUnknown(_)) && !idempotent {
                failure.message += ": the call may have run, once, or not";
            }
            return failure;
        }
        match error {
            CallError::Timeout => no_answer(device),
            CallError::OutcomeUnknown(Cause::Timeout) if idempotent => no_answer(device),
            CallError::OutcomeUnknown(Cause::OtherCaller | Cause::OtherDevice | Cause::Relay)
                if idempotent =>
            {
                failure(Class::Port).hint("it is safe to call it again")
            }
            CallError::OutcomeUnknown(_) if idempotent => link_lost(device),
            CallError::OutcomeUnknown(_) => {
                let mut hints = clues(device);
                hints.push("find out whether it ran before you call it again".to_owned());
                failure(Class::OutcomeUnknown).hint(hints.join("\n"))
            }
            CallError::Disconnected => link_lost(device),
            CallError::Unreachable => failure(Class::Port)
                .hint("it may work again once the device is back: it is safe to call it again"),
            CallError::OtherDevice => failure(Class::Port)
                .hint("call it again if it is meant for the device that is there now"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serial_rpc_simulator::SimulatedDevice;

    #[test]
    fn a_call_that_others_pass_on_fails_with_an_exit_code_and_a_hint() {
        let device = Connection::to(SimulatedDevice::new());
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
