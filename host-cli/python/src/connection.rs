//! A connection, as Python sees it: calls by name, and all else that begins with one.
//!
//! Every operation is written once, as a future. A method waits for it; the method of the same name
//! with `_async` returns it to be awaited.

use crate::errors;
use crate::events::{Subscription, subscribe_error};
use crate::feeds::Feed;
use crate::streams::Stream;
use crate::traces::Trace;
use crate::transfers::transfer;
use crate::values::{from_json, to_json};
use crate::waiting::{duration, wait};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
use pyo3_async_runtimes::tokio::future_into_py;
use serde_json::{Map, Value};
use serial_rpc::cache::Cache;
use serial_rpc::connection::NamedCallError;
use serial_rpc::description::{Description, Procedure};
use serial_rpc::link::Link;
use serial_rpc::port::OpenError;
use serial_rpc::value::expectation;
use serial_rpc::{Connection as Device, Options, Selector};
use serial_rpc_simulator::SimulatedDevice;
use serial_rpc_simulator::line::{Faults, LineLink, Pace};
use std::sync::Arc;

/// The name of the simulated device.
pub const SIMULATED: &str = "sim";

/// A connection to a device.
#[pyclass(frozen, module = "serial_rpc._native")]
pub struct Connection {
    device: Device,
    /// The name of the port.
    #[pyo3(get)]
    name: String,
    /// What passed on the link, if it is traced.
    trace: Option<Trace>,
    /// The process that opened it: threads and locks do not survive a fork.
    process: u32,
}

/// How to connect: a dict in Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Settings {
    baud: Option<u32>,
    /// The time limit for a call, in seconds.
    timeout: Option<f64>,
    retries: u32,
    /// True to keep descriptions from one run to the next.
    cache: bool,
    /// The rate of faults on a simulated line for each byte, and the seed of their places.
    faults: Option<(f64, u64)>,
    /// True to keep what passes on the link, in words.
    pub trace: bool,
}

/// What a program asks for, from Python's `Asked`: a path, the arguments in order and by name, and the time
/// limit in seconds, if it is not the usual one.
#[derive(FromPyObject)]
struct Asked {
    path: String,
    ordered: Py<PyTuple>,
    named: Py<PyDict>,
    timeout: Option<f64>,
}

/// A call that is ready to be made: the procedure, and its arguments as JSON.
struct Prepared {
    device: Device,
    procedure: Procedure,
    arguments: Value,
}

impl Connection {
    pub fn new(device: Device, port: &str, traced: bool) -> Self {
        let trace = traced.then(Trace::new);
        Self {
            name: match device.port() {
                Some(port) => port.to_string(),
                None => port.to_owned(),
            },
            device: match &trace {
                Some(trace) => device.tapped_by(trace.tap()),
                None => device,
            },
            trace,
            process: std::process::id(),
        }
    }

    /// Returns the connection, for calls with that time limit in seconds.
    fn device(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Device> {
        if self.process != std::process::id() {
            return Err(errors::forked(py));
        }
        Ok(match timeout {
            Some(seconds) => self.device.within(duration(seconds)?),
            None => self.device.clone(),
        })
    }

    /// Waits for an operation on the connection.
    fn wait<T, F>(
        &self,
        py: Python<'_>,
        timeout: Option<f64>,
        operation: impl FnOnce(Device) -> F,
    ) -> PyResult<T>
    where
        T: Send,
        F: Future<Output = PyResult<T>> + Send,
    {
        let device = self.device(py, timeout)?;
        wait(py, &self.device, operation(device))?
    }

    /// Returns an operation on the connection, to be awaited.
    fn start<'py, T, F>(
        &self,
        py: Python<'py>,
        timeout: Option<f64>,
        operation: impl FnOnce(Device) -> F,
    ) -> PyResult<Bound<'py, PyAny>>
    where
        T: for<'p> IntoPyObject<'p> + Send + 'static,
        F: Future<Output = PyResult<T>> + Send + 'static,
    {
        let device = self.device(py, timeout)?;
        future_into_py(py, operation(device))
    }
}

/// Reads the description, if it is not known yet.
async fn description(device: &Device) -> PyResult<Arc<Description>> {
    let description = device.description_async().await;
    description.map_err(|error| Python::attach(|py| errors::description(py, error)))
}

/// Finds a procedure or event.
async fn find(device: &Device, path: &str) -> PyResult<Procedure> {
    let description = description(device).await?;
    let found = description.procedure(path).cloned();
    found.map_err(|error| Python::attach(|py| errors::no_procedure(py, error.to_string())))
}

/// Finds a procedure, and converts the arguments for what `form` makes of it.
async fn prepare(
    device: Device,
    asked: Asked,
    form: impl FnOnce(&Procedure) -> Procedure,
) -> PyResult<Prepared> {
    let procedure = find(&device, &asked.path).await?;
    let form = form(&procedure);
    let arguments = Python::attach(|py| asked.to_json(py, &form))?;
    Ok(Prepared {
        device,
        procedure,
        arguments,
    })
}

