//! Converts one word of a shell to the JSON of its argument.
//!
//! The most common types need no JSON: their words are read here. The result goes through the same
//! encoder as JSON, which alone knows ranges and variants.

use serde_json::Value;

use super::{ArgumentsError, ReadFile};
use crate::description::{Argument, Shape, Type, Variant};
use crate::value::{Float, Integer, Problem, hex, shortened, tagged};

/// Converts a word to the JSON of an argument.
pub(super) fn value(
    argument: &Argument,
    word: &str,
    read_file: ReadFile<'_>,
) -> Result<Value, ArgumentsError> {
    let words = Words {
        argument,
        read_file,
    };
    words.read(&argument.ty, word)
}

/// The words of an argument, and of what is inside it.
struct Words<'a> {
    argument: &'a Argument,
    read_file: ReadFile<'a>,
}

impl Words<'_> {
    fn read(&self, ty: &Type, word: &str) -> Result<Value, ArgumentsError> {
        let unexpected = || self.argument.refuse(Problem::unexpected(ty, word));
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
                Some(file) => match (self.read_file)(file) {
                    Ok(bytes) => Ok(hex(&bytes).into()),
                    Err(cause) => Err(ArgumentsError::File {
                        argument: self.argument.name.clone(),
                        file: file.to_owned(),
                        cause,
                    }),
                },
                None if word.starts_with('[') => self.json(ty, word),
                None => Ok(word.into()),
            },
            Shape::Option(_) if matches!(word, "none" | "null") => Ok(Value::Null),
            Shape::Option(inner) if inner.is_nullable() && !word.starts_with('{') => {
                Ok(tagged("Some", self.read(inner, word)?))
            }
            Shape::Option(inner) if !inner.is_nullable() => self.read(inner, word),
            Shape::Newtype(inner) => self.read(inner, word),
            Shape::Enum(variants) if !word.starts_with(['{', '"']) => self.variant(variants, word),
            _ => self.json(ty, word),
        }
    }

    /// Converts the name of a variant, or what it holds as well: `Absolute(40)`, `Pair(1, 2)`.
    fn variant(&self, variants: &[Variant], word: &str) -> Result<Value, ArgumentsError> {
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
                self.json(content, &format!("[{held}]"))?
            }
            (Some(held), _) => self.read(content, held)?,
        };
        Ok(tagged(name, content))
    }

    fn json(&self, ty: &Type, word: &str) -> Result<Value, ArgumentsError> {
        serde_json::from_str(word).map_err(|cause| ArgumentsError::Json {
            argument: self.argument.name.clone(),
            ty: ty.to_string(),
            word: shortened(word),
            cause,
        })
    }
}
