//! Converts Python objects to the JSON of a type, and back to plain Python objects.
//!
//! The library encodes that JSON, and checks ranges and lengths. What is checked here is that a
//! Python object is of the kind that the type wants, so that a mistake is named by what the program
//! wrote.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple,
};
use serde_json::{Map, Value};
use serial_rpc::description::{Field, Shape, Type, Variant};
use serial_rpc::value::{Problem, ValueError, expectation, from_hex, hex};

/// The longest part of an object's text that an error shows.
const SHOWN: usize = 60;

/// The attribute by which an object of a variant's class names its variant.
const VARIANT: &str = "__variant__";

/// An error of converting an object.
pub enum Unfit {
    /// It is not of the type.
    Value(ValueError),
    /// It raised an exception of its own.
    Raised(PyErr),
}

impl From<PyErr> for Unfit {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

impl Unfit {
    fn in_field(self, name: &str) -> Self {
        match self {
            Self::Value(error) => Self::Value(error.in_field(name)),
            raised => raised,
        }
    }

    fn in_element(self, index: usize) -> Self {
        match self {
            Self::Value(error) => Self::Value(error.in_element(index)),
            raised => raised,
        }
    }
}

/// Returns the error for an object of another kind than the type's.
fn unfit(ty: &Type, object: &Bound<'_, PyAny>) -> Unfit {
    let given = match object.repr() {
        Ok(repr) => repr.to_string_lossy().into_owned(),
        Err(_) => object.get_type().to_string(),
    };
    let mut shown: String = given.chars().take(SHOWN).collect();
    if shown.len() < given.len() {
        shown.push_str("...");
    }
    Unfit::Value(ValueError::from(Problem::Unexpected {
        expected: expectation(ty),
        given: shown,
    }))
}

/// Returns the JSON of an object, as the type wants it.
///
/// # Errors
/// Fails if the object is of another kind, or raises an exception.
pub fn to_json(ty: &Type, object: &Bound<'_, PyAny>) -> Result<Value, Unfit> {
    Ok(match &ty.shape {
        Shape::Bool => match object.extract::<bool>() {
            Ok(flag) => flag.into(),
            Err(_) => return Err(unfit(ty, object)),
        },
        Shape::Integer(_) => integer(ty, object)?,
        Shape::F32 | Shape::F64 => float(ty, object)?,
        Shape::Char | Shape::String => text(ty, object)?.into(),
        Shape::Bytes => bytes(ty, object)?,
        Shape::Option(_) if object.is_none() => Value::Null,
        Shape::Option(inner) if inner.is_nullable() => match variant_of(object)? {
            Some((name, content)) if name == "Some" => {
                let content = content.ok_or_else(|| unfit(ty, object))?;
                tagged(&name, to_json(inner, &content)?)
            }
            _ => return Err(unfit(ty, object)),
        },
        Shape::Option(inner) => to_json(inner, object)?,
        Shape::Unit | Shape::UnitStruct if object.is_none() || has_no_fields(object) => Value::Null,
        Shape::Newtype(inner) => to_json(inner, object)?,
        Shape::Seq(element) => elements(ty, object)?
            .iter()
            .enumerate()
            .map(|(index, object)| {
                to_json(element, object).map_err(|error| error.in_element(index))
            })
            .collect::<Result<_, _>>()?,
        Shape::Tuple(types) | Shape::TupleStruct(types) => {
            let objects = elements(ty, object)?;
            if objects.len() != types.len() {
                return Err(unfit(ty, object));
            }
            types
                .iter()
                .zip(&objects)
                .enumerate()
                .map(|(index, (ty, object))| {
                    to_json(ty, object).map_err(|error| error.in_element(index))
                })
                .collect::<Result<_, _>>()?
        }
        Shape::Map { key, value } => map(ty, key, value, object)?,
        Shape::Struct(fields) => fields_of(ty, fields, object)?,
        Shape::Enum(variants) => variant(ty, variants, object)?,
        Shape::Unit | Shape::UnitStruct | Shape::Schema => return Err(unfit(ty, object)),
    })
}

/// Returns the number that an object is, if it says that it is a whole one.
fn integer(ty: &Type, object: &Bound<'_, PyAny>) -> Result<Value, Unfit> {
    if !object.hasattr("__index__")? {
        return Err(unfit(ty, object));
    }
    let number = object.call_method0("__index__")?;
    Ok(match (number.extract::<i64>(), number.extract::<u64>()) {
        (Ok(number), _) => number.into(),
        (_, Ok(number)) => number.into(),
        // The JSON of longer numbers is text. A huge one would take long to write, and fits no type.
        _ if number.call_method0("bit_length")?.extract::<u32>()? > u128::BITS => {
            return Err(unfit(ty, object));
        }
        _ => number.str()?.to_str()?.into(),
    })
}

fn float(ty: &Type, object: &Bound<'_, PyAny>) -> Result<Value, Unfit> {
    if object.is_instance_of::<PyString>() || !object.hasattr("__float__")? {
        return Err(unfit(ty, object));
    }
    let number: f64 = object.extract()?;
    Ok(match number {
        _ if number.is_nan() => "nan".into(),
        f64::INFINITY => "inf".into(),
        f64::NEG_INFINITY => "-inf".into(),
        _ => number.into(),
    })
}

fn text(ty: &Type, object: &Bound<'_, PyAny>) -> Result<String, Unfit> {
    let Ok(text) = object.cast::<PyString>() else {
        return Err(unfit(ty, object));
    };
    // A lone surrogate is no character.
    match text.to_cow() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(unfit(ty, object)),
    }
}

