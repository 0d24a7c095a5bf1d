//! Converts one word of a shell to the JSON of its argument.
//!
//! The most common types need no JSON: their words are read here. The result goes through the same
//! encoder as JSON, which alone knows ranges and variants.

use serde_json::{Map, Value};

use super::{ArgumentsError, ReadFile};
use crate::description::{Argument, Shape, Type, Variant};
use crate::value::{Float, Integer, Problem, hex, shortened};

/// Converts a word to the JSON of an argument.
pub(super) fn value(
    argument: &Argument,
    word: &str,
    read_file: ReadFile<'_>,
) -> Result<Value, ArgumentsError> {
    read(argument, &argument.ty, word, read_file)
}

/// Does the same for a type inside the argument's type.
fn read(
    argument: &Argument,
    ty: &Type,
    word: &str,
    read_file: ReadFile<'_>,
) -> Result<Value, ArgumentsError> {
    let unexpected = || argument.refuse(Problem::unexpected_word(ty, word));
    match &ty.shape {
        Shape::Bool => match word {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => Err(unexpected()),
        },
        Shape::Integer(_) => match word.parse::<Integer>() {
            Ok(number) => Ok(number.to_json()),
            Err(_) => Err(unexpected()),
        },
        Shape::F32 => f32::from_text(word)
            .map(Float::to_json)
            .ok_or_else(unexpected),
        Shape::F64 => f64::from_text(word)
            .map(Float::to_json)
            .ok_or_else(unexpected),
        Shape::Char if word.chars().count() != 1 => Err(unexpected()),
        Shape::Char | Shape::String => Ok(word.into()),
        Shape::Bytes => match word.strip_prefix('@') {
            Some(file) => match read_file(file) {
                Ok(bytes) => Ok(hex(&bytes).into()),
                Err(cause) => Err(ArgumentsError::File {
                    argument: argument.name.clone(),
                    file: file.to_owned(),
                    cause,
                }),
            },
            None if word.starts_with('[') => json(argument, ty, word),
            None => Ok(word.into()),
        },
        Shape::Option(_) if matches!(word, "none" | "null") => Ok(Value::Null),
        Shape::Option(inner) if inner.is_nullable() && !word.starts_with('{') => {
            let content = read(argument, inner, word, read_file)?;
            Ok(Value::Object(Map::from_iter([(
                "Some".to_owned(),
                content,
            )])))
        }
        Shape::Option(inner) if !inner.is_nullable() => read(argument, inner, word, read_file),
        Shape::Newtype(inner) => read(argument, inner, word, read_file),
        Shape::Enum(variants) if !word.starts_with(['{', '"']) => {
            variant(argument, variants, word, read_file)
        }
        _ => json(argument, ty, word),
    }
}

/// Converts the name of a variant, or what it holds as well: `Absolute(40)`, `Pair(1, 2)`.
fn variant(
    argument: &Argument,
    variants: &[Variant],
    word: &str,
    read_file: ReadFile<'_>,
) -> Result<Value, ArgumentsError> {
    let end = word.find(['(', '{']).unwrap_or(word.len());
    let (name, rest) = word.split_at(end);
    let name = name.trim_end();
    let variant = variants.iter().find(|variant| variant.name == name);
    let Some(Variant {
        content: Some(content),
        ..
    }) = variant
    else {
        // The encoder knows what there is instead.
        return Ok(word.into());
    };
    let held = rest
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    let content = match (held, &content.shape) {
        (None, _) => return Ok(name.into()),
        (Some(held), Shape::Tuple(_)) if content.name.is_empty() => {
            json(argument, content, &format!("[{held}]"))?
        }
        (Some(held), _) => read(argument, content, held, read_file)?,
    };
    Ok(Value::Object(Map::from_iter([(name.to_owned(), content)])))
}

fn json(argument: &Argument, ty: &Type, word: &str) -> Result<Value, ArgumentsError> {
    serde_json::from_str(word).map_err(|cause| ArgumentsError::Json {
        argument: argument.name.clone(),
        ty: ty.to_string(),
        word: shortened(word),
        cause,
    })
}
