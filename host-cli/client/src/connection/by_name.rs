//! Calls by name, as the device describes its procedures.

use super::feeds::NamedFeed;
use super::streams::{NamedSource, NamedStream, Stream};
use super::{Connection, DescriptionError, Reply};
use crate::arguments::{self, ArgumentsError, from_json};
use crate::description::{Procedure, ProcedureKind, UnknownProcedure};
use crate::value::{Problem, ValueError, decode, decode_all, error_in_words};
use rpc_proto::client::{Batch, CallError, Number, Pull, Target};
use rpc_proto::service::{Ask, MAX_BATCH};
use serde_json::Value;

/// Asks for the first items of a stream.
const FIRST_BATCH: Ask = Ask {
    position: 0,
    limit: MAX_BATCH,
};

/// How often a call is prepared anew because the device came back with another interface.
const ATTEMPTS: u32 = 3;

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

impl Connection {
    /// Calls a procedure by its path, with arguments as a JSON array, or as an object with their
    /// names. The value of a stream is an array of all its items.
    ///
    /// ```
    /// use serde_json::json;
    /// use serial_rpc_simulator::SimulatedDevice;
    /// use serial_rpc::Connection;
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
        self.block_on(self.call_async(path, arguments))
    }

    /// Calls as [`call`](Self::call) does, and lets other tasks run meanwhile.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_async(&self, path: &str, arguments: &Value) -> Result<Value, NamedCallError> {
        self.call_with(path, |procedure| from_json(procedure, arguments))
            .await
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
        self.block_on(self.call_with(path, |procedure| from_words(procedure, words)))
    }

    /// Prepares a call, which can then be made any number of times.
    ///
    /// ```
    /// use serial_rpc_simulator::SimulatedDevice;
    /// use serial_rpc::Connection;
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
        let mut call = self.block_on(self.find(path, |procedure| from_words(procedure, words)))?;
        if call.procedure.kind == ProcedureKind::Stream {
            // Two numbers can be encoded.
            let mut asking = postcard::to_stdvec(&FIRST_BATCH).unwrap_or_default();
            asking.append(&mut call.arguments);
            call.arguments = asking;
        }
        Ok(call)
    }

    /// Returns the items of a stream, with arguments as [`call`](Self::call) takes them.
    ///
    /// # Errors
    /// When there is no such procedure, it returns no stream, or the arguments are not its.
    pub fn stream(&self, path: &str, arguments: &Value) -> Result<NamedStream, NamedCallError> {
        self.block_on(self.stream_async(path, arguments))
    }

    /// Returns the items of a stream as [`stream`](Self::stream) does, and lets other tasks run while
    /// the description is read.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    pub async fn stream_async(
        &self,
        path: &str,
        arguments: &Value,
    ) -> Result<NamedStream, NamedCallError> {
        self.stream_with(path, |procedure| from_json(procedure, arguments))
            .await
    }

    /// Returns the items of a stream, with arguments as words of a shell.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    pub fn stream_words(
        &self,
        path: &str,
        words: &[impl AsRef<str>],
    ) -> Result<NamedStream, NamedCallError> {
        self.block_on(self.stream_with(path, |procedure| from_words(procedure, words)))
    }

    /// Feeds items to a procedure, the words being its other arguments.
    ///
    /// # Errors
    /// When there is no such procedure, it takes no stream, or the arguments are not its.
    pub fn feed(&self, path: &str, words: &[impl AsRef<str>]) -> Result<NamedFeed, NamedCallError> {
        self.block_on(self.feed_async(path, words))
    }

    /// Feeds items as [`feed`](Self::feed) does, and lets other tasks run while the description is
    /// read.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub async fn feed_async(
        &self,
        path: &str,
        words: &[impl AsRef<str>],
    ) -> Result<NamedFeed, NamedCallError> {
        let call = self.find(path, |procedure| match procedure.kind {
            ProcedureKind::Feed => from_words(&procedure.without_items(), words),
            _ => Ok(Vec::new()),
        });
        let call = call.await?;
        if call.procedure.kind != ProcedureKind::Feed {
            let path = call.procedure.path;
            return Err(NamedCallError::NoFeed { path });
        }
        Ok(NamedFeed::new(self.clone(), call))
    }

    async fn stream_with(
        &self,
        path: &str,
        encode: impl Fn(&Procedure) -> Result<Vec<u8>, ArgumentsError>,
    ) -> Result<NamedStream, NamedCallError> {
        let call = self.find(path, encode).await?;
        if call.procedure.kind != ProcedureKind::Stream {
            let path = call.procedure.path;
            return Err(NamedCallError::NoStream { path });
        }
        Ok(Stream::new(self.clone(), NamedSource(call)))
    }

    async fn call_with(
        &self,
        path: &str,
        encode: impl Fn(&Procedure) -> Result<Vec<u8>, ArgumentsError>,
    ) -> Result<Value, NamedCallError> {
        let mut attempts = 0;
        loop {
            let mut call = self.find(path, &encode).await?;
            attempts += 1;
            match call.procedure.kind {
                ProcedureKind::Stream => {
                    let mut stream = Stream::new(self.clone(), NamedSource(call));
                    let mut items = Vec::new();
                    while let Some(item) = stream.next_async().await {
                        items.push(item?);
                    }
                    return Ok(Value::Array(items));
                }
                ProcedureKind::Feed => {
                    let items = call.split_items()?;
                    let mut feed = NamedFeed::new(self.clone(), call);
                    for item in items {
                        feed.push_async(&item).await?;
                    }
                    return feed.finish_async().await;
                }
                _ => {}
            }
            match self.call_encoded_async(call.target, &call.arguments).await {
                Ok(reply) => return call.value(&reply),
                // New firmware, and the call never ran: it may have other types there.
                Err(CallError::NoSuchProcedure)
                    if attempts < ATTEMPTS && self.has_changed(call.target) => {}
                Err(error) => return Err(call.failed(error)),
            }
        }
    }

    /// Returns true if the device has another interface than the one in which a target's number is
    /// known.
    fn has_changed(&self, target: Target) -> bool {
        let announced = self.device().map(|device| device.fingerprint);
        match target.number {
            Number::In { fingerprint, .. } => announced != Some(fingerprint),
            _ => false,
        }
    }

    /// Finds a procedure and encodes its arguments; those of a stream without what asks for items.
    async fn find(
        &self,
        path: &str,
        encode: impl Fn(&Procedure) -> Result<Vec<u8>, ArgumentsError>,
    ) -> Result<PreparedCall, NamedCallError> {
        let (description, fingerprint) = self.description_and_fingerprint().await?;
        let procedure = description.procedure(path)?;
        if procedure.is_event() {
            let path = procedure.path.clone();
            return Err(NamedCallError::Event { path });
        }
        Ok(PreparedCall {
            target: Target {
                key: procedure.key,
                number: Number::In {
                    fingerprint,
                    number: procedure.number,
                },
                idempotent: procedure.idempotent,
            },
            arguments: encode(procedure)?,
            procedure: procedure.clone(),
        })
    }
}

/// Encodes arguments that are words of a shell, and reads the files that they name.
fn from_words(procedure: &Procedure, words: &[impl AsRef<str>]) -> Result<Vec<u8>, ArgumentsError> {
    arguments::from_words(procedure, words, &|file| std::fs::read(file))
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
