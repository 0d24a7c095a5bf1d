//! The events that a device sends, one by one.

use crate::errors;
use crate::place::{Place, Taken};
use crate::values::from_json;
use crate::waiting::{duration, wait};
use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_async_runtimes::tokio::future_into_py;
use rpc_proto::client::CallError;
use rpc_proto::device::SubscribeError;
use serial_rpc::Connection;
use serial_rpc::arguments;
use serial_rpc::connection::{EncodedEvent, EncodedSubscription};
use serial_rpc::description::Procedure;
use std::sync::Arc;
use std::time::Duration;

/// A subscription: an iterator of events, which can also be awaited. Each is a tuple of its data (a
/// dict), the number of events that were lost before it, and true if the device was away before it.
#[pyclass(frozen, module = "serial_rpc._native")]
pub struct Subscription {
    device: Connection,
    procedure: Arc<Procedure>,
    subscription: Place<EncodedSubscription>,
}

impl Subscription {
    pub fn new(
        device: Connection,
        procedure: Procedure,
        subscription: EncodedSubscription,
    ) -> Self {
        Self {
            device,
            procedure: Arc::new(procedure),
            subscription: Place::new(subscription),
        }
    }
}

type PlainEvent = (Py<PyDict>, u32, bool);

/// Waits for the next event, for up to that time. None if the subscription or the connection has ended,
/// or if none came.
async fn next(
    mut taken: Taken<EncodedSubscription>,
    procedure: Arc<Procedure>,
    limit: Option<Duration>,
) -> PyResult<Option<PlainEvent>> {
    let next = taken.until_ended(async |subscription| match limit {
        Some(limit) => subscription.next_within_async(limit).await.transpose(),
        None => subscription.next_async().await,
    });
    let Some(next) = next.await.flatten() else {
        return Ok(None);
    };
    Python::attach(|py| {
        let event = next.map_err(|error| subscribe_error(py, error))?;
        plain(py, &procedure, &event).map(Some)
    })
}

/// Returns an event as plain objects.
fn plain(py: Python<'_>, procedure: &Procedure, event: &EncodedEvent) -> PyResult<PlainEvent> {
    let mut values = arguments::to_json(procedure, &event.data)
        .map_err(|error| errors::event(py, format!("{}: {error}", procedure.path)))?;
    let data = PyDict::new(py);
    for argument in &procedure.arguments {
        let value = values.remove(&argument.name).unwrap_or_default();
        data.set_item(&argument.name, from_json(py, &argument.ty, value)?)?;
    }
    Ok((data.unbind(), event.lost, event.after_gap))
}

/// Returns the exception for a subscription that failed.
pub fn subscribe_error(py: Python<'_>, error: CallError<SubscribeError>) -> PyErr {
    let message = error.to_string();
    match error.own() {
        Ok(_) => errors::call(py, CallError::Busy, message),
        Err(error) => errors::call(py, error, message),
    }
}

#[pymethods]
impl Subscription {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<PlainEvent>> {
        let taken = self.subscription.take(py)?;
        let next = next(taken, Arc::clone(&self.procedure), None);
        wait(py, &self.device, next)?
    }

    /// Waits for an event for up to that many seconds. None if none came.
    fn next_within(&self, py: Python<'_>, timeout: f64) -> PyResult<Option<PlainEvent>> {
        let limit = duration(timeout)?;
        let taken = self.subscription.take(py)?;
        let next = next(taken, Arc::clone(&self.procedure), Some(limit));
        wait(py, &self.device, next)?
    }

    /// Waits for an event for up to that many seconds. None if none came.
    fn next_within_async<'py>(&self, py: Python<'py>, timeout: f64) -> PyResult<Bound<'py, PyAny>> {
        let limit = duration(timeout)?;
        let taken = self.subscription.take(py)?;
        future_into_py(py, next(taken, Arc::clone(&self.procedure), Some(limit)))
    }

    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let taken = self.subscription.take(py)?;
        let next = next(taken, Arc::clone(&self.procedure), None);
        future_into_py(py, async {
            next.await?.ok_or_else(|| PyStopAsyncIteration::new_err(()))
        })
    }

    /// Ends the subscription.
    fn close(&self, py: Python<'_>) {
        py.detach(|| drop(self.subscription.end()));
    }
}
