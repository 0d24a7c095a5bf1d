//! Converts the errors of the library to Python's exceptions, which `serial_rpc/_errors.py` defines.

use crate::values::{Unfit, from_json};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use rpc_proto::services::blocks::TransferError;
use serial_rpc::arguments::ArgumentsError;
use serial_rpc::connection::{DescriptionError, NamedCallError};
use serial_rpc::description::Procedure;
use serial_rpc::port::OpenError;
use serial_rpc::safe;
use serial_rpc::{CallError, Cause, Ran};

/// Returns the exception of that class.
fn exception(py: Python<'_>, class: &str, message: String, ran: Ran) -> PyErr {
    with(py, class, message, ran, |_| Ok(()))
}

/// Returns the exception of that class, with more attributes.
fn with(
    py: Python<'_>,
    class: &str,
    message: String,
    ran: Ran,
    add: impl FnOnce(&Bound<'_, PyDict>) -> PyResult<()>,
) -> PyErr {
    static ERRORS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let make = || -> PyResult<PyErr> {
        let errors =
            ERRORS.get_or_try_init(py, || py.import("serial_rpc._errors").map(Bound::unbind))?;
        let attributes = PyDict::new(py);
        attributes.set_item("ran", ran_in_words(ran))?;
        add(&attributes)?;
        let class = errors.bind(py).getattr(class)?;
        // What a device calls things is in it.
        let message = safe::lines(&message);
        Ok(PyErr::from_value(
            class.call((message,), Some(&attributes))?,
        ))
    };
    make().unwrap_or_else(|error| error)
}

const fn ran_in_words(ran: Ran) -> &'static str {
    match ran {
        Ran::Never => "never",
        Ran::Once => "once",
        Ran::Unknown => "maybe",
    }
}

/// Returns the exception for a port that cannot be opened.
pub fn open(py: Python<'_>, error: &OpenError) -> PyErr {
    with(py, "PortError", error.to_string(), Ran::Never, |more| {
        more.set_item("hint", error.hint())
    })
}

/// Returns the exception for a port that cannot be meant.
pub fn no_port(py: Python<'_>, message: String) -> PyErr {
    exception(py, "PortError", message, Ran::Never)
}

/// Returns the exception for an argument that is not of its type.
pub fn argument(py: Python<'_>, name: &str, unfit: Unfit) -> PyErr {
    match unfit {
        Unfit::Raised(error) => error,
        Unfit::Value(error) => {
            let error = ArgumentsError::Value(error.in_field(name));
            exception(py, "ArgumentError", error.to_string(), Ran::Never)
        }
    }
}

/// Returns the exception for what a simulated procedure returned, if it is not of the procedure's type.
pub fn served(py: Python<'_>, path: &str, unfit: Unfit) -> PyErr {
    match unfit {
        Unfit::Raised(error) => error,
        Unfit::Value(error) => {
            let message = format!("{path} returned what it cannot: {error}");
            exception(py, "ArgumentError", message, Ran::Once)
        }
    }
}

/// Returns the exception for arguments that cannot be matched to the procedure's.
pub fn arguments(py: Python<'_>, message: String) -> PyErr {
    exception(py, "ArgumentError", message, Ran::Never)
}

/// Returns the exception for a call whose failure is described by that text.
pub fn call(py: Python<'_>, error: CallError, message: String) -> PyErr {
    let class = match error {
        CallError::Timeout => "CallTimeout",
        CallError::OutcomeUnknown(_) => "OutcomeUnknown",
        CallError::Disconnected => "Disconnected",
        CallError::Cancelled => "Cancelled",
        CallError::NoSuchProcedure | CallError::SignatureDiffers(_) => "NoSuchProcedure",
        CallError::BadArguments | CallError::ArgumentsTooLarge => "ArgumentError",
        CallError::ReplyTooLarge | CallError::BadReply | CallError::StreamChanged => "ReplyError",
        CallError::Unreachable => "Unreachable",
        CallError::Refused => "Refused",
        CallError::OtherDevice => "OtherDevice",
        _ => "Error",
    };
    with(py, class, message, error.ran(), |more| match error {
        CallError::OutcomeUnknown(cause) => more.set_item("cause", cause_in_words(cause)),
        _ => Ok(()),
    })
}

const fn cause_in_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Timeout => "timeout",
        Cause::Reset => "reset",
        Cause::Disconnected => "disconnected",
        Cause::Cancelled => "cancelled",
        Cause::OtherCaller => "other caller",
        Cause::OtherDevice => "other device",
        Cause::Relay => "relay",
    }
}

/// Returns the exception for a description that cannot be read.
pub fn description(py: Python<'_>, error: DescriptionError) -> PyErr {
    match error {
        DescriptionError::Call(error) => call(py, error, error.to_string()),
        error => exception(py, "ProtocolError", error.to_string(), Ran::Never),
    }
}

/// Returns the exception for a call by name. The value of the procedure's own error is plain.
pub fn named_call(py: Python<'_>, procedure: &Procedure, error: NamedCallError) -> PyErr {
    let message = error.to_string();
    match error {
        NamedCallError::Description(error) => description(py, error),
        NamedCallError::UnknownProcedure(_) => {
            exception(py, "NoSuchProcedure", message, Ran::Never)
        }
        NamedCallError::Arguments(_)
        | NamedCallError::Event { .. }
        | NamedCallError::Item { .. }
        | NamedCallError::NoStream { .. }
        | NamedCallError::NoFeed { .. } => arguments(py, message),
        NamedCallError::Call { error, .. } => call(py, error, message),
        NamedCallError::Feed { taken, error } => {
            let inner = named_call(py, procedure, *error);
            // What failed matters first, and then how far it came.
            match inner.value(py).setattr("taken", taken) {
                Ok(()) => inner,
                Err(error) => error,
            }
        }
        NamedCallError::Procedure { error, path, .. } => {
            with(py, "ProcedureError", message, Ran::Once, |more| {
                more.set_item("path", path)?;
                more.set_item(
                    "error",
                    match &procedure.error {
                        Some(ty) => from_json(py, ty, error)?,
                        None => py.None().into_bound(py),
                    },
                )
            })
        }
        NamedCallError::Reply { .. } => exception(py, "ReplyError", message, Ran::Once),
    }
}

/// Returns the exception for a block that was not transferred.
pub fn transfer(py: Python<'_>, error: TransferError) -> PyErr {
    let message = error.to_string();
    let TransferError::Call(error) = error else {
        return exception(py, "BlockError", message, Ran::Once);
    };
    match error.own() {
        Ok(_) => exception(py, "BlockError", message, Ran::Once),
        Err(error) => call(py, error, message),
    }
}

/// Returns the exception for an event whose data makes no sense.
pub fn event(py: Python<'_>, message: String) -> PyErr {
    exception(py, "ReplyError", message, Ran::Once)
}

/// Returns the exception for a path that the device does not have.
pub fn no_procedure(py: Python<'_>, message: String) -> PyErr {
    exception(py, "NoSuchProcedure", message, Ran::Never)
}

/// Returns the exception for the use of a connection in another process than the one that made it.
pub fn forked(py: Python<'_>) -> PyErr {
    let message =
        "this connection belongs to the process that opened it: connect again after fork()";
    exception(py, "Error", message.to_owned(), Ran::Never)
}

/// Returns the exception for something that another thread or task waits for, or that has ended.
pub fn busy(py: Python<'_>) -> PyErr {
    let message = "it has ended, or another thread or task waits for it";
    exception(py, "Error", message.to_owned(), Ran::Never)
}
