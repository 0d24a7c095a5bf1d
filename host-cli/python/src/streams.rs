//! The items of a stream, one by one.

use crate::errors;
use crate::place::{Place, Taken};
use crate::values::from_json;
use crate::waiting::wait;
use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;
use pyo3_async_runtimes::tokio::future_into_py;
use serial_rpc::Connection;
use serial_rpc::connection::NamedStream;
use serial_rpc::description::Procedure;
use std::sync::Arc;

/// A stream: an iterator, whose items can also be awaited.
#[pyclass(frozen, module = "serial_rpc._native")]
pub struct Stream {
    device: Connection,
    procedure: Arc<Procedure>,
    stream: Place<NamedStream>,
}

/// Waits for the next item, as a plain object. None at the end.
async fn next(
    mut taken: Taken<NamedStream>,
    procedure: Arc<Procedure>,
) -> PyResult<Option<Py<PyAny>>> {
    let item = match taken.content() {
        Some(stream) => stream.next_async().await,
        None => None,
    };
    Python::attach(|py| match item {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(from_json(py, &procedure.value, value)?.unbind())),
        Some(Err(error)) => Err(errors::named_call(py, &procedure, error)),
    })
}

impl Stream {
    pub fn new(device: Connection, procedure: Procedure, stream: NamedStream) -> Self {
        Self {
            device,
            procedure: Arc::new(procedure),
            stream: Place::new(stream),
        }
    }
}

#[pymethods]
impl Stream {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let next = next(self.stream.take(py)?, Arc::clone(&self.procedure));
        wait(py, &self.device, next)?
    }

    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let next = next(self.stream.take(py)?, Arc::clone(&self.procedure));
        future_into_py(py, async {
            next.await?.ok_or_else(|| PyStopAsyncIteration::new_err(()))
        })
    }

    /// Returns how many items were missed so far.
    #[getter]
    fn lost(&self) -> u32 {
        self.stream.look(NamedStream::lost).unwrap_or_default()
    }
}
