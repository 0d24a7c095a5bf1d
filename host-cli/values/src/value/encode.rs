//! Encodes JSON as postcard, as a type says.

use serde_json::{Map, Value};

use super::error::{Problem, ValueError, expectation};
use super::integer::write_varint;
use super::{Float, Integer, from_hex};
use crate::description::{Field, IntegerType, Shape, Type, Variant};
use crate::nearest::nearest;

/// Appends the postcard bytes of a value of type `ty` to `out`.
///
/// The [module](super) documents the JSON for each type.
///
/// # Errors
/// Returns an error with the place in `value` that does not match the type; `out` is then
/// unchanged.
///
/// ```
/// use serde_json::json;
/// use serial_rpc_values::description::{IntegerType, Type};
/// use serial_rpc_values::value::encode;
///
/// let mut bytes = Vec::new();
/// encode(&Type::from(IntegerType::I32), &json!(-2), &mut bytes)?;
/// assert_eq!(bytes, [3]);
/// # Ok::<(), serial_rpc_values::value::ValueError>(())
/// ```
pub fn encode(ty: &Type, value: &Value, out: &mut Vec<u8>) -> Result<(), ValueError> {
    let start = out.len();
    write(ty, value, out).inspect_err(|_| out.truncate(start))
}

fn write(ty: &Type, value: &Value, out: &mut Vec<u8>) -> Result<(), ValueError> {
    let unexpected = || Problem::unexpected(ty, value);
    match (&ty.shape, value) {
        (Shape::Bool, Value::Bool(flag)) => out.push(u8::from(*flag)),
        (Shape::Integer(integer), _) => Integer::from_json(value)
            .and_then(|number| number.write(*integer, out))
            .ok_or_else(unexpected)?,
        (Shape::F32, _) => {
            let number = f32::from_json(value).ok_or_else(unexpected)?;
            out.extend(number.to_le_bytes());
        }
        (Shape::F64, _) => {
            let number = f64::from_json(value).ok_or_else(unexpected)?;
            out.extend(number.to_le_bytes());
        }
        (Shape::Char, Value::String(text)) if text.chars().count() == 1 => write_bytes(text, out),
        (Shape::String, Value::String(text)) => {
            check_length(ty, "bytes", text.len())?;
            write_bytes(text, out);
        }
        (Shape::Bytes, Value::String(text)) => {
            let bytes = from_hex(text).ok_or_else(unexpected)?;
            check_length(ty, "bytes", bytes.len())?;
            write_bytes(bytes, out);
        }
        (Shape::Bytes, Value::Array(numbers)) => {
            check_length(ty, "bytes", numbers.len())?;
            let byte = Type::from(IntegerType::U8);
            write_list(&byte, numbers, out)?;
        }
        (Shape::Option(_), Value::Null) => out.push(0),
        (Shape::Option(inner), _) => {
            out.push(1);
            match some_content(inner, value) {
                Some(content) => write(inner, content, out)?,
                None => return Err(unexpected().into()),
            }
        }
        (Shape::Unit | Shape::UnitStruct, Value::Null) => {}
        (Shape::Newtype(inner), _) => write(inner, value, out)?,
        (Shape::Seq(element), Value::Array(values)) => {
            check_length(ty, "elements", values.len())?;
            write_list(element, values, out)?;
        }
        (Shape::Tuple(types) | Shape::TupleStruct(types), Value::Array(values))
            if types.len() == values.len() =>
        {
            for (index, (ty, value)) in types.iter().zip(values).enumerate() {
                write(ty, value, out).map_err(|error| error.in_element(index))?;
            }
        }
        (Shape::Map { key, value: ty }, Value::Object(entries)) if key.is_object_key() => {
            write_object(key, ty, entries, out)?;
        }
        (Shape::Map { key, value: ty }, Value::Array(pairs)) if !key.is_object_key() => {
            let pair = Type::new("", Shape::Tuple(vec![*key.clone(), *ty.clone()]));
            write_list(&pair, pairs, out)?;
        }
        (Shape::Struct(fields), Value::Object(values)) => write_struct(ty, fields, values, out)?,
        (Shape::Enum(variants), _) => write_variant(ty, variants, value, out)?,
        (Shape::Schema, _) => return Err(Problem::Unsupported { ty: ty.to_string() }.into()),
        _ => return Err(unexpected().into()),
    }
    Ok(())
}

/// Returns the value in an option: as it is, or in `{"Some": ...}` where null would be ambiguous.
fn some_content<'a>(inner: &Type, value: &'a Value) -> Option<&'a Value> {
    if !inner.is_nullable() {
        return Some(value);
    }
    match value.as_object() {
        Some(object) if object.len() == 1 => object.get("Some"),
        _ => None,
    }
}

/// Refuses what the device has no room for.
fn check_length(ty: &Type, parts: &'static str, given: usize) -> Result<(), Problem> {
    match ty.most {
        Some(most) if given > most as usize => Err(Problem::TooLong { most, parts, given }),
        _ => Ok(()),
    }
}

