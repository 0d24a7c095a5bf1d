//! Calls by name, as the device describes its procedures.

use super::Connection;
use super::feeds::NamedFeed;
use super::prepared::{FIRST_BATCH, NamedCallError, NamedResult, NamedSource, PreparedCall};
use super::streams::Stream;
use crate::arguments::{self, ArgumentsError, from_json};
use crate::description::{Procedure, ProcedureKind};
use rpc_proto::client::{Number, Target};
use serde_json::Value;

/// The items of a stream by name, as JSON.
pub type NamedStream = Stream<NamedSource>;

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
    /// Fails if there is no such procedure, if it is an event, if the arguments do not match, if it
    /// ends in its own error, or if the call fails.
    pub fn call(&self, path: &str, arguments: &Value) -> NamedResult<Value> {
        self.block_on(self.call_async(path, arguments))
    }

    /// Calls as [`call`](Self::call) does, and lets other tasks run meanwhile.
    ///
    /// # Errors
    /// Fails as [`call`](Self::call) does.
    pub async fn call_async(&self, path: &str, arguments: &Value) -> NamedResult<Value> {
        self.call_with(path, |procedure| from_json(procedure, arguments))
            .await
    }

    /// Calls a procedure by its path, with arguments as words of a shell; see
    /// [`arguments`].
    ///
    /// # Errors
    /// Fails as [`call`](Self::call) does.
    pub fn call_words(&self, path: &str, words: &[impl AsRef<str>]) -> NamedResult<Value> {
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
    /// Fails if there is no such procedure, or if the arguments do not match.
    pub fn prepare(&self, path: &str, words: &[impl AsRef<str>]) -> NamedResult<PreparedCall> {
        let mut call = self.block_on(self.find(path, |procedure| from_words(procedure, words)))?;
        if call.procedure.kind.is_stream() {
            // Encoding two numbers cannot fail.
            let mut asking = postcard::to_stdvec(&FIRST_BATCH).unwrap_or_default();
            asking.append(&mut call.arguments);
            call.arguments = asking;
        }
        Ok(call)
    }

    /// Returns the items of a stream, with arguments as [`call`](Self::call) takes them.
    ///
    /// # Errors
    /// Fails if there is no such procedure, if it returns no stream, or if the arguments do not
    /// match.
    pub fn stream(&self, path: &str, arguments: &Value) -> NamedResult<NamedStream> {
        self.block_on(self.stream_async(path, arguments))
    }

    /// Returns the items of a stream as [`stream`](Self::stream) does, and lets other tasks run while
    /// the description is read.
    ///
    /// # Errors
    /// Fails as [`stream`](Self::stream) does.
    pub async fn stream_async(&self, path: &str, arguments: &Value) -> NamedResult<NamedStream> {
        self.stream_with(path, |procedure| from_json(procedure, arguments))
            .await
    }

    /// Returns the items of a stream, with arguments as words of a shell.
    ///
    /// # Errors
    /// Fails as [`stream`](Self::stream) does.
    pub fn stream_words(&self, path: &str, words: &[impl AsRef<str>]) -> NamedResult<NamedStream> {
        self.block_on(self.stream_with(path, |procedure| from_words(procedure, words)))
    }

    /// Opens a feed of items to a procedure; the words are its other arguments.
    ///
    /// # Errors
    /// Fails if there is no such procedure, if it takes no stream, or if the arguments do not
    /// match.
    pub fn feed(&self, path: &str, words: &[impl AsRef<str>]) -> NamedResult<NamedFeed> {
        self.block_on(self.feed_async(path, words))
    }

    /// Opens a feed as [`feed`](Self::feed) does, and lets other tasks run while the description is
    /// read.
    ///
    /// # Errors
    /// Fails as [`feed`](Self::feed) does.
    pub async fn feed_async(
        &self,
        path: &str,
        words: &[impl AsRef<str>],
    ) -> NamedResult<NamedFeed> {
        self.feed_with(path, |procedure| from_words(procedure, words))
            .await
    }

    /// Opens a feed of items to a procedure whose other arguments are given as JSON, as
    /// [`call`](Self::call) takes them. Lets other tasks run while the description is read.
    ///
    /// # Errors
    /// Fails as [`feed`](Self::feed) does.
    pub async fn feed_json_async(&self, path: &str, arguments: &Value) -> NamedResult<NamedFeed> {
        self.feed_with(path, |procedure| from_json(procedure, arguments))
            .await
    }

    /// Opens a feed to a procedure, of which `encode` gets the form without items.
    async fn feed_with(
        &self,
        path: &str,
        encode: impl Fn(&Procedure) -> Result<Vec<u8>, ArgumentsError>,
    ) -> NamedResult<NamedFeed> {
        let call = self.find(path, |procedure| match procedure.kind {
            ProcedureKind::Feed => encode(&procedure.without_items()),
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
    ) -> NamedResult<NamedStream> {
        let call = self.find(path, encode).await?;
        if !call.procedure.kind.is_stream() {
            let path = call.procedure.path;
            return Err(NamedCallError::NoStream { path });
        }
        Ok(Stream::new(self.clone(), NamedSource(call)))
    }

    async fn call_with(
        &self,
        path: &str,
        encode: impl Fn(&Procedure) -> Result<Vec<u8>, ArgumentsError>,
    ) -> NamedResult<Value> {
        let mut call = self.find(path, &encode).await?;
        match call.procedure.kind {
            kind if kind.is_stream() => {
                let mut stream = Stream::new(self.clone(), NamedSource(call));
                let mut items = Vec::new();
                while let Some(item) = stream.next_async().await {
                    items.push(item?);
                }
                Ok(Value::Array(items))
            }
            ProcedureKind::Feed => {
                let items = call.split_items()?;
                let mut feed = NamedFeed::new(self.clone(), call);
                for item in items {
                    feed.push_async(&item).await?;
                }
                feed.finish_async().await
            }
            _ => match self.call_encoded_async(call.target, &call.arguments).await {
                Ok(reply) => call.value(&reply),
                Err(error) => Err(call.failed(error)),
            },
        }
    }

    /// Finds a procedure and encodes its arguments; those of a stream without the request for
    /// items.
    async fn find(
        &self,
        path: &str,
        encode: impl Fn(&Procedure) -> Result<Vec<u8>, ArgumentsError>,
    ) -> NamedResult<PreparedCall> {
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
