//! Calls by name, as the device describes its procedures.

use super::named_feed::NamedFeed;
use super::named_stream::{NamedStream, asking};
use super::{Connection, DescriptionError, Reply};
use crate::arguments::{ArgumentsError, from_json, from_words};
use crate::description::{Procedure, ProcedureKind, UnknownProcedure};
use crate::value::{ValueError, decode_all, error_in_words};
use rpc_proto::client::{Batch, CallError, Pull, Target};
use rpc_proto::service::{Ask, MAX_BATCH};
use serde_json::Value;
use std::fs;

/// What asks for the first items of a stream.
const FIRST_BATCH: Ask = Ask {
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
    /// It is an event, which the device tells. Nothing was called.
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
        taken: u64,
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

impl Connection {
    /// Calls a procedure by its path, with arguments as a JSON array, or as an object with their
    /// names. What a stream returns is an array of all its items.
    ///
    /// ```
    /// use serde_json::json;
    /// use serial_rpc::Connection;
    /// use serial_rpc_simulator::SimulatedDevice;
    ///
    /// let device = Connection::to(SimulatedDevice::new());
    /// assert_eq!(device.call("calculator.add", &json!([2, 3]))?, 5);
    /// assert_eq!(device.call("Calculator.add", &json!({"y": 3, "x": 2}))?, 5);
    ///
    /// let error = device.call("calculator.div", &json!([1, 0])).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "calculator.div failed: divide by zero (MathError::DivideByZero)",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such procedure, it is an event, the arguments are not its, it ends in its own
    /// error, or the call fails.
    pub fn call(&self, path: &str, arguments: &Value) -> Result<Value, NamedCallError> {
        self.call_with(path, |procedure| from_json(procedure, arguments))
    }

    /// Calls a procedure by its path, with arguments as words of a shell; see
    /// [`arguments`](crate::arguments).
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn call_words(
        &self,
        path: &str,
        words: &[impl AsRef<str>],
    ) -> Result<Value, NamedCallError> {
        self.call_with(path, |procedure| encoded(procedure, words))
    }

    /// Makes a call ready, which can then be made any number of times.
    ///
    /// ```
    /// use serial_rpc::Connection;
    /// use serial_rpc_simulator::SimulatedDevice;
    ///
    /// let device = Connection::to(SimulatedDevice::new());
    /// let add = device.prepare("calculator.add", &["2", "3"])?;
    /// let pending = device.submit_encoded(add.target, &add.arguments)?;
    /// let reply = pending.wait().map_err(|error| add.failed(error))?;
    /// assert_eq!(add.value(&reply)?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such procedure, or the arguments are not its.
    pub fn prepare(
        &self,
        path: &str,
        words: &[impl AsRef<str>],
    ) -> Result<PreparedCall, NamedCallError> {
        self.prepare_with(path, |procedure| encoded(procedure, words))
    }

    fn prepare_with(
        &self,
        path: &str,
        encode: impl Fn(&Procedure) -> Result<Vec<u8>, ArgumentsError>,
    ) -> Result<PreparedCall, NamedCallError> {
        let (description, fingerprint) = self.description_and_fingerprint()?;
        let procedure = description.procedure(path)?;
        if procedure.is_event() {
            let path = procedure.path.clone();
            return Err(NamedCallError::Event { path });
        }
        let arguments = encode(procedure)?;
        Ok(PreparedCall {
            target: Target {
                number: procedure.number,
                fingerprint: Some(fingerprint),
                idempotent: procedure.idempotent,
            },
            arguments: match procedure.kind {
                ProcedureKind::Stream => asking(FIRST_BATCH, &arguments),
                _ => arguments,
            },
            procedure: procedure.clone(),
        })
    }

    /// The items that a procedure returns, with arguments as [`call`](Self::call) takes them.
    ///
    /// # Errors
    /// When there is no such procedure, it returns no stream, or the arguments are not its.
    pub fn stream(&self, path: &str, arguments: &Value) -> Result<NamedStream<'_>, NamedCallError> {
        self.stream_with(path, |procedure| from_json(procedure, arguments))
    }

    /// As [`stream`](Self::stream), with arguments as words of a shell.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    pub fn stream_words(
        &self,
        path: &str,
        words: &[impl AsRef<str>],
    ) -> Result<NamedStream<'_>, NamedCallError> {
        self.stream_with(path, |procedure| encoded(procedure, words))
    }

    fn stream_with(
        &self,
        path: &str,
        encode: impl Fn(&Procedure) -> Result<Vec<u8>, ArgumentsError>,
    ) -> Result<NamedStream<'_>, NamedCallError> {
        let mut call = self.prepare_with(path, &encode)?;
        if call.procedure.kind != ProcedureKind::Stream {
            let path = call.procedure.path;
            return Err(NamedCallError::NoStream { path });
        }
        call.arguments = encode(&call.procedure)?;
        Ok(NamedStream::new(self, call))
    }

    /// Feeds items to a procedure, the words being its other arguments.
    ///
    /// # Errors
    /// When there is no such procedure, it takes no stream, or the arguments are not its.
    pub fn feed(
        &self,
        path: &str,
        words: &[impl AsRef<str>],
    ) -> Result<NamedFeed<'_>, NamedCallError> {
        let call = self.prepare_with(path, |procedure| match procedure.kind {
            ProcedureKind::Feed => encoded(&procedure.without_items(), words),
            _ => Ok(Vec::new()),
        })?;
        if call.procedure.kind != ProcedureKind::Feed {
            let path = call.procedure.path;
            return Err(NamedCallError::NoFeed { path });
        }
        Ok(NamedFeed::new(self, call))
    }

    fn call_with(
        &self,
        path: &str,
        encode: impl Fn(&Procedure) -> Result<Vec<u8>, ArgumentsError>,
    ) -> Result<Value, NamedCallError> {
        loop {
            let mut call = self.prepare_with(path, &encode)?;
            match call.procedure.kind {
                ProcedureKind::Stream => return self.stream_with(path, encode)?.collect(),
                ProcedureKind::Feed => {
                    let items = call.split_items()?;
                    let mut feed = NamedFeed::new(self, call);
                    for item in items {
                        feed.push(&item)?;
                    }
                    return feed.finish();
                }
                _ => {}
            }
            match self.call_encoded(call.target, &call.arguments) {
                Ok(reply) => return call.value(&reply),
                // New firmware, and the call never ran: it may have other types there.
                Err(CallError::InterfaceChanged) => {}
                Err(error) => return Err(call.failed(error)),
            }
        }
    }
}

