//! Shows values to people: results on standard output, a procedure's own errors in words.

use heck::ToSnakeCase;
use serde_json::Value;

use crate::description::{Field, Shape, Type, Variant};
use crate::safe;

/// Returns a value for a shell: strings without quotes, everything else as compact JSON.
///
/// ```
/// use serde_json::json;
/// use serial_rpc_values::value::plain;
///
/// assert_eq!(plain(&json!("hello")), "hello");
/// assert_eq!(plain(&json!(5)), "5");
/// assert_eq!(plain(&json!({"min": 1.5, "tags": ["a"]})), r#"{"min":1.5,"tags":["a"]}"#);
/// ```
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        _ => value.to_string(),
    }
}

/// Returns a procedure's own error in plain words, followed by its name in Rust.
///
/// The result is one line that is [safe] to show, whatever the device sent.
///
/// ```
/// use serde_json::json;
/// use serial_rpc_values::description::{Shape, Type, Variant};
/// use serial_rpc_values::value::error_in_words;
///
/// let variants = vec![Variant { name: "DivideByZero".into(), doc: String::new(), content: None }];
/// let math_error = Type::new("MathError", Shape::Enum(variants));
/// assert_eq!(
///     error_in_words(&math_error, &json!("DivideByZero")),
///     "divide by zero (MathError::DivideByZero)",
/// );
/// ```
pub fn error_in_words(ty: &Type, error: &Value) -> String {
    let name = match (&ty.shape, variant(ty, error)) {
        (_, Some((variant, _))) => format!("{}::{}", ty.name, variant.name),
        (
            Shape::UnitStruct | Shape::Newtype(_) | Shape::TupleStruct(_) | Shape::Struct(_),
            None,
        ) => ty.name.clone(),
        _ => return words(ty, error),
    };
    format!("{} ({name})", words(ty, error))
}

fn words(ty: &Type, value: &Value) -> String {
    match (&ty.shape, value) {
        (Shape::Enum(_), _) => match variant(ty, value) {
            Some((Variant { name, content, .. }, given)) => match content {
                None => spoken(name),
                Some(content) => format!("{} ({})", spoken(name), words(content, given)),
            },
            None => printable(value),
        },
        (Shape::Unit, _) => "no reason given".into(),
        (Shape::UnitStruct, _) => spoken(&ty.name),
        (Shape::Newtype(inner), _) => words(inner, value),
        (Shape::Option(_), Value::Null) => "none".into(),
        (Shape::Option(inner), _) if !inner.is_nullable() => words(inner, value),
        (Shape::Struct(fields), Value::Object(values)) => {
            let say = |Field { name, ty, .. }: &Field| {
                let value = words(ty, values.get(name)?);
                Some(format!("{}: {value}", spoken(name)))
            };
            let parts: Vec<String> = fields.iter().filter_map(say).collect();
            parts.join(", ")
        }
        (Shape::Tuple(types) | Shape::TupleStruct(types), Value::Array(values)) => {
            let parts = types.iter().zip(values).map(|(ty, value)| words(ty, value));
            parts.collect::<Vec<String>>().join(", ")
        }
        _ => printable(value),
    }
}

/// Returns the variant of an enum value, and its content.
fn variant<'a>(ty: &'a Type, value: &'a Value) -> Option<(&'a Variant, &'a Value)> {
    let Shape::Enum(variants) = &ty.shape else {
        return None;
    };
    let (name, content) = match value {
        Value::String(name) => (name, &Value::Null),
        Value::Object(object) => object.iter().next()?,
        _ => return None,
    };
    let variant = variants.iter().find(|variant| variant.name == *name)?;
    Some((variant, content))
}

/// Turns `DivideByZero` and `divide_by_zero` into `divide by zero`.
fn spoken(name: &str) -> String {
    name.to_snake_case().replace('_', " ")
}

fn printable(value: &Value) -> String {
    safe::line(&plain(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postcard_schema::Schema;
    use serde_json::json;

    #[derive(Schema)]
    #[allow(dead_code)]
    enum SensorError {
        NotReady,
        Bus(String),
        OutOfRange { lowest: f32, limit: Option<u8> },
        Pair(u8, bool),
    }

    #[derive(Schema)]
    #[allow(dead_code)]
    struct BadExpression {
        position: u16,
        reason: SensorError,
    }

    #[derive(Schema)]
    struct BatteryEmpty;

    fn said<T: Schema + ?Sized>(error: &Value) -> String {
        let ty = Type::read(&postcard::to_stdvec(T::SCHEMA).unwrap()).unwrap();
        error_in_words(&ty, error)
    }

    #[test]
    fn a_variant_is_said_in_words_with_what_it_holds() {
        for (error, words) in [
            (json!("NotReady"), "not ready (SensorError::NotReady)"),
            (json!({"Bus": "no ack"}), "bus (no ack) (SensorError::Bus)"),
            (
                json!({"OutOfRange": {"lowest": 0.5, "limit": null}}),
                "out of range (lowest: 0.5, limit: none) (SensorError::OutOfRange)",
            ),
            (
                json!({"Pair": [7, true]}),
                "pair (7, true) (SensorError::Pair)",
            ),
        ] {
            assert_eq!(said::<SensorError>(&error), words);
        }
    }

    #[test]
    fn a_struct_is_said_field_by_field() {
        assert_eq!(
            said::<BadExpression>(&json!({"position": 3, "reason": "NotReady"})),
            "position: 3, reason: not ready (BadExpression)"
        );
        assert_eq!(
            said::<BatteryEmpty>(&json!(null)),
            "battery empty (BatteryEmpty)"
        );
    }

    #[test]
    fn an_error_without_a_name_speaks_for_itself() {
        assert_eq!(said::<str>(&json!("it broke")), "it broke");
        assert_eq!(said::<u8>(&json!(7)), "7");
        assert_eq!(said::<()>(&json!(null)), "no reason given");
    }

    #[test]
    fn text_from_the_device_cannot_command_the_terminal() {
        assert_eq!(said::<str>(&json!("a\u{1b}[2J\nb")), "a\\u{1b}[2J\\nb");
    }

    #[test]
    fn a_value_of_another_type_is_shown_as_it_is() {
        assert_eq!(said::<SensorError>(&json!([1])), "[1]");
        assert_eq!(said::<SensorError>(&json!({})), "{}");
    }
}
