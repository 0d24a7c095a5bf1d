//! Simulated devices whose procedures are written in Python.

use crate::connection::{Connection, SIMULATED, Settings};
use crate::errors;
use crate::values::{from_json, to_json};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value};
use serial_rpc::description::{Description, Procedure, Shape, Type};
use serial_rpc_simulator::{DescribedDevice, Served};
use serial_rpc_source::{description, is_source};
use std::path::PathBuf;
use std::sync::Arc;

/// A simulated device with a described interface.
#[pyclass(frozen, module = "serial_rpc._native")]
pub struct SimulatedDevice {
    device: Arc<DescribedDevice>,
    description: Description,
}

/// The end of a call as Python reports it: "value", "error", "missing" or "failed", and the object.
type Reported<'py> = (String, Bound<'py, PyAny>);

/// Serves a call by a function of Python, which gets the path and a dict of the arguments.
///
/// # Errors
/// Fails if the function raises, or if what it returns is not of the procedure's type.
fn serve(
    py: Python<'_>,
    function: &Py<PyAny>,
    procedure: &Procedure,
    mut arguments: Map<String, Value>,
) -> PyResult<Served> {
    let named = PyDict::new(py);
    for argument in &procedure.arguments {
        let value = arguments.remove(&argument.name).unwrap_or_default();
        named.set_item(&argument.name, from_json(py, &argument.ty, value)?)?;
    }
    let reported = function.call1(py, (&procedure.path, named))?;
    let (kind, object): Reported<'_> = reported.extract(py)?;
    let items = Type::new("", Shape::Seq(Box::new(procedure.value.clone())));
    Ok(match (kind.as_str(), &procedure.error) {
        ("value", _) if procedure.kind.is_stream() => {
            Served::Value(json(py, procedure, &items, &object)?)
        }
        ("value", _) => Served::Value(json(py, procedure, &procedure.value, &object)?),
        ("missing", _) => Served::Missing,
        ("error", Some(ty)) => Served::Error(json(py, procedure, ty, &object)?),
        _ => Served::Failed,
    })
}

fn json(
    py: Python<'_>,
    procedure: &Procedure,
    ty: &Type,
    object: &Bound<'_, PyAny>,
) -> PyResult<Value> {
    to_json(ty, object).map_err(|error| errors::served(py, &procedure.path, error))
}

/// Returns the description that Rust source has, or None if the path is not one of Rust source.
#[pyfunction]
pub fn description_of_source(py: Python<'_>, path: PathBuf) -> PyResult<Option<Vec<u8>>> {
    if !is_source(&path) {
        return Ok(None);
    }
    let described = py.detach(|| description(path));
    described.map(Some).map_err(|error| {
        let hint = error.hint.as_ref().map(|hint| format!("; {hint}"));
        PyValueError::new_err(format!("{error}{}", hint.unwrap_or_default()))
    })
}

#[pymethods]
impl SimulatedDevice {
    /// Creates a device that was just switched on. `function` serves its calls.
    #[new]
    fn new(py: Python<'_>, description: &[u8], function: Py<PyAny>) -> PyResult<Self> {
        let senseless = |error: &dyn std::fmt::Display| {
            PyValueError::new_err(format!("this is no description of a device: {error}"))
        };
        let parsed = Description::read(description).map_err(|error| senseless(&error))?;
        let serve = move |procedure: &Procedure, arguments| {
            Python::attach(|py| {
                serve(py, &function, procedure, arguments).unwrap_or_else(|error| {
                    // Nobody called this from Python, so nobody can catch it.
                    error.write_unraisable(py, None);
                    Served::Failed
                })
            })
        };
        let device = py.detach(|| DescribedDevice::new(description.to_vec(), Box::new(serve)));
        Ok(Self {
            device: device.map_err(|error| senseless(&error))?,
            description: parsed,
        })
    }

    /// Returns the description as JSON.
    fn description(&self) -> PyResult<String> {
        serde_json::to_string(&self.description)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Connects to it.
    fn connect(&self, py: Python<'_>, settings: Settings) -> PyResult<Connection> {
        let options = settings.options()?;
        let device = settings.simulated(Arc::clone(&self.device), options);
        let device = device.map_err(|error| errors::open(py, &error))?;
        Ok(Connection::new(device, SIMULATED, settings.trace))
    }

    /// Sends an event, whose data is a dict.
    fn emit(&self, py: Python<'_>, path: &str, data: &Bound<'_, PyDict>) -> PyResult<()> {
        let event = self.description.procedure(path);
        let event = event.map_err(|error| errors::no_procedure(py, error.to_string()))?;
        let mut values = Map::new();
        for argument in &event.arguments {
            let Some(object) = data.get_item(&argument.name)? else {
                let message = format!("`{}` of {path} is missing", argument.name);
                return Err(errors::arguments(py, message));
            };
            let value = to_json(&argument.ty, &object)
                .map_err(|error| errors::argument(py, &argument.name, error))?;
            values.insert(argument.name.clone(), value);
        }
        let emitted = py.detach(|| self.device.emit(event, &values));
        emitted.map_err(|error| errors::arguments(py, format!("{path}: {error}")))
    }

    /// Switches it off and on again.
    fn power_cycle(&self, py: Python<'_>) {
        py.detach(|| self.device.power_cycle());
    }
}
