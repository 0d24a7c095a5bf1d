//! Refuses the forms of a value that are taken from people, but that its JSON Schema does not allow.

use serde_json::{Number, Value};

use super::error::{Problem, ValueError};
use crate::description::{Field, IntegerType, Shape, Type, Variant};

/// Checks that no part of the value is in a form that its type's
/// [JSON Schema](Type::json_schema) does not allow, such as an integer in a string. A whole number that is
/// written as a fraction, which JSON Schema takes for an integer, becomes one.
///
/// All else is left to [`encode`](fn@super::encode).
///
/// # Errors
/// Returns an error with the place of the other form.
///
/// ```
/// use serde_json::json;
/// use serial_rpc_values::description::{IntegerType, Type};
/// use serial_rpc_values::value::strict;
///
/// let byte = Type::from(IntegerType::U8);
/// let mut value = json!(2.0);
/// strict(&byte, &mut value)?;
/// assert_eq!(value, json!(2));
/// assert!(strict(&byte, &mut json!("0xff")).is_err());
/// # Ok::<(), serial_rpc_values::value::ValueError>(())
/// ```
pub fn strict(ty: &Type, value: &mut Value) -> Result<(), ValueError> {
    match (&ty.shape, value) {
        (Shape::Integer(integer), value) => strict_integer(ty, *integer, value),
        (Shape::F32, Value::Number(number))
            if number
                .as_f64()
                .is_some_and(|number| number.abs() > f32::MAX.into()) =>
        {
            Err(Problem::unexpected(ty, number).into())
        }
        (Shape::F32 | Shape::F64, Value::String(text))
            if !matches!(text.as_str(), "nan" | "inf" | "-inf") =>
        {
            Err(Problem::unexpected(ty, Value::from(text.as_str())).into())
        }
        (Shape::Bytes, value @ Value::Array(_)) => Err(Problem::unexpected(ty, value).into()),
        (Shape::Option(inner), Value::Object(object)) if inner.is_nullable() => object
            .get_mut("Some")
            .map_or(Ok(()), |content| strict(inner, content)),
        (Shape::Option(_), Value::Null) => Ok(()),
        (Shape::Option(inner), value) if !inner.is_nullable() => strict(inner, value),
        (Shape::Newtype(inner), value) => strict(inner, value),
        (Shape::Seq(element), Value::Array(values)) => {
            all(values.iter_mut().map(|value| (element.as_ref(), value)))
        }
        (Shape::Tuple(types) | Shape::TupleStruct(types), Value::Array(values)) => {
            all(types.iter().zip(values))
        }
        (Shape::Map { key, value: ty }, Value::Object(entries)) => {
            entries.iter_mut().try_for_each(|(name, value)| {
                let in_place = strict_name(key, name).and_then(|()| strict(ty, value));
                in_place.map_err(|error| error.in_field(name))
            })
        }
        (Shape::Map { key, value: ty }, Value::Array(pairs)) => {
            let pairs = pairs.iter_mut().filter_map(Value::as_array_mut);
            pairs
                .flat_map(|pair| [key.as_ref(), ty.as_ref()].into_iter().zip(pair))
                .try_for_each(|(ty, value)| strict(ty, value))
        }
        (Shape::Struct(fields), Value::Object(values)) => {
            fields.iter().try_for_each(|Field { name, ty, .. }| {
                let value = values.get_mut(name);
                let strict = value.map_or(Ok(()), |value| strict(ty, value));
                strict.map_err(|error| error.in_field(name))
            })
        }
        (Shape::Enum(variants), Value::Object(object)) => {
            variants
                .iter()
                .try_for_each(|Variant { name, content, .. }| {
                    match (content, object.get_mut(name)) {
                        (Some(ty), Some(value)) => {
                            strict(ty, value).map_err(|error| error.in_field(name))
                        }
                        _ => Ok(()),
                    }
                })
        }
        _ => Ok(()),
    }
}

