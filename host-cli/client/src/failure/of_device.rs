//! Converts errors of a device to failures.

use super::no_answer::{clues, link_lost, no_answer};
use super::{Class, Failure};
use crate::connection::{DescriptionError, NamedCallError};
use crate::{Connection, Ran};
use rpc_proto::client::{CallError, Cause};
use rpc_proto::device::SubscribeError;
use rpc_proto::services::blocks::{BlockError, TransferError};

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
                ran: Ran::Unknown,
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
                ..Self::new(Class::Procedure, message).ran(Ran::Once)
            },
            NamedCallError::Reply { .. } => Self::new(Class::Protocol, message).ran(Ran::Once),
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
        Self::without_ran(device, idempotent, error).ran(error.ran())
    }

    fn without_ran(device: &Connection, idempotent: bool, error: CallError) -> Self {
        let failure = |class| Self::new(class, error.to_string());
        match error {
            CallError::OutcomeUnknown(Cause::Cancelled) if !idempotent => Self::new(
                Class::Interrupted,
                "interrupted: the call may have run, once, or not",
            ),
            CallError::Cancelled | CallError::OutcomeUnknown(Cause::Cancelled) => {
                Self::new(Class::Interrupted, "interrupted")
            }
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

    /// Returns the failure for an event that cannot be subscribed to, or not any more.
    pub fn subscription(device: &Connection, error: CallError<SubscribeError>) -> Self {
        let (message, hint) = match error.own() {
            Ok(SubscribeError::NoSuchEvent) => (
                "the device does not have this event any more",
                "its firmware is another now; `serial-rpc list` shows what there is",
            ),
            Ok(SubscribeError::TooMany) => (
                "the device has no room for another subscription",
                "its firmware says how many there may be, as TOPICS of its event queue",
            ),
            Err(CallError::NoSuchProcedure) => (
                "the device sends no events",
                "its firmware must create the server `with_events`",
            ),
            Err(error) => return Self::call(device, true, error),
        };
        Self::new(Class::Protocol, message).hint(hint)
    }

    /// Returns the failure for a log that cannot be followed.
    pub fn log(device: &Connection, error: CallError<SubscribeError>) -> Self {
        match error {
            CallError::Error(SubscribeError::NoSuchEvent) | CallError::NoSuchProcedure => {
                Self::new(Class::Protocol, "the device keeps no log").hint(
                    "its firmware offers one as `LogService` of `rpc_proto::services::log`; \
                     `serial-rpc list` shows what there is",
                )
            }
            error => Self::subscription(device, error),
        }
    }

    /// Returns the failure for a block that was not transferred.
    pub fn transfer(device: &Connection, name: &str, error: TransferError) -> Self {
        let TransferError::Call(error) = error else {
            return Self::new(Class::Protocol, format!("{name}: {error}")).ran(Ran::Unknown);
        };
        let message = format!("{name}: {}", TransferError::Call(error));
        match error.own() {
            Ok(BlockError::NoSuchBlock) => Self::new(Class::Procedure, message)
                .hint("`serial-rpc call blocks.list` shows what there is"),
            Ok(_) => Self::new(Class::Procedure, message).ran(Ran::Unknown),
            Err(CallError::NoSuchProcedure) => {
                Self::new(Class::Usage, "the device has no blocks to read or write")
                    .hint("`serial-rpc list` shows what it offers")
            }
            // A block is written or read again as a whole.
            Err(error) => Self::call(device, true, error),
        }
    }
}
