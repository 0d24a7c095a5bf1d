//! The owned form of a device's description, and the search for a procedure in it.
//!
//! A device sends its description as postcard bytes, see [`Description::read`]. Types keep the
//! structure that values need ([`Type`], [`Shape`]). Everything prints in a readable notation, and
//! serialises as it is declared, for programs.

mod difference;
mod find;
mod json_schema;
mod mirror;
mod notation;
mod read;
mod types;

use heck::ToSnakeCase;
use serde::Serialize;
use std::sync::LazyLock;
use thiserror::Error;

pub use difference::{Change, Effect};
pub use find::{Item, UnknownItem};
pub use json_schema::Refer;
pub use mirror::Mirror;
pub use read::ReadError;
pub use types::{Field, IntegerType, Shape, Type, Variant};

use crate::nearest::{did_you_mean, nearest};

pub use rpc_proto::describe::ProcedureKind;
pub use rpc_proto::service::FIRST_NUMBER;

/// The longest description that is taken from a device, in bytes. One that sends more is broken or malicious.
pub const MAX_DESCRIPTION: usize = 256 * 1024;

/// An item of a list of bytes.
static BYTE: LazyLock<Type> = LazyLock::new(|| IntegerType::U8.into());

/// The description of a device and its services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// The name of the device or its firmware.
    pub name: String,
    /// The version of the firmware.
    pub version: String,
    /// The services, in the order of their procedures' numbers.
    pub services: Vec<Service>,
}

/// A group of procedures: a Rust trait on the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// The first part of its procedures' paths, such as `calculator`.
    pub name: String,
    /// The documentation; may be empty or have several lines.
    pub doc: String,
    /// The procedures, in the order of their numbers.
    pub procedures: Vec<Procedure>,
}

/// A procedure that can be called, or an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Procedure {
    /// The number that identifies it in a call.
    pub number: u16,
    /// The key by which a typed client finds it: a checksum of its path and types (PROTOCOL.md,
    /// "Keys").
    pub key: u32,
    /// The path, for people: service and name, such as `calculator.add`.
    pub path: String,
    /// The documentation; may be empty or have several lines.
    pub doc: String,
    /// The arguments, in the order in which they are sent. For an event: its data.
    pub arguments: Vec<Argument>,
    /// The type of the returned value.
    pub value: Type,
    /// The type of the procedure's own error, if it can fail.
    pub error: Option<Type>,
    /// The kind: a plain procedure, a stream, a feed or an event.
    pub kind: ProcedureKind,
    /// True if calling it twice has the same effect as calling it once.
    pub idempotent: bool,
}

/// An argument of a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Argument {
    /// Its name in the Rust source.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: Type,
}

/// The error for a path that no procedure of the device has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the device has no procedure `{path}`{}", did_you_mean(.nearest))]
pub struct UnknownProcedure {
    /// The path that was looked for.
    pub path: String,
    /// Similar paths, the most likely first.
    pub nearest: Vec<String>,
}

impl Description {
    /// Returns every procedure, in the order of their numbers.
    pub fn procedures(&self) -> impl Iterator<Item = &Procedure> {
        self.services.iter().flat_map(|service| &service.procedures)
    }

    /// Finds a procedure by its path.
    ///
    /// The service may also be written like the trait: `Calculator.add` is `calculator.add`.
    ///
    /// # Errors
    /// If no procedure has the path, the error lists the nearest paths.
    ///
    /// ```
    /// use serial_rpc_values::description::{Description, Procedure, ProcedureKind, Service, Shape, Type};
    ///
    /// let description = Description {
    ///     name: "demo".into(),
    ///     version: "1.0.0".into(),
    ///     services: vec![Service {
    ///         name: "calculator".into(),
    ///         doc: String::new(),
    ///         procedures: vec![Procedure {
    ///             number: 8,
    ///             key: 0,
    ///             path: "calculator.clear".into(),
    ///             doc: String::new(),
    ///             arguments: vec![],
    ///             value: Type::new("()", Shape::Unit),
    ///             error: None,
    ///             kind: ProcedureKind::Call,
    ///             idempotent: true,
    ///         }],
    ///     }],
    /// };
    /// assert_eq!(description.procedure("Calculator.clear")?.number, 8);
    /// assert_eq!(
    ///     description.procedure("calculator.claer").unwrap_err().to_string(),
    ///     "the device has no procedure `calculator.claer`; did you mean `calculator.clear`?",
    /// );
    /// # Ok::<(), serial_rpc_values::description::UnknownProcedure>(())
    /// ```
    pub fn procedure(&self, path: &str) -> Result<&Procedure, UnknownProcedure> {
        let canonical = match path.split_once('.') {
            Some((service, name)) => format!("{}.{name}", service.to_snake_case()),
            None => path.to_owned(),
        };
        self.procedures()
            .find(|procedure| procedure.path == path)
            .or_else(|| self.procedures().find(|found| found.path == canonical))
            .ok_or_else(|| UnknownProcedure {
                path: path.to_owned(),
                nearest: self.nearest(path, &canonical),
            })
    }