fn write_list(element: &Type, values: &[Value], out: &mut Vec<u8>) -> Result<(), ValueError> {
    write_varint(values.len() as u128, out);
    for (index, value) in values.iter().enumerate() {
        write(element, value, out).map_err(|error| error.in_element(index))?;
    }
    Ok(())
}

fn write_object(
    key: &Type,
    ty: &Type,
    entries: &Map<String, Value>,
    out: &mut Vec<u8>,
) -> Result<(), ValueError> {
    write_varint(entries.len() as u128, out);
    for (name, value) in entries {
        write_key(key, name, out)
            .and_then(|()| write(ty, value, out))
            .map_err(|error| error.in_field(name))?;
    }
    Ok(())
}

fn write_key(key: &Type, name: &str, out: &mut Vec<u8>) -> Result<(), ValueError> {
    match (&key.shape, name) {
        (Shape::Newtype(inner), _) => write_key(inner, name, out),
        (Shape::Bool, "true" | "false") => write(key, &Value::Bool(name == "true"), out),
        // A key of any other type is a string.
        _ => write(key, &Value::from(name), out),
    }
}

fn write_struct(
    ty: &Type,
    fields: &[Field],
    values: &Map<String, Value>,
    out: &mut Vec<u8>,
) -> Result<(), ValueError> {
    let names = || fields.iter().map(|field| field.name.as_str());
    if let Some(unknown) = values
        .keys()
        .find(|name| !names().any(|known| known == *name))
    {
        let problem = Problem::UnknownField {
            field: unknown.clone(),
            nearest: nearest(unknown, names()),
            definition: ty.definition(),
        };
        return Err(problem.into());
    }
    for Field {
        name, ty: field, ..
    } in fields
    {
        let value = values.get(name).ok_or_else(|| Problem::MissingField {
            field: name.clone(),
            definition: ty.definition(),
        })?;
        write(field, value, out).map_err(|error| error.in_field(name))?;
    }
    Ok(())
}