async fn call(device: Device, asked: Asked) -> PyResult<Py<PyAny>> {
    let call = prepare(device, asked, Procedure::clone).await?;
    let ended = call
        .device
        .call_async(&call.procedure.path, &call.arguments)
        .await;
    Python::attach(|py| Ok(call.value(py, ended)?.unbind()))
}

async fn stream(device: Device, asked: Asked) -> PyResult<Stream> {
    let call = prepare(device, asked, Procedure::clone).await?;
    let stream = call
        .device
        .stream_async(&call.procedure.path, &call.arguments)
        .await;
    let stream = stream.map_err(|error| call.raised(error))?;
    Ok(Stream::new(call.device, call.procedure, stream))
}

async fn feed(device: Device, asked: Asked) -> PyResult<Feed> {
    let call = prepare(device, asked, Procedure::without_items).await?;
    let feed = call
        .device
        .feed_json_async(&call.procedure.path, &call.arguments)
        .await;
    let feed = feed.map_err(|error| call.raised(error))?;
    Ok(Feed::new(call.device, call.procedure, feed))
}

async fn subscribe(device: Device, path: String) -> PyResult<Subscription> {
    let procedure = find(&device, &path).await?;
    if !procedure.is_event() {
        let message = format!("{path} is a procedure: it is called, not subscribed to");
        return Err(Python::attach(|py| errors::arguments(py, message)));
    }
    let subscription = device.subscribe_by_key_async(procedure.key).await;
    let subscription =
        subscription.map_err(|error| Python::attach(|py| subscribe_error(py, error)))?;
    Ok(Subscription::new(device, procedure, subscription))
}

#[pymethods]
impl Connection {
    /// Opens a port, or the simulated device.
    #[staticmethod]
    fn open(py: Python<'_>, port: &str, settings: Settings) -> PyResult<Self> {
        let options = settings.options()?;
        let opened = if port == SIMULATED {
            settings.simulated(Arc::new(SimulatedDevice::new()), options)
        } else if settings.faults.is_some() {
            let message = "faults can only be put on the line of a simulated device";
            return Err(PyValueError::new_err(message));
        } else {
            let selector: Selector = port
                .parse()
                .map_err(|error| errors::no_port(py, format!("{error}")))?;
            py.detach(|| Device::open_with(selector, options))
        };
        let device = opened.map_err(|error| errors::open(py, &error))?;
        let device = match Cache::of_user() {
            Some(folder) if settings.cache && port != SIMULATED => device.with_cache(folder),
            _ => device,
        };
        Ok(Self::new(device, port, settings.trace))
    }

    /// Returns the description as JSON.
    fn description(&self, py: Python<'_>) -> PyResult<String> {
        self.wait(py, None, async |device| {
            let description = description(&device).await?;
            let json = serde_json::to_string(&*description);
            json.map_err(|error| PyValueError::new_err(error.to_string()))
        })
    }

    /// Returns the description in the form that the device sends.
    fn description_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let device = self.device(py, None)?;
        let bytes = py.detach(|| device.description_bytes());
        let bytes = bytes.map_err(|error| errors::description(py, error))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Returns the signature of a procedure or event, as the device's source has it.
    fn signature(&self, py: Python<'_>, path: &str) -> PyResult<String> {
        self.wait(py, None, async |device| {
            Ok(find(&device, path).await?.signature())
        })
    }

    /// Returns the names of the arguments of a procedure, and what each may be.
    fn expectations(&self, py: Python<'_>, path: &str) -> PyResult<Vec<(String, String)>> {
        self.wait(py, None, async |device| {
            let arguments = find(&device, path).await?.arguments.into_iter();
            Ok(arguments
                .map(|argument| (argument.name, expectation(&argument.ty)))
                .collect())
        })
    }

    /// Calls a procedure by its path.
    fn call(&self, py: Python<'_>, asked: Asked) -> PyResult<Py<PyAny>> {
        self.wait(py, asked.timeout, |device| call(device, asked))
    }