    /// Returns the paths near `canonical`; for a path without a service, those with a similar name.
    fn nearest(&self, path: &str, canonical: &str) -> Vec<String> {
        if path.contains('.') {
            return nearest(
                canonical,
                self.procedures().map(|found| found.path.as_str()),
            );
        }
        let names = nearest(path, self.procedures().map(Procedure::name));
        self.procedures()
            .filter(|procedure| names.iter().any(|name| name == procedure.name()))
            .map(|procedure| procedure.path.clone())
            .take(3)
            .collect()
    }
}

impl Procedure {
    /// Returns the last part of its path.
    ///
    /// ```
    /// # use serial_rpc_values::description::{Procedure, ProcedureKind, Shape, Type};
    /// # let value = Type::new("()", Shape::Unit);
    /// # let (number, path, doc) = (8, "calculator.clear".to_owned(), String::new());
    /// # let clear =
    /// #     Procedure {
    /// #         number, key: 0, path, doc, arguments: vec![], value, error: None,
    /// #         kind: ProcedureKind::Call, idempotent: true,
    /// #     };
    /// assert_eq!(clear.path, "calculator.clear");
    /// assert_eq!(clear.name(), "clear");
    /// ```
    pub fn name(&self) -> &str {
        self.path
            .rsplit_once('.')
            .map_or(self.path.as_str(), |(_, name)| name)
    }

    /// Returns the type of the items that it returns or takes in batches, if it does.
    pub fn item(&self) -> Option<&Type> {
        match (self.kind, self.arguments.last()) {
            (ProcedureKind::Stream | ProcedureKind::MovingStream, _) => Some(&self.value),
            (ProcedureKind::Feed, Some(Argument { ty, .. })) => match &ty.shape {
                Shape::Seq(item) => Some(item),
                Shape::Bytes => Some(&BYTE),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the procedure without the items that it takes, for callers that pass these
    /// separately.
    #[must_use]
    pub fn without_items(&self) -> Self {
        let mut procedure = self.clone();
        if self.kind == ProcedureKind::Feed {
            procedure.arguments.pop();
        }
        procedure
    }

    /// Returns true if it is an event, which the device sends and nobody calls.
    pub fn is_event(&self) -> bool {
        self.kind == ProcedureKind::Event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(paths: &[&str]) -> Description {
        let procedures = (FIRST_NUMBER..).zip(paths).map(|(number, path)| Procedure {
            number,
            key: 0,
            path: (*path).to_owned(),
            doc: String::new(),
            arguments: Vec::new(),
            value: Type::new("()", Shape::Unit),
            error: None,
            kind: ProcedureKind::Call,
            idempotent: false,
        });
        Description {
            name: String::new(),
            version: String::new(),
            services: vec![Service {
                name: String::new(),
                doc: String::new(),
                procedures: procedures.collect(),
            }],
        }
    }

    #[test]
    fn the_service_is_written_as_a_path_or_as_the_trait() {
        let device = description(&["relay_board.open", "relay_board.close"]);
        for path in ["relay_board.close", "RelayBoard.close"] {
            assert_eq!(device.procedure(path).unwrap().number, 9);
        }
    }

    #[test]
    fn a_name_without_a_service_suggests_every_service_that_has_it() {
        let device = description(&["left.open", "right.open", "right.close"]);
        assert_eq!(
            device.procedure("open").unwrap_err().to_string(),
            "the device has no procedure `open`; did you mean `left.open` or `right.open`?"
        );
    }

    #[test]
    fn a_path_like_no_other_suggests_nothing() {
        let device = description(&["relay.open"]);
        assert_eq!(
            device.procedure("calculator.add").unwrap_err().to_string(),
            "the device has no procedure `calculator.add`"
        );
        for path in ["", ".", "..", "\u{0}.\u{301}"] {
            assert!(device.procedure(path).is_err());
        }
    }
}