fn all<'t>(parts: impl Iterator<Item = (&'t Type, &'t mut Value)>) -> Result<(), ValueError> {
    let mut parts = parts.enumerate();
    parts.try_for_each(|(index, (ty, value))| {
        strict(ty, value).map_err(|error| error.in_element(index))
    })
}

fn strict_integer(ty: &Type, integer: IntegerType, value: &mut Value) -> Result<(), ValueError> {
    match value {
        Value::String(text) if integer.bits() <= 64 || !is_decimal(text) => {
            Err(Problem::unexpected(ty, Value::from(text.as_str())).into())
        }
        Value::Number(number) => {
            if let Some(whole) = whole(number) {
                *number = whole;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Returns the integer that is written as a fraction, such as `2.0`.
fn whole(number: &Number) -> Option<Number> {
    let fraction = number.as_f64().filter(|_| number.is_f64())?;
    if fraction.fract() != 0.0 {
        return None;
    }
    // Too large ones become the largest, and then are too large all the same.
    Number::from_i128(fraction as i128)
}

/// Checks the name that stands for a key of that type.
fn strict_name(key: &Type, name: &str) -> Result<(), ValueError> {
    match &key.shape {
        Shape::Newtype(inner) => strict_name(inner, name),
        Shape::Integer(_) if !is_decimal(name) => Err(Problem::unexpected(key, name).into()),
        _ => Ok(()),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::encode;
    use postcard_schema::Schema;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Schema)]
    #[allow(dead_code)]
    enum Figure {
        Dot { x: u8 },
    }

    /// Returns the error of a value that is taken from people.
    fn complaint<T: Schema + ?Sized>(mut value: Value) -> Option<String> {
        let ty = Type::read(&postcard::to_stdvec(T::SCHEMA).unwrap()).unwrap();
        assert!(encode(&ty, &value, &mut Vec::new()).is_ok(), "{value}");
        strict(&ty, &mut value).err().map(|error| error.to_string())
    }

    #[test]
    fn forms_for_people_are_refused_with_their_place() {
        for (found, place) in [
            (complaint::<u8>(json!("0xff")), "expected an integer"),
            (complaint::<f64>(json!("1.5")), "expected a number"),
            (complaint::<f32>(json!("infinity")), "expected a number"),
            (complaint::<[u8]>(json!([1])), "expected bytes"),
            (complaint::<[u16]>(json!([1, "2"])), "`[1]`: "),
            (complaint::<Option<u8>>(json!("1")), "expected an integer"),
            (
                complaint::<Option<Option<u8>>>(json!({"Some": "1"})),
                "expected an integer",
            ),
            (complaint::<Figure>(json!({"Dot": {"x": "1"}})), "`Dot.x`: "),
            (
                complaint::<BTreeMap<u8, bool>>(json!({"0x1": true})),
                "`0x1`: ",
            ),
            (complaint::<u128>(json!("0xff")), "expected an integer"),
        ] {
            let found = found.unwrap();
            assert!(found.starts_with(place), "{found}");
        }
    }

    #[test]
    fn what_the_schema_allows_is_taken() {
        for found in [
            complaint::<u8>(json!(255)),
            complaint::<f64>(json!("-inf")),
            complaint::<[u8]>(json!("0x00ff")),
            complaint::<u128>(json!("340282366920938463463374607431768211455")),
            complaint::<BTreeMap<i8, bool>>(json!({"-1": true})),
            complaint::<BTreeMap<(u8, u8), bool>>(json!([[[1, 2], true]])),
        ] {
            assert_eq!(found, None);
        }
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_fraction() {
        let ty = Type::from(IntegerType::I64);
        for (given, taken) in [
            (json!(2.0), json!(2)),
            (json!(-0.0), json!(0)),
            (json!(-9.0e18), json!(-9_000_000_000_000_000_000_i64)),
            (json!(2.5), json!(2.5)),
        ] {
            let mut value = given;
            strict(&ty, &mut value).unwrap();
            assert_eq!(value, taken);
        }
    }
}
