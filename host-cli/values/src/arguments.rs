//! Converts the arguments of a procedure, from a shell's words or from JSON, to the bytes of a
//! call.
//!
//! # Words
//! Words are arguments in order (`2 3`), by name (`x=2 y=3`, in any order), or in order first and by
//! name after (`2 y=3`). What a word means depends on the type of its argument:
//!
//! | type                           | word                                                       |
//! |--------------------------------|------------------------------------------------------------|
//! | `bool`                         | `true`, `false`                                            |
//! | integers                       | `42`, `-42`, `0xff`, `0b1010`, `0o17`, `1_000`             |
//! | `f32`, `f64`                   | `1.5`, `-2e9`, `nan`, `inf`, `-inf`                        |
//! | `char`, strings                | the word as it is                                          |
//! | byte strings and lists of `u8` | `0x00ff`, `@file` for what is in a file, or JSON           |
//! | `Option`                       | `none`, `null`, or the value                               |
//! | enums                          | the name of a variant, `Absolute(40)` for one that holds a value, or JSON |
//! | newtype structs                | as the value inside                                        |
//! | all others                     | JSON, as in [`value`]                                      |
//!
//! A word is by name only if an argument has that name, so strings may hold `=`. To pass a string
//! that starts with an argument's name and `=`, name it: `text=text=...`. To pass the string `none`
//! in an option, use JSON for all arguments. An option that is not given is none.

mod example;
mod word;

use std::io;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::description::{Argument, Procedure, Shape};
use crate::nearest::{did_you_mean, nearest};
use crate::value::{self, ValueError, check_end, decode, encode, shortened};

/// An error in the arguments for a procedure.
///
/// Each message is complete: causes are part of it rather than a [source](std::error::Error::source).
#[derive(Debug, Error)]
pub enum ArgumentsError {
    /// An argument was not given.
    #[error("argument `{argument}` of {path} is missing: {usage}")]
    Missing {
        /// The argument's name.
        argument: String,
        /// The path of the procedure.
        path: String,
        /// The procedure's usage.
        usage: String,
    },
    /// More arguments were given than the procedure takes.
    #[error("{path} takes {expected} arguments, and {given} were given: {usage}")]
    TooMany {
        /// The path of the procedure.
        path: String,
        /// The number of arguments that it takes.
        expected: usize,
        /// The number of arguments that were given.
        given: usize,
        /// The procedure's usage.
        usage: String,
    },
    /// No argument has the name that was given.
    #[error("{usage} has no argument `{name}`{}", did_you_mean(.nearest))]
    Unknown {
        /// The name that was given.
        name: String,
        /// Similar names of arguments.
        nearest: Vec<String>,
        /// The procedure's usage.
        usage: String,
    },
    /// An argument was given twice.
    #[error("argument `{argument}` is given twice")]
    Repeated {
        /// The argument's name.
        argument: String,
    },
    /// A word without a name follows one with a name.
    #[error("`{word}` follows an argument with a name and needs one too: {usage}")]
    Nameless {
        /// The word.
        word: String,
        /// The procedure's usage.
        usage: String,
    },
    /// The value is not one of the argument's type; the error's path starts with its name.
    #[error("argument {0}")]
    Value(ValueError),
    /// The word should be JSON but is not.
    #[error("argument `{argument}`: expected JSON for {ty}, got `{word}` ({cause})")]
    Json {
        /// The argument.
        argument: String,
        /// The argument's type.
        ty: String,
        /// The word.
        word: String,
        /// The error of the JSON parser.
        cause: serde_json::Error,
    },
    /// The file that holds the bytes cannot be read.
    #[error("argument `{argument}`: cannot read {file}: {cause}")]
    File {
        /// The argument.
        argument: String,
        /// The file.
        file: String,
        /// The error of reading the file.
        cause: io::Error,
    },
    /// The JSON for all arguments is neither an array nor an object.
    #[error("expected a list or an object with the arguments, got `{given}`: {usage}")]
    NotArguments {
        /// The JSON that was given.
        given: String,
        /// The procedure's usage.
        usage: String,
    },
}

/// Reads the file that the word `@file` names.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> io::Result<Vec<u8>>;

