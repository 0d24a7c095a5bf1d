//! Why a call has no value, and whether it ran.

use super::signatures::Signatures;
use crate::device::SubscribeError;
use crate::service::Never;
use crate::wire::message::Fault;
use core::fmt;

/// Why a call has no value: the procedure's own error, or the reason why the call failed.
///
/// A call that returns a value has run exactly once. For one that does not, [`ran`](Self::ran) says
/// whether it may have run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CallError<E = Never> {
    /// The procedure ran and ended in its own error.
    Error(E),
    /// The device has no procedure or event of that path, or, where its description was not read, none of
    /// that path and signature.
    NoSuchProcedure,
    /// The device's procedure or event of that path has other types.
    SignatureDiffers(Signatures),
    /// The device could not decode the arguments.
    BadArguments,
    /// The arguments do not fit a frame of this caller's or of the device's.
    ArgumentsTooLarge,
    /// The procedure ran, but its value does not fit a frame of the device's or of this caller's.
    ReplyTooLarge,
    /// The procedure ran, but what came back is not the value that was expected.
    BadReply,
    /// The procedure ran, but the stream that it returns may no longer be the one of which a part was
    /// received: it has become shorter, or its items come and go and the session has ended.
    StreamChanged,
    /// The device answered with a fault that this version does not know.
    UnknownFault(u8),
    /// The call was not passed on to the device that was to run it.
    Unreachable,
    /// The device does not let this caller make this call.
    Refused,
    /// Another device is at the other end now, or one with another interface.
    OtherDevice,
    /// The call was made from within the link or the tap of its own connection.
    Reentrant,
    /// As many calls are in flight as this caller has room for.
    Busy,
    /// The deadline passed before the call could be sent.
    Timeout,
    /// The link failed before the call could be sent.
    Disconnected,
    /// The caller cancelled the call before it could be sent.
    Cancelled,
    /// The device speaks this other version of the protocol.
    OtherVersion(u8),
    /// The call was sent but no answer arrived. It has run once or not at all.
    OutcomeUnknown(Cause),
}

/// The result of what a subscription does.
pub type SubscribeResult<T> = Result<T, CallError<SubscribeError>>;

/// The reason why no answer arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Cause {
    /// A deadline passed, that of the call or of another in the same session.
    Timeout,
    /// The device was reset.
    Reset,
    /// The link failed.
    Disconnected,
    /// The caller cancelled the call.
    Cancelled,
    /// Another caller has begun a session with the device, which ended this caller's.
    OtherCaller,
    /// Another device is at the other end now, or one with another interface.
    OtherDevice,
    /// The call was forwarded, and the forwarder does not know whether it ran.
    Relay,
}

/// An indication of whether a call ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Ran {
    /// It did not run and will not.
    Never,
    /// It ran once.
    Once,
    /// It ran once or not at all.
    Unknown,
}

impl<E> CallError<E> {
    /// Returns whether the call ran.
    pub const fn ran(&self) -> Ran {
        match self {
            Self::Error(_) | Self::ReplyTooLarge | Self::BadReply | Self::StreamChanged => {
                Ran::Once
            }
            Self::OutcomeUnknown(_) | Self::UnknownFault(_) => Ran::Unknown,
            Self::NoSuchProcedure
            | Self::SignatureDiffers(_)
            | Self::BadArguments
            | Self::ArgumentsTooLarge
            | Self::Unreachable
            | Self::Refused
            | Self::OtherDevice
            | Self::Reentrant
            | Self::Busy
            | Self::Timeout
            | Self::Disconnected
            | Self::Cancelled
            | Self::OtherVersion(_) => Ran::Never,
        }
    }