    /// Calls a procedure by its path.
    fn call_async<'py>(&self, py: Python<'py>, asked: Asked) -> PyResult<Bound<'py, PyAny>> {
        self.start(py, asked.timeout, |device| call(device, asked))
    }

    /// Returns the items of a stream.
    fn stream(&self, py: Python<'_>, asked: Asked) -> PyResult<Stream> {
        self.wait(py, asked.timeout, |device| stream(device, asked))
    }

    /// Returns the items of a stream.
    fn stream_async<'py>(&self, py: Python<'py>, asked: Asked) -> PyResult<Bound<'py, PyAny>> {
        self.start(py, asked.timeout, |device| stream(device, asked))
    }

    /// Opens a feed; the arguments are those before the items.
    fn feed(&self, py: Python<'_>, asked: Asked) -> PyResult<Feed> {
        self.wait(py, asked.timeout, |device| feed(device, asked))
    }

    /// Opens a feed; the arguments are those before the items.
    fn feed_async<'py>(&self, py: Python<'py>, asked: Asked) -> PyResult<Bound<'py, PyAny>> {
        self.start(py, asked.timeout, |device| feed(device, asked))
    }

    /// Subscribes to an event by its path.
    fn subscribe(&self, py: Python<'_>, path: String) -> PyResult<Subscription> {
        self.wait(py, None, |device| subscribe(device, path))
    }

    /// Subscribes to an event by its path.
    fn subscribe_async<'py>(&self, py: Python<'py>, path: String) -> PyResult<Bound<'py, PyAny>> {
        self.start(py, None, |device| subscribe(device, path))
    }

    /// Reads a block; `progress` is called with the bytes done and their total.
    fn read_block<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let device = self.device(py, None)?;
        let bytes = transfer(py, &device, progress, |progress| {
            device.get_block(name, progress)
        })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Writes a block; `progress` is called with the bytes done and their total.
    fn write_block(
        &self,
        py: Python<'_>,
        name: &str,
        bytes: &[u8],
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let device = self.device(py, None)?;
        transfer(py, &device, progress, |progress| {
            device.put_block(name, bytes, progress)
        })
    }

    /// Returns what this end has counted.
    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counters = self.device(py, None)?.counters();
        let dict = PyDict::new(py);
        for (name, count) in [
            ("sent", counters.sent),
            ("resent", counters.resent),
            ("received", counters.received),
            ("broken", counters.broken),
            ("sessions", counters.sessions),
            ("lost_links", counters.lost_links),
        ] {
            dict.set_item(name, count)?;
        }
        Ok(dict)
    }

    /// Returns the newest lines of what passed on the link, if it is traced.
    fn trace(&self) -> Vec<String> {
        self.trace.as_ref().map(Trace::lines).unwrap_or_default()
    }

    /// Ends all calls in flight and all waits.
    fn cancel(&self, py: Python<'_>) {
        py.detach(|| self.device.cancel());
    }
}

impl Prepared {
    /// Returns the value that the call has ended with, or raises its error.
    fn value<'py>(
        &self,
        py: Python<'py>,
        ended: Result<Value, NamedCallError>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let procedure = &self.procedure;
        match ended.map_err(|error| self.raised(error))? {
            Value::Array(items) if procedure.kind.is_stream() => {
                let items = items
                    .into_iter()
                    .map(|item| from_json(py, &procedure.value, item));
                let items = items.collect::<PyResult<Vec<_>>>()?;
                Ok(PyList::new(py, items)?.into_any())
            }
            value => from_json(py, &procedure.value, value),
        }
    }

    fn raised(&self, error: NamedCallError) -> PyErr {
        Python::attach(|py| errors::named_call(py, &self.procedure, error))
    }
}

impl Asked {
    /// Converts the arguments. The library says what is missing or too many.
    fn to_json(&self, py: Python<'_>, procedure: &Procedure) -> PyResult<Value> {
        let known = &procedure.arguments;
        let ordered = self.ordered.bind(py);
        if ordered.len() > known.len() {
            return Ok(Value::Array(vec![Value::Null; ordered.len()]));
        }
        let mut values = Map::new();
        let mut put = |index: usize, object: &Bound<'_, PyAny>| -> PyResult<()> {
            let argument = &known[index];
            let value = to_json(&argument.ty, object)
                .map_err(|error| errors::argument(py, &argument.name, error))?;
            match values.insert(argument.name.clone(), value) {
                None => Ok(()),
                Some(_) => {
                    let message = format!("argument `{}` is given twice", argument.name);
                    Err(errors::arguments(py, message))
                }
            }
        };
        let mut unknown = None;
        for (index, object) in ordered.iter().enumerate() {
            put(index, &object)?;
        }
        for (name, object) in self.named.bind(py).iter() {
            let name: String = name.extract()?;
            // A name that is a keyword of Python is written with an underscore behind it.
            let is_meant = |known: &str| known == name || name.strip_suffix('_') == Some(known);
            match known.iter().position(|argument| is_meant(&argument.name)) {
                Some(index) => put(index, &object)?,
                None => unknown = Some(name),
            }
        }
        values.extend(unknown.map(|name| (name, Value::Null)));
        Ok(Value::Object(values))
    }
}

impl Settings {
    /// Returns the options for a connection.
    ///
    /// # Errors
    /// Raises `ValueError` if one is out of range.
    pub fn options(&self) -> PyResult<Options> {
        let mut options = match self.baud {
            Some(0) => return Err(PyValueError::new_err("baud must be greater than 0")),
            Some(baud) => Options::at(baud),
            None => Options::default(),
        };
        options.retries = self.retries;
        if let Some(seconds) = self.timeout {
            options.timeout = duration(seconds)?;
        }
        Ok(options)
    }

    /// Connects to a device in this process, over a line with the faults that are set.
    ///
    /// # Errors
    /// Fails as opening a link does.
    pub fn simulated<L: Link + 'static>(
        &self,
        device: Arc<L>,
        options: Options,
    ) -> Result<Device, OpenError> {
        match self.faults {
            Some((rate, seed)) => {
                let faults = Faults::mixed(rate.clamp(0.0, 1.0));
                Device::over(LineLink::to(device, Pace::INSTANT, faults, seed), options)
            }
            None => Device::over(device, options),
        }
    }
}
