//! Converts the failures of an update to failures for the user.

use crate::failure::{Class, Failure};
use rpc_proto::client::CallError;
use rpc_proto::services::update::UpdateError;
use serial_rpc::Connection;
use serial_rpc::connection::UpdateFailure;

/// Returns the failure for an update, or a step of it, that did not succeed.
pub fn of_update(device: &Connection, error: UpdateFailure) -> Failure {
    let message = error.to_string();
    let (class, hint) = match error {
        UpdateFailure::Call(error) => match error.own() {
            Ok(error) => {
                return Failure {
                    hint: hint(error).map(str::to_owned),
                    error: serde_json::to_value(error).ok().map(Box::new),
                    ..Failure::new(Class::Procedure, message)
                };
            }
            Err(CallError::NoSuchProcedure) => {
                return Failure::new(Class::Usage, "the device offers no updates over this link")
                    .hint("its firmware needs the service `update`: flash it by other means");
            }
            Err(error) => return Failure::call(device, true, error),
        },
        UpdateFailure::NoInfo => (
            Class::Usage,
            "a firmware does so by an `ImageInfo`: is it the right file?",
        ),
        UpdateFailure::WrongProduct { .. } => {
            (Class::Usage, "is it the right file, and the right device?")
        }
        UpdateFailure::Misplaced { .. } => (
            Class::Usage,
            "link it for that address, as memory.x says, without the boot loader",
        ),
        UpdateFailure::TooLong { .. } => (
            Class::Usage,
            "is it optimised for size (opt-level = \"s\")?",
        ),
        UpdateFailure::Unsigned => (
            Class::Usage,
            "sign it as `serial-rpc update --help` says, and add --signature FILE",
        ),
        UpdateFailure::TrialFailed { .. } => (
            Class::UpdateFailed,
            "it crashed, or was reset before it was confirmed",
        ),
        UpdateFailure::NotStarted { .. } => (
            Class::UpdateFailed,
            "the boot loader may have refused it, or the power was cut: try again",
        ),
        UpdateFailure::NoService => (
            Class::UpdateFailed,
            "unless it confirms itself, the next reset brings back the one before",
        ),
        UpdateFailure::NotBack(_) => (
            Class::Timeout,
            "the same command goes on where it was; a reset brings back what ran before",
        ),
    };
    Failure::new(class, message).hint(hint)
}

/// Adds how to go on, if the user has ended it.
pub fn that_can_go_on(failure: Failure) -> Failure {
    match failure.is_interruption() {
        true => failure.hint("the same command goes on where it was"),
        false => failure,
    }
}

/// Returns a hint for an error of the device.
const fn hint(error: UpdateError) -> Option<&'static str> {
    Some(match error {
        UpdateError::OnTrial => {
            "`serial-rpc update confirm` keeps it, `serial-rpc update revert` does not"
        }
        UpdateError::BadSignature => {
            "was it made for exactly this image, and with the key of this device?"
        }
        UpdateError::NothingToRevert => "`serial-rpc update status` shows what there is",
        UpdateError::Differs | UpdateError::Failed => {
            "try again; if it stays so, the flash may be worn out"
        }
        UpdateError::Gap => "is another program updating the same device?",
        _ => return None,
    })
}