/// A call by name that was made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedCall {
    /// What is called.
    pub procedure: Procedure,
    /// The same, as a call names it.
    pub target: Target,
    /// The encoded arguments; of a stream, such that ask for its first items.
    pub arguments: Vec<u8>,
}

impl PreparedCall {
    /// The value that a reply holds.
    ///
    /// # Errors
    /// The procedure's own error, or what is wrong with the reply.
    pub fn value(&self, reply: &Reply) -> Result<Value, NamedCallError> {
        let procedure = &self.procedure;
        let path = procedure.path.clone();
        let senseless = |error| self.senseless(error);
        match (reply, &procedure.error) {
            (Reply::Return(bytes), _) if procedure.kind == ProcedureKind::Stream => {
                let batch = Pull::new().take(FIRST_BATCH, bytes);
                match batch.map_err(|error| self.failed(error))? {
                    Batch::Items { count, items } => self.items(count, items).map(Value::Array),
                    Batch::Void => Ok(Value::Null),
                }
            }
            (Reply::Return(bytes), _) => decode_all(&procedure.value, bytes).map_err(senseless),
            (Reply::Error(bytes), Some(ty)) => {
                let error = decode_all(ty, bytes).map_err(senseless)?;
                Err(NamedCallError::Procedure {
                    path,
                    words: error_in_words(ty, &error),
                    error,
                })
            }
            (Reply::Error(_), None) => Err(self.failed(CallError::BadReply)),
        }
    }

    pub(super) fn senseless(&self, error: ValueError) -> NamedCallError {
        NamedCallError::Reply {
            path: self.procedure.path.clone(),
            error: Box::new(error),
        }
    }

    /// What it means that a call of it failed.
    pub fn failed(&self, error: CallError) -> NamedCallError {
        NamedCallError::Call {
            path: self.procedure.path.clone(),
            idempotent: self.procedure.idempotent,
            error,
        }
    }
}

/// The bytes of the arguments that words are, those that name files included.
fn encoded(procedure: &Procedure, words: &[impl AsRef<str>]) -> Result<Vec<u8>, ArgumentsError> {
    from_words(procedure, words, &|file| fs::read(file))
}