/// Encodes a call's arguments from the words of a shell.
///
/// The [module](self) documents the syntax of words. This crate does no I/O, so `read_file` reads
/// the files that words name.
///
/// # Errors
/// Returns an error that names the argument that is missing, superfluous or of the wrong type, and
/// the type that was expected.
///
/// ```
/// use serial_rpc_values::arguments::from_words;
/// use serial_rpc_values::description::{Argument, IntegerType, Procedure, ProcedureKind};
///
/// let argument = |name: &str| Argument { name: name.into(), ty: IntegerType::I32.into() };
/// let add = Procedure {
///     number: 8,
///     key: 0,
///     path: "calculator.add".into(),
///     doc: String::new(),
///     arguments: vec![argument("x"), argument("y")],
///     value: IntegerType::I32.into(),
///     error: None,
///     kind: ProcedureKind::Call,
///     idempotent: true,
/// };
/// let no_file = |_: &str| Err(std::io::ErrorKind::NotFound.into());
/// assert_eq!(from_words(&add, &["2", "3"], &no_file)?, [4, 6]);
/// assert_eq!(from_words(&add, &["y=3", "x=2"], &no_file)?, [4, 6]);
/// assert_eq!(
///     from_words(&add, &["2"], &no_file).unwrap_err().to_string(),
///     "argument `y` of calculator.add is missing: calculator.add(x: i32, y: i32)",
/// );
/// # Ok::<(), serial_rpc_values::arguments::ArgumentsError>(())
/// ```
pub fn from_words(
    procedure: &Procedure,
    words: &[impl AsRef<str>],
    read_file: ReadFile<'_>,
) -> Result<Vec<u8>, ArgumentsError> {
    let mut given = Given::new(procedure);
    let mut named = false;
    for (index, word) in words.iter().map(AsRef::as_ref).enumerate() {
        let by_name = word
            .split_once('=')
            .and_then(|(name, text)| Some((procedure.position(name)?, text)));
        let (position, text) = match by_name {
            Some(found) => found,
            // A mistyped name is a better explanation than any complaint about the word.
            None if named || index >= procedure.arguments.len() => {
                return Err(match mistyped_name(procedure, word) {
                    Some(unknown) => unknown,
                    None if named => ArgumentsError::Nameless {
                        word: word.to_owned(),
                        usage: procedure.usage(),
                    },
                    None => procedure.too_many(words.len()),
                });
            }
            None => (index, word),
        };
        named |= by_name.is_some();
        let value = word::value(&procedure.arguments[position], text, read_file);
        let bytes = value.and_then(|value| encoded(&procedure.arguments[position], &value));
        let bytes = match by_name {
            Some(_) => bytes,
            None => bytes.map_err(|error| mistyped_name(procedure, word).unwrap_or(error)),
        };
        given.put(position, bytes?)?;
    }
    given.all()
}

/// Decodes arguments, or the data of an event, to an object with their names.
///
/// # Errors
/// Fails if the bytes do not match the procedure's arguments or the event's data.
///
/// ```
/// use firmware::CheckedCalculator;
/// use firmware::calculator::CalculatorService;
/// use serial_rpc_values::arguments::to_json;
/// use serial_rpc_values::description::Description;
///
/// let description = Description::of::<CalculatorService<CheckedCalculator>>()?;
/// let event = description.procedure("calculator.total_changed")?;
/// assert_eq!(to_json(event, &[84])?["total"], 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_json(procedure: &Procedure, mut bytes: &[u8]) -> Result<Map<String, Value>, ValueError> {
    let mut values = Map::new();
    for argument in &procedure.arguments {
        let value = decode(&argument.ty, &mut bytes)?;
        values.insert(argument.name.clone(), value);
    }
    check_end(bytes)?;
    Ok(values)
}

/// Encodes a call's arguments from a JSON array of them all, or from an object with their names.
///
/// # Errors
/// Fails as [`from_words`] does, and if the JSON is neither an array nor an object.
///
/// ```
/// use serde_json::json;
/// use serial_rpc_values::arguments::from_json;
/// use serial_rpc_values::description::{Argument, IntegerType, Procedure, ProcedureKind};
///
/// let argument = |name: &str| Argument { name: name.into(), ty: IntegerType::I32.into() };
/// let add = Procedure {
///     number: 8,
///     key: 0,
///     path: "calculator.add".into(),
///     doc: String::new(),
///     arguments: vec![argument("x"), argument("y")],
///     value: IntegerType::I32.into(),
///     error: None,
///     kind: ProcedureKind::Call,
///     idempotent: true,
/// };
/// assert_eq!(from_json(&add, &json!([2, 3]))?, [4, 6]);
/// assert_eq!(from_json(&add, &json!({"y": 3, "x": 2}))?, [4, 6]);
/// assert_eq!(
///     from_json(&add, &json!([2, 3_000_000_000_u32])).unwrap_err().to_string(),
///     "argument `y`: expected an integer from -2147483648 to 2147483647 (i32), \
///      got `3000000000`",
/// );
/// # Ok::<(), serial_rpc_values::arguments::ArgumentsError>(())
/// ```
pub fn from_json(procedure: &Procedure, arguments: &Value) -> Result<Vec<u8>, ArgumentsError> {
    let mut given = Given::new(procedure);
    match arguments {
        Value::Array(values) if values.len() > procedure.arguments.len() => {
            return Err(procedure.too_many(values.len()));
        }
        Value::Array(values) => {
            for (position, value) in values.iter().enumerate() {
                given.put(position, encoded(&procedure.arguments[position], value)?)?;
            }
        }
        Value::Object(values) => {
            for (name, value) in values {
                let position = procedure
                    .position(name)
                    .ok_or_else(|| procedure.unknown(name))?;
                given.put(position, encoded(&procedure.arguments[position], value)?)?;
            }
        }
        _ => {
            return Err(ArgumentsError::NotArguments {
                given: shortened(&arguments.to_string()),
                usage: procedure.usage(),
            });
        }
    }
    given.all()
}

