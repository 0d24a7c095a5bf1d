//! Lists the changes from one description to another, and those that break callers.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::{Argument, Description, Procedure};

/// A difference between two descriptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The procedure that differs.
    pub path: String,
    /// The kind of difference.
    #[serde(flatten)]
    pub effect: Effect,
}

/// A difference in a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Effect {
    /// It is new.
    Added {
        /// The procedure's signature.
        signature: String,
    },
    /// It was removed: its callers cannot call it any more.
    Removed {
        /// The procedure's former signature.
        signature: String,
    },
    /// It takes or returns other types: typed callers get an error until they are rebuilt.
    Signature {
        /// The former signature.
        old: String,
        /// The new signature.
        new: String,
    },
    /// Its arguments have other names: calls by the old names fail.
    ArgumentNames {
        /// The former names.
        old: Vec<String>,
        /// The new names.
        new: Vec<String>,
    },
    /// It is no longer idempotent: a caller that does not know this may run it twice.
    NoLongerIdempotent,
    /// It has become idempotent.
    Idempotent,
    /// Its documentation differs.
    Doc,
}

impl Effect {
    /// Returns true if a caller made for the old description can fail, or do harm, with the new
    /// one.
    ///
    /// ```
    /// use serial_rpc_values::description::Effect;
    /// assert!(Effect::NoLongerIdempotent.breaks_callers());
    /// assert!(!Effect::Doc.breaks_callers());
    /// ```
    pub fn breaks_callers(&self) -> bool {
        match self {
            Self::Removed { .. }
            | Self::Signature { .. }
            | Self::ArgumentNames { .. }
            | Self::NoLongerIdempotent => true,
            Self::Added { .. } | Self::Idempotent | Self::Doc => false,
        }
    }
}

impl Description {
    /// Lists the changes for a caller when the device's description becomes `new`.
    ///
    /// The numbers of procedures do not matter: callers ask for them.
    ///
    /// ```
    /// use firmware::CheckedCalculator;
    /// use firmware::calculator::CalculatorService;
    /// use serial_rpc_values::description::Description;
    ///
    /// let old = Description::of::<CalculatorService<CheckedCalculator>>()?;
    /// let mut new = old.clone();
    /// new.services[0].procedures.retain(|procedure| procedure.path != "calculator.clear");
    ///
    /// let changes = old.changes_to(&new);
    /// assert_eq!(changes.len(), 1);
    /// assert!(changes[0].effect.breaks_callers());
    /// assert_eq!(changes[0].to_string(), "calculator.clear is gone: clear()");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changes_to(&self, new: &Self) -> Vec<Change> {
        let [before, after] = [self, new].map(|description| {
            let procedures = description.procedures();
            let by_path = procedures.map(|procedure| (procedure.path.as_str(), procedure));
            by_path.collect::<HashMap<_, _>>()
        });
        let kept = self.procedures().flat_map(|old| {
            let effects = match after.get(old.path.as_str()) {
                Some(new) => old.effects(new),
                None => vec![Effect::Removed {
                    signature: old.signature(),
                }],
            };
            effects.into_iter().map(|effect| old.change(effect))
        });
        let added = new
            .procedures()
            .filter(|new| !before.contains_key(new.path.as_str()));
        let added = added.map(|new| {
            let signature = new.signature();
            new.change(Effect::Added { signature })
        });
        kept.chain(added).collect()
    }
}

impl Procedure {
    fn change(&self, effect: Effect) -> Change {
        let path = self.path.clone();
        Change { path, effect }
    }

