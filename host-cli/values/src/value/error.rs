//! Errors in a value: the place, the expected type, and the value that was given.

use std::fmt::{self, Display, Formatter};

use thiserror::Error;

use crate::cursor::Malformed;
use crate::description::{Shape, Type};
use crate::nearest::did_you_mean;
use crate::safe;

/// The longest part of a given value that is shown.
const MAX_SHOWN: usize = 60;

/// A value that does not fit its type, given as JSON or received as bytes.
///
/// ```
/// use postcard_schema::Schema;
/// use serde_json::json;
/// use serial_rpc_values::{description::Type, value::encode};
///
/// let ty = Type::read(&postcard::to_stdvec(<[u8; 2]>::SCHEMA)?)?;
/// assert_eq!(
///     encode(&ty, &json!([1, 256]), &mut Vec::new()).unwrap_err().to_string(),
///     "`[1]`: expected an integer from 0 to 255 (u8), got `256`",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    /// The place in the value.
    pub path: Path,
    /// The problem at that place.
    pub problem: Problem,
}

impl Display for ValueError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.path.0.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for ValueError {}

impl<P: Into<Problem>> From<P> for ValueError {
    fn from(problem: P) -> Self {
        Self {
            path: Path::default(),
            problem: problem.into(),
        }
    }
}

impl ValueError {
    /// Adds a field's name to the front of the path.
    #[must_use]
    pub fn in_field(mut self, name: &str) -> Self {
        self.path.0.push(Step::Field(name.to_owned()));
        self
    }

    /// Adds an element's index to the front of the path.
    #[must_use]
    pub fn in_element(mut self, index: usize) -> Self {
        self.path.0.push(Step::Element(index));
        self
    }
}

/// The path to a part of a value, such as `samples[3].x`; empty for the whole value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(
    /// The innermost step first: an error collects them on its way out.
    Vec<Step>,
);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Element(usize),
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().rev().enumerate() {
            match step {
                Step::Field(name) if index == 0 => f.write_str(&safe::line(name))?,
                Step::Field(name) => write!(f, ".{}", safe::line(name))?,
                Step::Element(element) => write!(f, "[{element}]")?,
            }
        }
        Ok(())
    }
}

/// A problem with a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// It is of the wrong kind, or out of range.
    #[error("expected {expected}, got `{given}`")]
    Unexpected {
        /// The values that its type allows.
        expected: String,
        /// The given value, cut short if it is long.
        given: String,
    },
    /// A field was not given.
    #[error("the field `{field}` is missing: {definition}")]
    MissingField {
        /// The field's name.
        field: String,
        /// The definition of the struct.
        definition: String,
    },
    /// A field was given that the struct does not have.
    #[error("there is no field `{field}` in {definition}{}", did_you_mean(.nearest))]
    UnknownField {
        /// The name that was given.
        field: String,
        /// Similar names of fields.
        nearest: Vec<String>,
        /// The definition of the struct.
        definition: String,
    },
    /// A variant was given that the enum does not have.
    #[error("there is no variant `{variant}` in {definition}{}", did_you_mean(.nearest))]
    UnknownVariant {
        /// The name that was given.
        variant: String,
        /// Similar names of variants.
        nearest: Vec<String>,
        /// The definition of the enum.
        definition: String,
    },
    /// A variant was given without the value that it holds.
    #[error(
        "the variant `{variant}` holds a value: write {{\"{variant}\": ...}} around {expected}"
    )]
    NoContent {
        /// The variant.
        variant: String,
        /// The values that it holds.
        expected: String,
    },
    /// It is longer than the device takes.
    #[error("expected at most {most} {parts}, got {given}")]
    TooLong {
        /// The greatest length.
        most: u32,
        /// The parts that are counted.
        parts: &'static str,
        /// The length that was given.
        given: usize,
    },
    /// Values of the type have no JSON.
    #[error("a value of type `{ty}` cannot be written as JSON")]
    Unsupported {
        /// The type.
        ty: String,
    },
    /// The bytes are not postcard.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The bytes are postcard, but not of this type.
    #[error("byte {offset} is no {expected}")]
    Foreign {
        /// The offset of the wrong byte.
        offset: usize,
        /// The value that was expected.
        expected: String,
    },
    /// A key occurs twice in a map.
    #[error("the key `{}` occurs twice", safe::line(.key))]
    RepeatedKey {
        /// The key.
        key: String,
    },
    /// There are far more parts than bytes, such as a billion times `()`.
    #[error("it has too many parts that take no bytes")]
    TooManyParts,
    /// Bytes follow the value.
    #[error("the bytes are longer than the value by {count}")]
    Trailing {
        /// The number of bytes.
        count: usize,
    },
}

impl Problem {
    /// Returns the error for JSON or a word that does not match the type.
    pub(crate) fn unexpected(ty: &Type, given: impl Display) -> Self {
        Self::Unexpected {
            expected: expectation(ty),
            given: shortened(&given.to_string()),
        }
    }
}

/// Describes the values of a type, in words that follow "expected".
///
/// ```
/// use serial_rpc_values::description::IntegerType;
/// use serial_rpc_values::value::expectation;
/// assert_eq!(expectation(&IntegerType::U8.into()), "an integer from 0 to 255 (u8)");
/// ```
pub fn expectation(ty: &Type) -> String {
    let at_most = |parts: &str| match ty.most {
        Some(most) => format!("at most {most} {parts}"),
        None => parts.to_owned(),
    };
    match &ty.shape {
        Shape::Bool => "true or false".into(),
        Shape::Integer(integer) => {
            let (min, max) = (integer.min(), integer.max());
            format!("an integer from {min} to {max} ({ty})")
        }
        Shape::F32 | Shape::F64 => format!("a number, nan, inf or -inf ({ty})"),
        Shape::Char => "one character".into(),
        Shape::String if ty.most.is_some() => format!("a string of {}", at_most("bytes")),
        Shape::String => "a string".into(),
        Shape::Bytes => format!(
            "{}, as 0x and two hexadecimal digits each or as a list of numbers",
            at_most("bytes")
        ),
        Shape::Seq(_) if ty.most.is_some() => {
            format!("a list of {} ({ty})", at_most("elements"))
        }
        Shape::Option(inner) if inner.is_nullable() => {
            format!("null or {{\"Some\": ...}} around {}", expectation(inner))
        }
        Shape::Option(inner) => format!("null or {}", expectation(inner)),
        Shape::Unit | Shape::UnitStruct => "null".into(),
        Shape::Newtype(inner) => expectation(inner),
        Shape::Tuple(elements) | Shape::TupleStruct(elements) => {
            format!("a list of {} ({ty})", elements.len())
        }
        Shape::Map { key, .. } if key.is_object_key() => format!("an object ({ty})"),
        Shape::Map { .. } => format!("a list of [key, value] ({ty})"),
        Shape::Struct(_) => format!("an object ({})", ty.definition()),
        Shape::Enum(_) => format!("a variant ({})", ty.definition()),
        Shape::Seq(_) | Shape::Schema => format!("a list ({ty})"),
    }
}

/// Returns the given value, cut short if it is long.
pub(crate) fn shortened(given: &str) -> String {
    match given.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}...", &given[..end]),
        None => given.to_owned(),
    }
}
