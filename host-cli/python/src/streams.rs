//! The items of a stream, one by one.

use crate::errors;
use crate::values::from_json;
use crate::waiting::wait;
use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;
use pyo3_async_runtimes::tokio::future_into_py;
use serial_rpc::Connection;
use serial_rpc::connection::NamedStream;
use serial_rpc::description::Procedure;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A stream: an iterator, whose items can also be awaited.
#[pyclass(frozen, module = "serial_rpc._native")]
pub struct Stream {
    device: Connection,
    procedure: Arc<Procedure>,
    stream: Place<NamedStream>,
}

/// The place of something that one thread or task uses at a time. It is empty while they wait.
pub struct Place<S: Send>(Arc<Mutex<Option<S>>>);

/// What was taken from its place. It is put back even if they give up.
pub struct Taken<S> {
    place: Arc<Mutex<Option<S>>>,
    content: Option<S>,
}

impl<S: Send> Place<S> {
    pub fn new(content: S) -> Self {
        Self(Arc::new(Mutex::new(Some(content))))
    }

    /// Takes what is here, until the returned value is dropped.
    ///
    /// # Errors
    /// Fails if somebody else has it, or if it has been ended.
    pub fn take(&self, py: Python<'_>) -> PyResult<Taken<S>> {
        Ok(Taken {
            content: Some(self.end(py)?),
            place: Arc::clone(&self.0),
        })
    }

    /// Takes what is here for good.
    ///
    /// # Errors
    /// Fails if somebody else has it, or if it has been ended.
    pub fn end(&self, py: Python<'_>) -> PyResult<S> {
        self.lock().take().ok_or_else(|| errors::busy(py))
    }

    pub fn lock(&self) -> MutexGuard<'_, Option<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives up Python's lock, because what is here may wait for a simulated device that is written in
/// Python and runs on another thread.
impl<S: Send> Drop for Place<S> {
    fn drop(&mut self) {
        let content = self.lock().take();
        // Where Python ends, no other thread of it runs.
        let _ = Python::try_attach(|py| py.detach(|| drop(content)));
    }
}

impl<S> Taken<S> {
    pub const fn content(&mut self) -> Option<&mut S> {
        self.content.as_mut()
    }
}

impl<S> Drop for Taken<S> {
    fn drop(&mut self) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = self.content.take();
    }
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
        self.stream.lock().as_ref().map_or(0, NamedStream::lost)
    }
}
