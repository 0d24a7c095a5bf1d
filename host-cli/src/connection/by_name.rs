//! Calls by name, as the device describes its procedures.

use super::{Connection, DescriptionError, Reply};
use crate::arguments::{ArgumentsError, from_json, from_words};
use crate::description::{Procedure, UnknownProcedure};
use crate::value::{ValueError, decode_all, error_in_words};
use rpc_proto::client::{CallError, Target};
use serde_json::Value;

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
    /// names.
    ///
    /// ```
    /// use serde_json::json;
    /// use serial_rpc::Connection;
    ///
    /// let device = Connection::open("sim")?;
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
        self.call_with(path, |procedure| from_words(procedure, words))
    }

    /// Makes a call ready, which can then be made any number of times.
    ///
    /// ```
    /// use serial_rpc::Connection;
    ///
    /// let device = Connection::open("sim")?;
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
        self.prepare_with(path, |procedure| from_words(procedure, words))
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
        Ok(PreparedCall {
            target: Target {
                number: procedure.number,
                fingerprint: Some(fingerprint),
                idempotent: procedure.idempotent,
            },
            arguments: encode(procedure)?,
            procedure: procedure.clone(),
        })
    }

    fn call_with(
        &self,
        path: &str,
        encode: impl Fn(&Procedure) -> Result<Vec<u8>, ArgumentsError>,
    ) -> Result<Value, NamedCallError> {
        loop {
            let call = self.prepare_with(path, &encode)?;
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
    /// The encoded arguments.
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
        let senseless = |error| NamedCallError::Reply {
            path: procedure.path.clone(),
            error: Box::new(error),
        };
        match (reply, &procedure.error) {
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

    /// What it means that a call of it failed.
    pub fn failed(&self, error: CallError) -> NamedCallError {
        NamedCallError::Call {
            path: self.procedure.path.clone(),
            idempotent: self.procedure.idempotent,
            error,
        }
    }
}