    fn effects(&self, new: &Self) -> Vec<Effect> {
        let names = |arguments: &[Argument]| -> Vec<String> {
            arguments
                .iter()
                .map(|argument| argument.name.clone())
                .collect()
        };
        let (old_names, new_names) = (names(&self.arguments), names(&new.arguments));
        let mut effects = Vec::new();
        if self.key != new.key {
            effects.push(Effect::Signature {
                old: self.with_definitions(),
                new: new.with_definitions(),
            });
        } else if old_names != new_names {
            effects.push(Effect::ArgumentNames {
                old: old_names,
                new: new_names,
            });
        }
        match (self.idempotent, new.idempotent) {
            (true, false) => effects.push(Effect::NoLongerIdempotent),
            (false, true) => effects.push(Effect::Idempotent),
            _ => {}
        }
        if self.doc != new.doc {
            effects.push(Effect::Doc);
        }
        effects
    }

    /// Returns the signature and the definitions of its named types, which may be the only
    /// difference to another.
    pub fn with_definitions(&self) -> String {
        let types = self.named_types().into_iter();
        types.fold(self.signature(), |text, ty| {
            format!("{text}; {}", ty.definition())
        })
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.effect {
            Effect::Added { signature } => write!(f, "{path} is new: {signature}"),
            Effect::Removed { signature } => write!(f, "{path} is gone: {signature}"),
            Effect::Signature { old, new } => {
                write!(
                    f,
                    "{path} has another signature\n  old: {old}\n  new: {new}"
                )
            }
            Effect::ArgumentNames { old, new } => {
                let (old, new) = (old.join(", "), new.join(", "));
                write!(
                    f,
                    "{path} names its arguments otherwise: {old} became {new}"
                )
            }
            Effect::NoLongerIdempotent => write!(f, "{path} is no longer idempotent"),
            Effect::Idempotent => write!(f, "{path} is idempotent now"),
            Effect::Doc => write!(f, "{path} has other documentation"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firmware::CheckedCalculator;
    use firmware::calculator::CalculatorService;

    /// Returns the changes after `edit` is applied to the calculator's `add`.
    fn changes(edit: impl FnOnce(&mut Procedure)) -> Vec<String> {
        let old = Description::of::<CalculatorService<CheckedCalculator>>().unwrap();
        let mut new = old.clone();
        edit(&mut new.services[0].procedures[0]);
        let changes = old.changes_to(&new);
        let shown = |change: &Change| {
            let mark = if change.effect.breaks_callers() {
                "! "
            } else {
                ""
            };
            format!("{mark}{change}")
        };
        changes.iter().map(shown).collect()
    }

    #[test]
    fn what_callers_cannot_notice_is_no_change() {
        assert_eq!(changes(|_| ()), [""; 0]);
        assert_eq!(changes(|add| add.number = 99), [""; 0]);
    }

    #[test]
    fn a_renamed_procedure_is_gone_and_new() {
        assert_eq!(
            changes(|add| add.path = "calculator.plus".into()),
            [
                "! calculator.add is gone: add(x: i32, y: i32) -> i32, or MathError",
                "calculator.plus is new: plus(x: i32, y: i32) -> i32, or MathError",
            ]
        );
    }

    #[test]
    fn another_key_is_another_signature_whatever_the_names() {
        let change = &changes(|add| {
            add.key += 1;
            add.arguments[0].name = "a".into();
        })[..];
        let math_error = "enum MathError { Overflow, DivideByZero, NegativeRoot, NoSamples }";
        assert_eq!(
            change,
            [format!(
                "! calculator.add has another signature\n  \
                 old: add(x: i32, y: i32) -> i32, or MathError; {math_error}\n  \
                 new: add(a: i32, y: i32) -> i32, or MathError; {math_error}"
            )]
        );
    }

    #[test]
    fn names_of_arguments_docs_and_idempotence_are_told_apart() {
        assert_eq!(
            changes(|add| add.arguments[0].name = "a".into()),
            ["! calculator.add names its arguments otherwise: x, y became a, y"]
        );
        assert_eq!(
            changes(|add| add.doc.clear()),
            ["calculator.add has other documentation"]
        );
        assert_eq!(
            changes(|add| add.idempotent = false),
            ["! calculator.add is no longer idempotent"]
        );
    }
}