/// Returns the bytes of `bytes`, `bytearray`, a `memoryview` of bytes, or a list of small numbers.
fn bytes(ty: &Type, object: &Bound<'_, PyAny>) -> Result<Value, Unfit> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(hex(bytes.as_bytes()).into());
    }
    if let Ok(bytes) = object.cast::<PyByteArray>() {
        return Ok(hex(&bytes.to_vec()).into());
    }
    let byte = Type::from(serial_rpc::description::IntegerType::U8);
    elements(ty, object)?
        .iter()
        .enumerate()
        .map(|(index, object)| integer(&byte, object).map_err(|error| error.in_element(index)))
        .collect()
}

/// Returns what is in a list, a tuple, an array of NumPy, or anything else that is iterated over, except
/// text and dicts.
fn elements<'py>(ty: &Type, object: &Bound<'py, PyAny>) -> Result<Vec<Bound<'py, PyAny>>, Unfit> {
    if object.is_instance_of::<PyString>() || object.is_instance_of::<PyDict>() {
        return Err(unfit(ty, object));
    }
    let Ok(iterator) = object.try_iter() else {
        return Err(unfit(ty, object));
    };
    Ok(iterator.collect::<PyResult<_>>()?)
}

fn map(ty: &Type, key: &Type, value: &Type, object: &Bound<'_, PyAny>) -> Result<Value, Unfit> {
    let Ok(mapping) = object.cast::<PyMapping>() else {
        return Err(unfit(ty, object));
    };
    let mut object = Map::new();
    let mut pairs = Vec::new();
    for item in mapping.items()?.iter() {
        let (name, content): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let place = name.str()?.to_string_lossy().into_owned();
        let entry = to_json(key, &name).and_then(|name| Ok((name, to_json(value, &content)?)));
        let (name, content) = entry.map_err(|error| error.in_field(&place))?;
        match (key.is_object_key(), name) {
            (false, name) => pairs.push(Value::Array(vec![name, content])),
            (true, Value::String(name)) => drop(object.insert(name, content)),
            (true, name) => drop(object.insert(name.to_string(), content)),
        }
    }
    Ok(match key.is_object_key() {
        true => object.into(),
        false => pairs.into(),
    })
}

