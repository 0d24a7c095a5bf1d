//! Finds the procedure, event, service or type with a given name in a description.

use std::collections::HashSet;

use heck::ToSnakeCase;
use thiserror::Error;

use super::{Description, Procedure, Service, Type};
use crate::nearest::{did_you_mean, nearest};

/// A named item of a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// A procedure, found by its path.
    Procedure(&'a Procedure),
    /// A service, found by its name or that of its trait.
    Service(&'a Service),
    /// A type with a [definition](Type::definition), found by its name.
    Type(&'a Type),
}

/// The error for a name that nothing in the description has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the device has no procedure, event, service or type `{name}`{}", did_you_mean(.nearest))]
pub struct UnknownItem {
    /// The name that was looked for.
    pub name: String,
    /// Similar names, the most likely first.
    pub nearest: Vec<String>,
}

impl Description {
    /// Finds the item with a name.
    ///
    /// ```
    /// use firmware::CheckedCalculator;
    /// use firmware::calculator::CalculatorService;
    /// use serial_rpc_values::description::{Description, Item};
    ///
    /// let description = Description::of::<CalculatorService<CheckedCalculator>>()?;
    /// assert!(matches!(description.find("calculator.add")?, Item::Procedure(_)));
    /// assert!(matches!(description.find("Calculator")?, Item::Service(_)));
    /// assert!(matches!(description.find("MathError")?, Item::Type(_)));
    /// assert_eq!(
    ///     description.find("MathEror").unwrap_err().to_string(),
    ///     "the device has no procedure, event, service or type `MathEror`; did you mean `MathError`?",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If no item has the name, the error lists the nearest names.
    pub fn find(&self, name: &str) -> Result<Item<'_>, UnknownItem> {
        let unknown = match self.procedure(name) {
            Ok(procedure) => return Ok(Item::Procedure(procedure)),
            Err(unknown) => unknown,
        };
        let service = name.to_snake_case();
        let service = self.services.iter().find(|found| found.name == service);
        if let Some(service) = service {
            return Ok(Item::Service(service));
        }
        let types = self.types();
        if let Some(ty) = types.iter().find(|ty| ty.name == name) {
            return Ok(Item::Type(ty));
        }
        let mut likely = unknown.nearest;
        if likely.is_empty() {
            let services = self.services.iter().map(|service| service.name.as_str());
            let names = services.chain(types.iter().map(|ty| ty.name.as_str()));
            likely = nearest(name, names);
        }
        Err(UnknownItem {
            name: name.to_owned(),
            nearest: likely,
        })
    }

    /// Returns the types with a definition that any signature mentions, each once.
    fn types(&self) -> Vec<&Type> {
        let types = self.procedures().flat_map(Procedure::named_types);
        let mut seen = HashSet::new();
        types.filter(|ty| seen.insert(*ty)).collect()
    }
}
