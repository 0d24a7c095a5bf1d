//! Finds whatever a name stands for in a description: a procedure, an event, a service or a type.

use heck::ToSnakeCase;
use thiserror::Error;

use super::{Description, Procedure, Service, Type};
use crate::nearest::{did_you_mean, nearest};

/// Something in a description that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// By its path.
    Procedure(&'a Procedure),
    /// By its name, or that of the trait.
    Service(&'a Service),
    /// By its name, if it has a [definition](Type::definition).
    Type(&'a Type),
}

/// A name that stands for nothing in a description.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the device has no procedure, event, service or type `{name}`{}", did_you_mean(.nearest))]
pub struct UnknownItem {
    /// What was asked for.
    pub name: String,
    /// The names that may have been meant, the most likely first.
    pub nearest: Vec<String>,
}

impl Description {
    /// Finds what a name stands for.
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
    /// A name that stands for nothing comes back with the nearest that do.
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

    /// The types with a definition that any signature mentions, each once.
    fn types(&self) -> Vec<&Type> {
        let mut types: Vec<&Type> = Vec::new();
        for ty in self.procedures().flat_map(Procedure::named_types) {
            if !types.contains(&ty) {
                types.push(ty);
            }
        }
        types
    }
}