/// Returns the fields of a dict, or of an object with attributes of their names.
fn fields_of(ty: &Type, fields: &[Field], object: &Bound<'_, PyAny>) -> Result<Value, Unfit> {
    let mut values = Map::new();
    if let Ok(dict) = object.cast::<PyDict>() {
        for (name, value) in dict.iter() {
            let name = text(&Type::new("", Shape::String), &name)?;
            let field = fields.iter().find(|field| field.name == name);
            let value = match field {
                Some(field) => to_json(&field.ty, &value).map_err(|error| error.in_field(&name))?,
                // The library says which fields there are.
                None => Value::Null,
            };
            values.insert(name, value);
        }
        return Ok(values.into());
    }
    for Field {
        name, ty: field, ..
    } in fields
    {
        let attribute = [name.clone(), format!("{name}_")]
            .into_iter()
            .find_map(|name| object.getattr(name).ok());
        let value = attribute.ok_or_else(|| unfit(ty, object))?;
        let value = to_json(field, &value).map_err(|error| error.in_field(name))?;
        values.insert(name.clone(), value);
    }
    Ok(values.into())
}

/// Returns true for an object of a class for structs or variants that has no fields.
fn has_no_fields(object: &Bound<'_, PyAny>) -> bool {
    object
        .getattr("__dataclass_fields__")
        .and_then(|fields| fields.len())
        .is_ok_and(|count| count == 0)
}

/// Returns the name of the variant that an object is, and its content: of text, a member of an enum, an
/// object of a variant's class, or a dict with one entry.
fn variant_of<'py>(
    object: &Bound<'py, PyAny>,
) -> PyResult<Option<(String, Option<Bound<'py, PyAny>>)>> {
    if let Ok(name) = object.cast::<PyString>() {
        return Ok(Some((name.to_string_lossy().into_owned(), None)));
    }
    if let Ok(dict) = object.cast::<PyDict>() {
        return match dict.iter().next() {
            Some((name, content)) if dict.len() == 1 => Ok(Some((name.extract()?, Some(content)))),
            _ => Ok(None),
        };
    }
    if let Ok(name) = object.getattr(VARIANT) {
        let content = object.getattr("__content__").ok();
        return Ok(Some((name.extract()?, content)));
    }
    if object.hasattr("_member_map_")? || object.get_type().hasattr("__members__")? {
        return Ok(Some((object.getattr("value")?.extract()?, None)));
    }
    Ok(None)
}

fn variant(ty: &Type, variants: &[Variant], object: &Bound<'_, PyAny>) -> Result<Value, Unfit> {
    let Ok(Some((name, content))) = variant_of(object) else {
        return Err(unfit(ty, object));
    };
    let known = variants.iter().find(|variant| variant.name == name);
    Ok(
        match (known.and_then(|variant| variant.content.as_ref()), content) {
            (Some(content), Some(given)) => {
                let given = to_json(content, &given).map_err(|error| error.in_field(&name))?;
                tagged(&name, given)
            }
            // The library says which variants there are, and what they hold.
            (_, Some(_)) if known.is_none() => tagged(&name, Value::Null),
            (None, Some(given)) if !given.is_none() => return Err(unfit(ty, object)),
            _ => name.into(),
        },
    )
}

fn tagged(name: &str, content: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), content)]))
}

