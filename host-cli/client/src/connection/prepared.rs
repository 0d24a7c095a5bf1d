//! A call by name that is ready to be made: how its arguments are sent, and how its replies are read.

use super::describe::DescriptionError;
use super::reply::{Reply, copy};
use crate::arguments::ArgumentsError;
use crate::description::{Procedure, ProcedureKind, UnknownProcedure};
use crate::value::{Problem, ValueError, decode, decode_all, error_in_words, from_hex};
use rpc_proto::client::{Batch, CallError, Pull, StreamSource, Target};
use rpc_proto::service::{Ask, MAX_BATCH};
use serde_json::Value;

/// Asks for the first items of a stream.
pub(super) const FIRST_BATCH: Ask = Ask {
    position: 0,
    limit: MAX_BATCH,
};

/// Why a call by name has no value.
#[derive(Debug, thiserror::Error)]
pub enum NamedCallError {
    /// The description could not be read. Nothing was called.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// The device has no such procedure.
    #[error(transparent)]
    UnknownProcedure(#[from] UnknownProcedure),
    /// It is an event, which only the device sends. Nothing was called.
    #[error("{path} is an event, which the device tells and nobody calls")]
    Event {
        /// The event.
        path: String,
    },
    /// The arguments are not what the procedure takes. Nothing was called.
    #[error(transparent)]
    Arguments(#[from] ArgumentsError),
    /// The call failed.
    #[error("{path} failed: {error}")]
    Call {
        /// The procedure.
        path: String,
        /// Whether it may be called again without harm.
        idempotent: bool,
        /// What failed.
        error: CallError,
    },
    /// The procedure ran and ended in its own error.
    #[error("{path} failed: {words}")]
    Procedure {
        /// The procedure.
        path: String,
        /// The error in words.
        words: String,
        /// The error.
        error: Value,
    },
    /// An item is not one that the procedure takes.
    #[error("item {number}: {error}")]
    Item {
        /// Which it is, from 1 on.
        number: u64,
        /// What is wrong with it.
        error: Box<ValueError>,
    },
    /// A call failed after others of the same feed.
    #[error("{error}; {taken} items were taken before")]
    Feed {
        /// How many items were taken for certain.
        taken: u32,
        /// Why the call failed.
        error: Box<NamedCallError>,
    },
    /// The procedure returns no stream.
    #[error("{path} returns no stream of items")]
    NoStream {
        /// The procedure.
        path: String,
    },
    /// The procedure takes no stream.
    #[error("{path} takes no stream of items")]
    NoFeed {
        /// The procedure.
        path: String,
    },
    /// The procedure ran, but what it returned is not of the type that it describes.
    #[error("{path} ran, but its reply makes no sense: {error}")]
    Reply {
        /// The procedure.
        path: String,
        /// What is wrong with the reply.
        error: Box<ValueError>,
    },
}

/// A call by name that is ready to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedCall {
    /// The procedure.
    pub procedure: Procedure,
    /// The same, as a call names it.
    pub target: Target,
    /// The encoded arguments; of a stream, such that ask for its first items.
    pub arguments: Vec<u8>,
}

impl PreparedCall {
    /// Returns the value that a reply holds.
    ///
    /// # Errors
    /// The procedure's own error, or what is wrong with the reply.
    pub fn value(&self, reply: &Reply) -> Result<Value, NamedCallError> {
        let procedure = &self.procedure;
        match reply {
            Reply::Return(bytes) if procedure.kind == ProcedureKind::Stream => {
                let batch = Pull::new().take(FIRST_BATCH, bytes);
                match batch.map_err(|error| self.failed(error))? {
                    Batch::Items { count, items } => self.items(count, items).map(Value::Array),
                    Batch::Void => Ok(Value::Null),
                }
            }
            Reply::Return(bytes) => {
                decode_all(&procedure.value, bytes).map_err(|error| self.senseless(error))
            }
            Reply::Error(bytes) => Err(self.own_error(bytes)),
        }
    }

    /// Reads the procedure's own error.
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

    /// Reads the items of a batch.
    fn items(&self, count: u8, mut bytes: &[u8]) -> Result<Vec<Value>, NamedCallError> {
        let items = (0..count).map(|_| decode(&self.procedure.value, &mut bytes));
        let items = items.collect::<Result<Vec<_>, ValueError>>();
        let items = items.and_then(|items| match bytes.len() {
            0 => Ok(items),
            count => Err(Problem::Trailing { count }.into()),
        });
        items.map_err(|error| self.senseless(error))
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
}

impl PreparedCall {
    /// Takes the items off the encoded arguments of a feed, one by one.
    pub(super) fn split_items(&mut self) -> Result<Vec<Value>, NamedCallError> {
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

    fn encode(&self, place: &mut [u8]) -> Option<usize> {
        copy(&self.0.arguments, place)
    }

    fn item(&self, bytes: &mut &[u8]) -> Result<Value, NamedCallError> {
        decode(&self.0.procedure.value, bytes).map_err(|error| self.0.senseless(error))
    }

    fn own_error(&self, bytes: &[u8]) -> NamedCallError {
        self.0.own_error(bytes)
    }

    fn failed(&self, error: CallError) -> NamedCallError {
        self.0.failed(error)
    }
}
