//! The answer to a call, and how a typed caller reads it.

use super::call_error::CallError;
use crate::service::Procedure;
use crate::wire::decode::take_from;
use serde::{Deserialize, de::DeserializeOwned};

/// A device's answer to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer<'a> {
    /// The encoded value.
    Return(&'a [u8]),
    /// The procedure's own error, encoded.
    Error(&'a [u8]),
}

/// Reads the value or the error of a procedure from an answer.
///
/// # Errors
/// Returns the procedure's own error, or [`CallError::BadReply`] if the bytes are neither.
pub fn read<P: Procedure>(answer: Answer<'_>) -> Result<P::Value<'_>, CallError<P::Error>> {
    match answer {
        Answer::Return(bytes) => exactly(bytes).ok_or(CallError::BadReply),
        Answer::Error(bytes) => Err(own_error(bytes)),
    }
}

/// Reads as [`read`] does, but a value that borrows nothing and so outlives the answer.
///
/// # Errors
/// Returns the procedure's own error, or [`CallError::BadReply`] if the bytes are neither.
pub fn read_owned<P: Procedure>(
    answer: Answer<'_>,
) -> Result<P::Value<'static>, CallError<P::Error>>
where
    P::Value<'static>: DeserializeOwned,
{
    match answer {
        Answer::Return(bytes) => exactly(bytes).ok_or(CallError::BadReply),
        Answer::Error(bytes) => Err(own_error(bytes)),
    }
}

/// Reads a procedure's own error.
pub(super) fn own_error<E: DeserializeOwned>(bytes: &[u8]) -> CallError<E> {
    exactly(bytes).map_or(CallError::BadReply, CallError::Error)
}

/// Reads a value that takes up all of `bytes`.
pub(super) fn exactly<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    match take_from(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}