fn write_variant(
    ty: &Type,
    variants: &[Variant],
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<(), ValueError> {
    let unexpected = || ValueError::from(Problem::unexpected(ty, value));
    let (name, given) = match value {
        Value::String(name) => (name, None),
        Value::Object(object) => match object.iter().next() {
            Some((name, content)) if object.len() == 1 => (name, Some(content)),
            _ => return Err(unexpected()),
        },
        _ => return Err(unexpected()),
    };
    let (index, variant) = variants
        .iter()
        .enumerate()
        .find(|(_, variant)| variant.name == *name)
        .ok_or_else(|| Problem::UnknownVariant {
            variant: name.clone(),
            nearest: nearest(name, variants.iter().map(|known| known.name.as_str())),
            definition: ty.definition(),
        })?;
    write_varint(index as u128, out);
    match (&variant.content, given) {
        (None, None) => Ok(()),
        (Some(content), Some(given)) => {
            write(content, given, out).map_err(|error| error.in_field(name))
        }
        (Some(content), None) => Err(Problem::NoContent {
            variant: name.clone(),
            expected: expectation(content),
        }
        .into()),
        _ => Err(unexpected()),
    }
}

fn write_bytes(bytes: impl AsRef<[u8]>, out: &mut Vec<u8>) {
    let bytes = bytes.as_ref();
    write_varint(bytes.len() as u128, out);
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use postcard_schema::Schema;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Schema)]
    #[allow(dead_code)]
    struct Point {
        x: i8,
        y: f32,
    }

    #[derive(Schema)]
    #[allow(dead_code)]
    enum Figure {
        Nothing,
        Dot(Point),
        Line { points: [Point; 2] },
    }

    fn encoded<T: Schema + ?Sized>(value: &Value) -> Result<Vec<u8>, String> {
        let ty = Type::read(&postcard::to_stdvec(T::SCHEMA).unwrap()).unwrap();
        let mut out = vec![0xaa];
        let result = encode(&ty, value, &mut out);
        assert_eq!(out.remove(0), 0xaa);
        match result {
            Ok(()) => Ok(out),
            Err(error) => {
                assert!(out.is_empty(), "nothing is left of a value that failed");
                Err(error.to_string())
            }
        }
    }

    fn complaint<T: Schema + ?Sized>(value: Value) -> String {
        encoded::<T>(&value).unwrap_err()
    }

    #[test]
    fn an_error_names_the_place() {
        let value = json!({"Line": {"points": [{"x": 1, "y": 2}, {"x": 200, "y": 2}]}});
        assert_eq!(
            complaint::<Figure>(value),
            "`Line.points[1].x`: expected an integer from -128 to 127 (i8), got `200`"
        );
        assert_eq!(
            complaint::<BTreeMap<u8, bool>>(json!({"1": true, "2": 0})),
            "`2`: expected true or false, got `0`"
        );
    }

    #[test]
    fn a_struct_takes_its_fields_and_no_others() {
        assert_eq!(
            complaint::<Point>(json!({"x": 1, "Y": 2})),
            "there is no field `Y` in struct Point { x: i8, y: f32 }; did you mean `y`?"
        );
        assert_eq!(
            complaint::<Point>(json!({"x": 1})),
            "the field `y` is missing: struct Point { x: i8, y: f32 }"
        );
        assert_eq!(
            complaint::<Point>(json!([1, 2])),
            "expected an object (struct Point { x: i8, y: f32 }), got `[1,2]`"
        );
    }

    #[test]
    fn a_variant_must_exist_and_have_its_content() {
        let definition = "enum Figure { Nothing, Dot(Point), Line { points: [Point; 2] } }";
        assert_eq!(
            complaint::<Figure>(json!("nothing")),
            format!("there is no variant `nothing` in {definition}; did you mean `Nothing`?")
        );
        assert_eq!(
            complaint::<Figure>(json!("Dot")),
            "the variant `Dot` holds a value: write {\"Dot\": ...} around an object \
             (struct Point { x: i8, y: f32 })"
        );
        for value in [json!({"Nothing": null}), json!({}), json!(0)] {
            assert_eq!(
                complaint::<Figure>(value.clone()),
                format!("expected a variant ({definition}), got `{value}`")
            );
        }
    }

    #[test]
    fn bytes_are_hexadecimal_or_a_list_of_numbers() {
        for value in [json!("0x00fF"), json!([0, 255]), json!(["0x0", "0xff"])] {
            assert_eq!(encoded::<[u8]>(&value), Ok(vec![2, 0, 255]));
        }
        for value in [json!("00ff"), json!("0x00f"), json!("0x0é"), json!("0x+1")] {
            assert_eq!(
                complaint::<[u8]>(value.clone()),
                format!(
                    "expected bytes, as 0x and two hexadecimal digits each \
                     or as a list of numbers, got `{value}`"
                )
            );
        }
    }

    #[test]
    fn an_option_of_an_option_tells_none_from_some_none() {
        type Nested = Option<Option<bool>>;
        assert_eq!(encoded::<Nested>(&json!(null)), Ok(vec![0]));
        assert_eq!(encoded::<Nested>(&json!({"Some": null})), Ok(vec![1, 0]));
        assert_eq!(encoded::<Nested>(&json!({"Some": true})), Ok(vec![1, 1, 1]));
        assert_eq!(
            complaint::<Nested>(json!(true)),
            "expected null or {\"Some\": ...} around null or true or false, got `true`"
        );
    }

    #[test]
    fn a_map_without_text_keys_is_a_list_of_pairs() {
        type Map = BTreeMap<(u8, u8), bool>;
        assert_eq!(
            encoded::<Map>(&json!([[[1, 2], true]])),
            Ok(vec![1, 1, 2, 1])
        );
        assert_eq!(
            complaint::<Map>(json!([[[1, 2], 3]])),
            "`[0][1]`: expected true or false, got `3`"
        );
        assert_eq!(
            complaint::<Map>(json!({})),
            "expected a list of [key, value] ({(u8, u8): bool}), got `{}`"
        );
    }

    #[test]
    fn a_fraction_is_no_integer() {
        assert_eq!(
            complaint::<u8>(json!(2.0)),
            "expected an integer from 0 to 255 (u8), got `2.0`"
        );
    }

    #[test]
    fn a_long_value_is_cut_short_in_the_error() {
        let complaint = complaint::<u8>(json!("é".repeat(1000)));
        assert!(complaint.ends_with("éé...`"), "{complaint}");
        assert!(complaint.chars().count() < 120, "{complaint}");
    }

    #[test]
    fn what_is_longer_than_the_device_takes_is_refused() {
        let at_most = |most, shape| Type {
            most: Some(most),
            ..Type::new("", shape)
        };
        let bytes = at_most(2, Shape::Bytes);
        let list = at_most(1, Shape::Seq(Box::new(Type::from(IntegerType::U16))));
        let text = at_most(3, Shape::String);
        for (ty, fits, longer, complaint) in [
            (
                &bytes,
                json!([1, 2]),
                json!([1, 2, 3]),
                "expected at most 2 bytes, got 3",
            ),
            (
                &bytes,
                json!("0x0102"),
                json!("0x010203"),
                "expected at most 2 bytes, got 3",
            ),
            (
                &list,
                json!([300]),
                json!([1, 2]),
                "expected at most 1 elements, got 2",
            ),
            (
                &text,
                json!("abc"),
                json!("abcd"),
                "expected at most 3 bytes, got 4",
            ),
            (
                &text,
                json!("ab"),
                json!("ab\u{e4}"),
                "expected at most 3 bytes, got 4",
            ),
        ] {
            assert!(encode(ty, &fits, &mut Vec::new()).is_ok(), "{fits}");
            let error = encode(ty, &longer, &mut Vec::new()).unwrap_err();
            assert_eq!(error.to_string(), complaint);
        }
    }

    #[test]
    fn a_schema_is_refused() {
        assert_eq!(
            complaint::<postcard_schema::schema::NamedType>(json!(null)),
            "a value of type `schema` cannot be written as JSON"
        );
    }
}