    /// Returns true if the device did not answer for a reason that may pass, so that it is worth while to
    /// call again what does no harm.
    pub const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Timeout
                | Self::Disconnected
                | Self::OutcomeUnknown(Cause::Timeout | Cause::Disconnected | Cause::Reset)
        )
    }

    /// Splits the procedure's own error from a failure, which is returned for a procedure with another
    /// error.
    fn split<F>(self) -> Result<E, CallError<F>> {
        Err(match self {
            Self::Error(error) => return Ok(error),
            Self::NoSuchProcedure => CallError::NoSuchProcedure,
            Self::SignatureDiffers(signatures) => CallError::SignatureDiffers(signatures),
            Self::BadArguments => CallError::BadArguments,
            Self::ArgumentsTooLarge => CallError::ArgumentsTooLarge,
            Self::ReplyTooLarge => CallError::ReplyTooLarge,
            Self::BadReply => CallError::BadReply,
            Self::StreamChanged => CallError::StreamChanged,
            Self::UnknownFault(code) => CallError::UnknownFault(code),
            Self::Unreachable => CallError::Unreachable,
            Self::Refused => CallError::Refused,
            Self::OtherDevice => CallError::OtherDevice,
            Self::Reentrant => CallError::Reentrant,
            Self::Busy => CallError::Busy,
            Self::Timeout => CallError::Timeout,
            Self::Disconnected => CallError::Disconnected,
            Self::Cancelled => CallError::Cancelled,
            Self::OtherVersion(version) => CallError::OtherVersion(version),
            Self::OutcomeUnknown(cause) => CallError::OutcomeUnknown(cause),
        })
    }

    /// Returns the fault with which a relay answers a call that it passed on and that ended so. Its
    /// caller then knows as much about whether the call ran.
    ///
    /// ```
    /// use rpc_proto::client::{CallError, Cause};
    /// use rpc_proto::wire::message::Fault;
    ///
    /// assert_eq!(CallError::<()>::Disconnected.fault(), Fault::Unreachable);
    /// let lost = CallError::<()>::OutcomeUnknown(Cause::Reset);
    /// assert_eq!(lost.fault(), Fault::OutcomeUnknown);
    /// ```
    pub const fn fault(&self) -> Fault {
        match self {
            Self::NoSuchProcedure => Fault::UnknownProcedure,
            Self::BadArguments => Fault::BadArguments,
            Self::ReplyTooLarge => Fault::ReplyTooLarge,
            Self::Refused => Fault::Refused,
            other => match other.ran() {
                Ran::Never => Fault::Unreachable,
                Ran::Once | Ran::Unknown => Fault::OutcomeUnknown,
            },
        }
    }

    /// Separates the procedure's own error from a failure of the call.
    ///
    /// # Errors
    /// Returns the failure if the call failed.
    pub fn own(self) -> Result<E, CallError> {
        self.split()
    }
}

impl CallError {
    /// Returns the same failure for a procedure that has an error of its own.
    pub fn widen<E>(self) -> CallError<E> {
        match self.split() {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }
}

impl<E: fmt::Debug> fmt::Display for CallError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error(error) => {
                return write!(formatter, "the procedure ended in its own error: {error:?}");
            }
            Self::UnknownFault(code) => {
                return write!(
                    formatter,
                    "the device answered with the unknown fault {code}"
                );
            }
            Self::OtherVersion(version) => {
                return write!(
                    formatter,
                    "the device speaks version {version} of the protocol"
                );
            }
            Self::SignatureDiffers(signatures) if !signatures.words().is_empty() => {
                signatures.words()
            }
            Self::NoSuchProcedure => "the device has no such procedure or event",
            Self::SignatureDiffers(_) => "the device's procedure of that name has other types",
            Self::BadArguments => "the device could not decode the arguments",
            Self::ArgumentsTooLarge => "the arguments do not fit a frame",
            Self::ReplyTooLarge => "the procedure ran, but its value does not fit a frame",
            Self::BadReply => "the procedure ran, but its reply is not of the expected type",
            Self::StreamChanged => {
                "the stream may have changed while it was read: it became shorter, or the session ended"
            }
            Self::Unreachable => "the call could not be passed on to its device, so it never ran",
            Self::Refused => "the device does not let this caller make this call",
            Self::OtherDevice => {
                "another device is at the other end now, or one with another interface: the call \
                 was not sent"
            }
            Self::Reentrant => "a link or tap cannot make calls over its own connection",
            Self::Busy => "too many calls are in flight",
            Self::Timeout => "the deadline passed before the call could be sent",
            Self::Disconnected => "the link failed before the call could be sent",
            Self::Cancelled => "the call was cancelled before it could be sent",
            Self::OutcomeUnknown(Cause::Timeout) => {
                "no answer came in time: the call may have run, once, or not"
            }
            Self::OutcomeUnknown(Cause::Reset) => {
                "the device was reset: the call may have run, once, or not"
            }
            Self::OutcomeUnknown(Cause::Disconnected) => {
                "the link failed: the call may have run, once, or not"
            }
            Self::OutcomeUnknown(Cause::Cancelled) => {
                "the call was cancelled: it may have run, once, or not"
            }
            Self::OutcomeUnknown(Cause::OtherCaller) => {
                "another caller has taken over the device: the call may have run, once, or not"
            }
            Self::OutcomeUnknown(Cause::OtherDevice) => {
                "another device is at the other end now, or one with another interface: the call \
                 may have run on the one before, once, or not"
            }
            Self::OutcomeUnknown(Cause::Relay) => {
                "the call was passed on and its answer was lost: it may have run, once, or not"
            }
        })
    }
}

impl<E: fmt::Debug> core::error::Error for CallError<E> {}