/// Returns the plain object for a value of that type.
///
/// # Errors
/// Fails if Python does, for example because there is no memory.
pub fn from_json<'py>(py: Python<'py>, ty: &Type, value: Value) -> PyResult<Bound<'py, PyAny>> {
    let array = |value: Value| match value {
        Value::Array(values) => values,
        other => vec![other],
    };
    match (&ty.shape, value) {
        (Shape::Option(inner), Value::Object(mut object)) if inner.is_nullable() => {
            let content = object.remove("Some").unwrap_or_default();
            one_entry(py, "Some", from_json(py, inner, content)?)
        }
        (Shape::Option(_) | Shape::Unit | Shape::UnitStruct, Value::Null) => {
            Ok(py.None().into_bound(py))
        }
        (Shape::Option(inner) | Shape::Newtype(inner), value) => from_json(py, inner, value),
        (Shape::Bool, Value::Bool(flag)) => Ok(PyBool::new(py, flag).to_owned().into_any()),
        (Shape::Integer(_), value) => whole(py, &value),
        (Shape::F32 | Shape::F64, Value::String(text)) => {
            let number: f64 = text.parse().map_err(|_| PyValueError::new_err(text))?;
            Ok(PyFloat::new(py, number).into_any())
        }
        (Shape::F32 | Shape::F64, value) => {
            Ok(PyFloat::new(py, value.as_f64().unwrap_or(f64::NAN)).into_any())
        }
        (Shape::Bytes, Value::String(text)) => {
            Ok(PyBytes::new(py, &from_hex(&text).unwrap_or_default()).into_any())
        }
        (Shape::Seq(element), value) => {
            let list = PyList::empty(py);
            for value in array(value) {
                list.append(from_json(py, element, value)?)?;
            }
            Ok(list.into_any())
        }
        (Shape::Tuple(types) | Shape::TupleStruct(types), value) => {
            let values = types.iter().zip(array(value));
            let values = values.map(|(ty, value)| from_json(py, ty, value));
            Ok(PyTuple::new(py, values.collect::<PyResult<Vec<_>>>()?)?.into_any())
        }
        (Shape::Map { key, value: ty }, Value::Object(entries)) => {
            let dict = PyDict::new(py);
            for (name, value) in entries {
                dict.set_item(key_from(py, key, name)?, from_json(py, ty, value)?)?;
            }
            Ok(dict.into_any())
        }
        // Its keys may be dicts, which cannot be the keys of one.
        (Shape::Map { key, value: ty }, Value::Array(pairs)) => {
            let list = PyList::empty(py);
            for pair in pairs {
                let mut pair = array(pair).into_iter();
                let (name, value) = (pair.next(), pair.next());
                let name = from_json(py, key, name.unwrap_or_default())?;
                let value = from_json(py, ty, value.unwrap_or_default())?;
                list.append((name, value))?;
            }
            Ok(list.into_any())
        }
        (Shape::Struct(fields), Value::Object(mut values)) => {
            let dict = PyDict::new(py);
            for Field { name, ty, .. } in fields {
                let value = values.remove(name).unwrap_or_default();
                dict.set_item(name, from_json(py, ty, value)?)?;
            }
            Ok(dict.into_any())
        }
        (Shape::Enum(variants), Value::Object(object)) => {
            let Some((name, value)) = object.into_iter().next() else {
                return Ok(py.None().into_bound(py));
            };
            let content = variants.iter().find(|variant| variant.name == name);
            match content.and_then(|variant| variant.content.as_ref()) {
                Some(content) => one_entry(py, &name, from_json(py, content, value)?),
                None => one_entry(py, &name, py.None().into_bound(py)),
            }
        }
        (_, Value::String(text)) => Ok(PyString::new(py, &text).into_any()),
        // Decoding by the type gives nothing else.
        (_, other) => Ok(PyString::new(py, &other.to_string()).into_any()),
    }
}

fn whole<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match (value.as_i64(), value.as_u64(), value.as_str()) {
        (Some(number), ..) => Ok(number.into_pyobject(py)?.into_any()),
        (_, Some(number), _) => Ok(number.into_pyobject(py)?.into_any()),
        (.., text) => py.get_type::<PyInt>().call1((text.unwrap_or_default(),)),
    }
}

fn key_from<'py>(py: Python<'py>, key: &Type, name: String) -> PyResult<Bound<'py, PyAny>> {
    match &key.shape {
        Shape::Newtype(inner) => key_from(py, inner, name),
        Shape::Bool => from_json(py, key, Value::Bool(name == "true")),
        _ => from_json(py, key, Value::String(name)),
    }
}

fn one_entry<'py>(
    py: Python<'py>,
    name: &str,
    content: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    dict.set_item(name, content)?;
    Ok(dict.into_any())
}