/// Checks arguments in JSON as [`strict`](crate::value::strict) checks a value.
///
/// # Errors
/// Returns the error of the first argument in another form than its type's JSON Schema allows.
pub fn strict(procedure: &Procedure, arguments: &mut Value) -> Result<(), ArgumentsError> {
    procedure
        .arguments
        .iter()
        .enumerate()
        .try_for_each(|(index, argument)| {
            let value = match &mut *arguments {
                Value::Array(values) => values.get_mut(index),
                Value::Object(values) => values.get_mut(&argument.name),
                _ => None,
            };
            let strict = value.map_or(Ok(()), |value| value::strict(&argument.ty, value));
            strict.map_err(|error| argument.refuse(error))
        })
}

/// The arguments that have been given so far, each in its place.
struct Given<'a> {
    procedure: &'a Procedure,
    encoded: Vec<Option<Vec<u8>>>,
}

impl<'a> Given<'a> {
    fn new(procedure: &'a Procedure) -> Self {
        Self {
            procedure,
            encoded: vec![None; procedure.arguments.len()],
        }
    }

    fn put(&mut self, position: usize, bytes: Vec<u8>) -> Result<(), ArgumentsError> {
        match self.encoded[position].replace(bytes) {
            None => Ok(()),
            Some(_) => Err(ArgumentsError::Repeated {
                argument: self.procedure.arguments[position].name.clone(),
            }),
        }
    }

    /// Returns all arguments in order, encoded as an argument tuple. An option that is missing is none.
    fn all(self) -> Result<Vec<u8>, ArgumentsError> {
        let mut bytes = Vec::new();
        for (argument, encoded) in self.procedure.arguments.iter().zip(self.encoded) {
            match encoded {
                Some(encoded) => bytes.extend(encoded),
                None if matches!(argument.ty.shape, Shape::Option(_)) => {
                    bytes.extend(self::encoded(argument, &Value::Null)?);
                }
                None => {
                    return Err(ArgumentsError::Missing {
                        argument: argument.name.clone(),
                        path: self.procedure.path.clone(),
                        usage: self.procedure.usage(),
                    });
                }
            }
        }
        Ok(bytes)
    }
}

impl Procedure {
    fn position(&self, name: &str) -> Option<usize> {
        self.arguments
            .iter()
            .position(|argument| argument.name == name)
    }

    fn too_many(&self, given: usize) -> ArgumentsError {
        ArgumentsError::TooMany {
            path: self.path.clone(),
            expected: self.arguments.len(),
            given,
            usage: self.usage(),
        }
    }

    fn unknown(&self, name: &str) -> ArgumentsError {
        let names = self.arguments.iter().map(|argument| argument.name.as_str());
        ArgumentsError::Unknown {
            name: name.to_owned(),
            nearest: nearest(name, names),
            usage: self.usage(),
        }
    }
}

fn encoded(argument: &Argument, value: &Value) -> Result<Vec<u8>, ArgumentsError> {
    let mut bytes = Vec::new();
    encode(&argument.ty, value, &mut bytes).map_err(|error| argument.refuse(error))?;
    Ok(bytes)
}

impl Argument {
    fn refuse(&self, error: impl Into<ValueError>) -> ArgumentsError {
        ArgumentsError::Value(error.into().in_field(&self.name))
    }
}

/// Returns the error for a word like `name=value` where no argument has that name.
fn mistyped_name(procedure: &Procedure, word: &str) -> Option<ArgumentsError> {
    let (name, _) = word.split_once('=')?;
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    (is_name && name.chars().all(part_of_name)).then(|| procedure.unknown(name))
}

#[cfg(test)]
mod tests;
