//! Converts the failures of an update to failures for the user.

use crate::failure::{Class, Failure};
use crate::interrupt;
use rpc_proto::client::CallError;
use rpc_proto::services::update::UpdateError;
use serial_rpc::Connection;
use serial_rpc::connection::UpdateFailure;
use serial_rpc::image::Misplaced;

impl Failure {
    /// Returns the failure for an update that did not succeed.
    pub fn update(device: &Connection, error: UpdateFailure) -> Self {
        let message = error.to_string();
        let with = |class, hint: &str| Self::new(class, message.as_str()).hint(hint);
        match error {
            UpdateFailure::Call(error) if interrupt::happened() => {
                let again = "the same command goes on where it was";
                Self::call(device, true, error.own().err().unwrap_or(CallError::Cancelled)).hint(again)
            }
            UpdateFailure::Call(error) => match error.own() {
                Ok(error) => Self {
                    error: serde_json::to_value(error).ok().map(Box::new),
                    ..with(Class::Procedure, hint(error))
                },
                Err(CallError::NoSuchProcedure) => {
                    Self::new(Class::Usage, "the device offers no updates over this link").hint(
                        "its firmware needs the service `update`, and has to be written by a probe until then",
                    )
                }
                Err(error) => Self::call(device, true, error),
            },
            UpdateFailure::NoInfo => with(
                Class::Usage,
                "a firmware names its product and version in an `ImageInfo`: is this one, and for this device?",
            ),
            UpdateFailure::WrongProduct { .. } => {
                with(Class::Usage, "is it the right file, and the right device?")
            }
            UpdateFailure::Misplaced { why: Misplaced::Address(_) | Misplaced::Reset(_), .. } => with(
                Class::Usage,
                "link it for that address, as memory.x says, and without the boot loader",
            ),
            UpdateFailure::TooLong { .. } => with(Class::Usage, ""),
            UpdateFailure::Unsigned => with(
                Class::Usage,
                "--signature FILE gives the signature; `serial-rpc update --help` says how it is made",
            ),
            UpdateFailure::TrialFailed { .. } => with(
                Class::UpdateFailed,
                "it crashed, was reset, or did not confirm itself in time: `serial-rpc log` may say more",
            ),
            UpdateFailure::NotStarted { .. } => with(
                Class::UpdateFailed,
                "the boot loader may have refused the image, or the power was cut: try again",
            ),
            UpdateFailure::NoService => with(
                Class::UpdateFailed,
                "unless it confirms itself, the next reset brings back the one before",
            ),
            UpdateFailure::NotBack(_) => with(
                Class::Timeout,
                "the same command goes on where it was; a reset brings back an image that was not confirmed",
            ),
        }
    }
}

/// Returns a hint for an error of the device.
const fn hint(error: UpdateError) -> &'static str {
    match error {
        UpdateError::OnTrial => {
            "`serial-rpc update confirm` keeps it, `serial-rpc update revert` brings back the one before"
        }
        UpdateError::BadSignature => {
            "was it made for exactly this image, with the key whose other half the device has?"
        }
        UpdateError::NothingToRevert => "`serial-rpc update status` shows what there is",
        UpdateError::Differs | UpdateError::Failed => {
            "try again; if it stays so, the flash may be worn out"
        }
        UpdateError::Gap => "is another program updating the same device?",
        _ => "",
    }
}
