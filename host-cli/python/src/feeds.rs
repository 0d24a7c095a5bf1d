//! Takes items for a procedure, one by one.

use crate::errors;
use crate::place::{Place, Taken};
use crate::values::{from_json, to_json};
use crate::waiting::wait;
use pyo3::prelude::*;
use pyo3_async_runtimes::tokio::future_into_py;
use serde_json::Value;
use serial_rpc::Connection;
use serial_rpc::connection::NamedFeed;
use serial_rpc::description::{Procedure, Shape, Type};
use std::sync::Arc;

/// A feed.
#[pyclass(frozen, module = "serial_rpc._native")]
pub struct Feed {
    device: Connection,
    procedure: Arc<Procedure>,
    feed: Place<NamedFeed>,
}

impl Feed {
    pub fn new(device: Connection, procedure: Procedure, feed: NamedFeed) -> Self {
        Self {
            device,
            procedure: Arc::new(procedure),
            feed: Place::new(feed),
        }
    }

    /// Converts an item.
    fn item(&self, py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Value> {
        let unit = Type::new("()", Shape::Unit);
        let ty = self.procedure.item().unwrap_or(&unit);
        to_json(ty, object).map_err(|error| errors::argument(py, "item", error))
    }
}

async fn push(mut taken: Taken<NamedFeed>, procedure: Arc<Procedure>, item: Value) -> PyResult<()> {
    let pushed = match taken.content() {
        Some(feed) => feed.push_async(&item).await,
        None => Ok(()),
    };
    pushed.map_err(|error| Python::attach(|py| errors::named_call(py, &procedure, error)))
}

async fn finish(feed: NamedFeed, procedure: Arc<Procedure>) -> PyResult<Py<PyAny>> {
    let value = feed.finish_async().await;
    Python::attach(|py| {
        let value = value.map_err(|error| errors::named_call(py, &procedure, error))?;
        Ok(from_json(py, &procedure.value, value)?.unbind())
    })
}

#[pymethods]
impl Feed {
    /// Adds an item, which is sent when there are enough for a call.
    fn push(&self, py: Python<'_>, item: &Bound<'_, PyAny>) -> PyResult<()> {
        let item = self.item(py, item)?;
        let push = push(self.feed.take(py)?, Arc::clone(&self.procedure), item);
        wait(py, &self.device, push)?
    }

    /// Adds an item, which is sent when there are enough for a call.
    fn push_async<'py>(
        &self,
        py: Python<'py>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let item = self.item(py, item)?;
        let push = push(self.feed.take(py)?, Arc::clone(&self.procedure), item);
        future_into_py(py, push)
    }

    /// Sends what is left, and returns the value of the last call.
    fn finish(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let feed = self.feed.end().ok_or_else(|| errors::busy(py))?;
        let finish = finish(feed, Arc::clone(&self.procedure));
        wait(py, &self.device, finish)?
    }

    /// Sends what is left, and returns the value of the last call.
    fn finish_async<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let feed = self.feed.end().ok_or_else(|| errors::busy(py))?;
        let finish = finish(feed, Arc::clone(&self.procedure));
        future_into_py(py, finish)
    }
}
