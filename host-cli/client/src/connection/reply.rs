//! Holds encoded values: received replies, and arguments to be sent.

use rpc_proto::client::Answer;

/// A device's answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The encoded value.
    Return(Vec<u8>),
    /// The procedure's own error, encoded.
    Error(Vec<u8>),
}

impl From<Answer<'_>> for Reply {
    fn from(answer: Answer<'_>) -> Self {
        match answer {
            Answer::Return(bytes) => Self::Return(bytes.to_vec()),
            Answer::Error(bytes) => Self::Error(bytes.to_vec()),
        }
    }
}

impl Reply {
    pub(super) fn answer(&self) -> Answer<'_> {
        match self {
            Self::Return(bytes) => Answer::Return(bytes),
            Self::Error(bytes) => Answer::Error(bytes),
        }
    }
}

/// Copies encoded arguments to `place`, if they fit.
pub(super) fn copy(arguments: &[u8], place: &mut [u8]) -> Option<usize> {
    place.get_mut(..arguments.len())?.copy_from_slice(arguments);
    Some(arguments.len())
}
