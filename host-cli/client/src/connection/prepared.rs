//! Prepares calls by name: encodes their arguments, and decodes their replies.

use super::describe::DescriptionError;
use super::reply::{Reply, copy};
use crate::arguments::ArgumentsError;
use crate::description::{Procedure, ProcedureKind, UnknownProcedure};
use crate::value::{ValueError, decode, decode_all, decode_items, error_in_words, from_hex};
use rpc_proto::client::{Batch, CallError, Pull, StreamSource, Target};
use rpc_proto::service::{Ask, MAX_BATCH};
use serde_json::Value;

/// The request for the first items of a stream.
pub(super) const FIRST_BATCH: Ask = Ask {
    position: 0,
    limit: MAX_BATCH,
};

/// The result of a call by name.
pub type NamedResult<T> = Result<T, NamedCallError>;

/// The error of a call by name.
#[derive(Debug, thiserror::Error)]
pub enum NamedCallError {
    /// The description could not be read. Nothing was called.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// The device has no such procedure.
    #[error(transparent)]
    UnknownProcedure(#[from] UnknownProcedure),
    /// It is an event, which only the device sends. Nothing was called.
    #[error("{path} is an event, which the device sends: it cannot be called")]
    Event {
        /// The path of the event.
        path: String,
    },
    /// The arguments do not match the procedure. Nothing was called.
    #[error(transparent)]
    Arguments(#[from] ArgumentsError),
    /// The call failed.
    #[error("{path} failed: {error}")]
    Call {
        /// The path of the procedure.
        path: String,
        /// True if calling again does no harm.
        idempotent: bool,
        /// The error of the call.
        error: CallError,
    },
    /// The procedure ran and ended in its own error.
    #[error("{path} failed: {words}")]
    Procedure {
        /// The path of the procedure.
        path: String,
        /// The error in words.
        words: String,
        /// The error as JSON.
        error: Value,
    },
    /// An item does not match the procedure's type.
    #[error("item {number}: {error}")]
    Item {
        /// The number of the item, counted from 1.
        number: u64,
        /// The error in the item.
        error: Box<ValueError>,
    },
    /// A call failed after others of the same feed.
    #[error("{error}; {taken} items were taken before")]
    Feed {
        /// The number of items that were certainly taken.
        taken: u32,
        /// The error of the call.
        error: Box<NamedCallError>,
    },
    /// The procedure returns no stream.
    #[error("{path} returns no stream of items")]
    NoStream {
        /// The path of the procedure.
        path: String,
    },
    /// The procedure takes no stream.
    #[error("{path} takes no stream of items")]
    NoFeed {
        /// The path of the procedure.
        path: String,
    },
    /// The procedure ran, but its value does not match the type that it describes.
    #[error("{path} ran, but its reply makes no sense: {error}")]
    Reply {
        /// The path of the procedure.
        path: String,
        /// The error in the reply.
        error: Box<ValueError>,
    },
}

/// A call by name that is ready to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedCall {
    /// The procedure.
    pub procedure: Procedure,
    /// The procedure, as a call identifies it.
    pub target: Target,
    /// The encoded arguments; a stream's include the request for its first items.
    pub arguments: Vec<u8>,
}

impl PreparedCall {
    /// Returns the value in a reply.
    ///
    /// # Errors
    /// Returns the procedure's own error, or the error in the reply.
    pub fn value(&self, reply: &Reply) -> NamedResult<Value> {
        let procedure = &self.procedure;
        match reply {
            Reply::Return(bytes) if procedure.kind.is_stream() => {
                let batch = Pull::new(self.moves()).take(FIRST_BATCH, bytes);
                match batch.map_err(|error| self.failed(error))? {
                    Batch::Items { count, items } => {
                        let items = decode_items(&procedure.value, count, items);
                        items
                            .map(Value::Array)
                            .map_err(|error| self.senseless(error))
                    }
                    Batch::Void => Ok(Value::Null),
                }
            }
            Reply::Return(bytes) => {
                decode_all(&procedure.value, bytes).map_err(|error| self.senseless(error))
            }
            Reply::Error(bytes) => Err(self.own_error(bytes)),
        }
    }

    /// Returns true if it is of a moving stream.
    fn moves(&self) -> bool {
        self.procedure.kind == ProcedureKind::MovingStream
    }

    /// Decodes the procedure's own error.
    pub(super) fn own_error(&self, bytes: &[u8]) -> NamedCallError {
        let Some(ty) = &self.procedure.error else {
            return self.failed(CallError::BadReply);
        };
        match decode_all(ty, bytes) {
            Ok(error) => NamedCallError::Procedure {
                path: self.procedure.path.clone(),
                words: error_in_words(ty, &error),
                error,
            },
            Err(error) => self.senseless(error),
        }
    }

    pub(super) fn senseless(&self, error: ValueError) -> NamedCallError {
        NamedCallError::Reply {
            path: self.procedure.path.clone(),
            error: Box::new(error),
        }
    }

    /// Returns the error of a call that failed.
    pub fn failed(&self, error: CallError) -> NamedCallError {
        NamedCallError::Call {
            path: self.procedure.path.clone(),
            idempotent: self.procedure.idempotent,
            error,
        }
    }

    /// Takes the items off the encoded arguments of a feed.
    pub(super) fn split_items(&mut self) -> NamedResult<Vec<Value>> {
        let senseless = |_| self.failed(CallError::BadArguments);
        let mut rest = self.arguments.as_slice();
        let Some((items, head)) = self.procedure.arguments.split_last() else {
            return Ok(Vec::new());
        };
        for argument in head {
            decode(&argument.ty, &mut rest).map_err(senseless)?;
        }
        let head_len = self.arguments.len() - rest.len();
        let items = decode(&items.ty, &mut rest).map_err(senseless)?;
        self.arguments.truncate(head_len);
        match items {
            Value::Array(items) => Ok(items),
            // A list of bytes is shown as text.
            Value::String(bytes) => {
                let bytes = from_hex(&bytes).unwrap_or_default();
                Ok(bytes.into_iter().map(Value::from).collect())
            }
            item => Ok(vec![item]),
        }
    }
}

/// A stream by name, with its arguments.
#[derive(Debug)]
pub struct NamedSource(pub(super) PreparedCall);

impl StreamSource for NamedSource {
    type Item = Value;
    type Error = NamedCallError;

    fn target(&self) -> Target {
        self.0.target
    }

    fn moves(&self) -> bool {
        self.0.moves()
    }

    fn encode(&self, place: &mut [u8]) -> Option<usize> {
        copy(&self.0.arguments, place)
    }

    fn item(&self, bytes: &mut &[u8]) -> NamedResult<Value> {
        decode(&self.0.procedure.value, bytes).map_err(|error| self.0.senseless(error))
    }

    fn own_error(&self, bytes: &[u8]) -> NamedCallError {
        self.0.own_error(bytes)
    }

    fn failed(&self, error: CallError) -> NamedCallError {
        self.0.failed(error)
    }
}
