//! Helps while a line is typed: completion, hints, and the check that the line is complete.

use super::own::Own;
use super::{EXIT, HELP};
use crate::words;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};
use serial_rpc::description::{Argument, Description, Procedure, Shape, Type};
use std::borrow::Cow;
use std::sync::Arc;

/// Helps to type lines by the description, once there is one.
#[derive(Default)]
pub struct Assistant {
    description: Option<Arc<Description>>,
}

/// A candidate for the next part of the line.
pub struct Next {
    shown: String,
    /// True if it can be inserted as it is. Names and types of arguments cannot.
    is_text: bool,
}

impl Assistant {
    /// Uses this description from now on.
    pub fn learn(&mut self, description: Arc<Description>) {
        self.description = Some(description);
    }

    /// Returns the text before the line.
    pub fn prompt(&self) -> String {
        match &self.description {
            Some(description) => format!("{}> ", description.name),
            None => "> ".to_owned(),
        }
    }

    fn procedure(&self, path: &str) -> Option<&Procedure> {
        self.description.as_ref()?.procedure(path).ok()
    }

    fn procedures(&self) -> impl Iterator<Item = &Procedure> {
        self.description
            .iter()
            .flat_map(|description| description.procedures())
    }

    /// Returns the completions of the last word of `line`.
    fn candidates(&self, line: &str) -> Vec<Pair> {
        let (before, part) = line.split_at(last_word(line));
        let Ok(before) = words::split(before) else {
            return Vec::new();
        };
        let mut candidates = match before.split_first() {
            None => {
                let own = [HELP, EXIT]
                    .map(str::to_owned)
                    .into_iter()
                    .chain(Own::names());
                let own = own.map(|word| pair(&word, format!("{word} ")));
                self.callable().map(path).chain(own).collect()
            }
            Some((first, [])) if first == HELP || Own::has(first) => {
                self.procedures().map(path).collect()
            }
            Some((first, given)) => {
                // `bench` and `watch` take a procedure and its arguments, as a line does.
                let line = if Own::has(first) {
                    given.split_first()
                } else {
                    Some((first, given))
                };
                let called = line.and_then(|(path, given)| Some((self.procedure(path)?, given)));
                called.map_or_else(Vec::new, |(procedure, given)| {
                    arguments(procedure, given, part)
                })
            }
        };
        candidates.retain(|candidate| candidate.replacement.starts_with(part));
        candidates
    }

    /// Returns the procedures that a line may begin with: events cannot be called.
    fn callable(&self) -> impl Iterator<Item = &Procedure> {
        self.procedures().filter(|procedure| !procedure.is_event())
    }

    fn next(&self, line: &str) -> Option<Next> {
        let given = words::split(line).ok()?;
        let (first, given) = given.split_first()?;
        if last_word(line) == line.len() {
            let missing = missing(self.procedure(first)?, given);
            let notation: Vec<_> = missing.map(ToString::to_string).collect();
            return Some(Next {
                shown: notation.join("  "),
                is_text: false,
            });
        }
        let mut paths = self.callable().map(|procedure| &procedure.path);
        let path = paths.find(|path| given.is_empty() && path.starts_with(first.as_str()))?;
        Some(Next {
            shown: path.strip_prefix(first.as_str())?.to_owned(),
            is_text: true,
        })
    }
}

fn path(procedure: &Procedure) -> Pair {
    pair(procedure.usage(), format!("{} ", procedure.path))
}

/// Returns the start of the last word of a line.
fn last_word(line: &str) -> usize {
    line.char_indices()
        .rfind(|(_, c)| c.is_whitespace())
        .map_or(0, |(index, c)| index + c.len_utf8())
}

fn pair(display: impl ToString, replacement: impl Into<String>) -> Pair {
    Pair {
        display: display.to_string(),
        replacement: replacement.into(),
    }
}

/// Returns the arguments that the words do not give yet.
fn missing<'a>(
    procedure: &'a Procedure,
    words: &'a [String],
) -> impl Iterator<Item = &'a Argument> {
    let is_named = |argument: &Argument| {
        let mut words = words.iter().filter_map(|word| word.split_once('='));
        words.any(|(name, _)| name == argument.name)
    };
    let named = procedure.arguments.iter().filter(|a| is_named(a)).count();
    let in_order = words.len().saturating_sub(named);
    let rest = procedure.arguments.iter().skip(in_order);
    rest.filter(move |argument| !is_named(argument))
}

/// Returns the candidates for the next argument: the values of the next one, if they can be listed,
/// and names.
fn arguments(procedure: &Procedure, given: &[String], part: &str) -> Vec<Pair> {
    if let Some((name, _)) = part.split_once('=') {
        let named = procedure.arguments.iter().filter(|a| a.name == name);
        let values = named.flat_map(|argument| values(&argument.ty));
        return values
            .map(|value| pair(&value, format!("{name}={value} ")))
            .collect();
    }
    let mut missing = missing(procedure, given).peekable();
    let values = missing.peek().map(|next| values(&next.ty));
    let values = values.into_iter().flatten();
    let values = values.map(|value| pair(&value, format!("{value} ")));
    let names = missing.map(|argument| pair(argument, format!("{}=", argument.name)));
    values.chain(names).collect()
}

/// Returns the values of a type, if they are few and have names.
fn values(ty: &Type) -> Vec<String> {
    match &ty.shape {
        Shape::Bool => ["false", "true"].map(str::to_owned).into(),
        Shape::Enum(variants) => {
            let plain = variants.iter().filter(|variant| variant.content.is_none());
            plain.map(|variant| variant.name.clone()).collect()
        }
        Shape::Newtype(inner) => values(inner),
        Shape::Option(inner) if !inner.is_nullable() => {
            let mut values = values(inner);
            values.push("none".to_owned());
            values
        }
        _ => Vec::new(),
    }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let line = line.get(..position).unwrap_or(line);
        Ok((last_word(line), self.candidates(line)))
    }
}

impl Hinter for Assistant {
    type Hint = Next;

    fn hint(&self, line: &str, position: usize, _context: &Context<'_>) -> Option<Next> {
        if position < line.len() {
            return None;
        }
        self.next(line).filter(|next| !next.shown.is_empty())
    }
}

impl Hint for Next {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.is_text.then_some(&self.shown)
    }
}

impl Highlighter for Assistant {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match words::split(context.input()) {
            Ok(_) => ValidationResult::Valid(None),
            Err(_) => ValidationResult::Incomplete,
        })
    }
}

impl Helper for Assistant {}

#[cfg(test)]
mod tests {
    use super::*;
    use serial_rpc::Connection;
    use serial_rpc::description::Variant;
    use serial_rpc_simulator::SimulatedDevice;

    /// Returns an assistant that knows the calculator.
    fn assistant() -> Assistant {
        let device = Connection::to(SimulatedDevice::new());
        let mut assistant = Assistant::default();
        assistant.learn(device.description().unwrap());
        assistant
    }

    fn completions(line: &str) -> Vec<String> {
        let pairs = assistant().candidates(line).into_iter();
        pairs.map(|pair| pair.replacement).collect()
    }

    fn hint(line: &str) -> Option<String> {
        assistant().next(line).map(|next| next.shown)
    }

    #[test]
    fn procedures_and_the_shells_own_words_are_completed() {
        assert_eq!(completions("calculator.ad"), ["calculator.add "]);
        assert_eq!(completions("he"), ["help "]);
        assert_eq!(completions("wa"), ["watch "]);
        assert_eq!(completions("watch calculator.di"), ["calculator.div "]);
        assert_eq!(completions("bench calculator.add 2 "), ["y="]);
        assert_eq!(completions("help calculator.di"), ["calculator.div "]);
        assert_eq!(completions("lamp."), [""; 0]);
    }

    #[test]
    fn an_event_is_offered_for_help_and_not_to_be_called() {
        assert_eq!(completions("calculator.total_"), [""; 0]);
        assert_eq!(
            completions("help calculator.total_"),
            ["calculator.total_changed "]
        );
    }

    #[test]
    fn arguments_are_completed_by_name_unless_they_are_given() {
        assert_eq!(completions("calculator.add "), ["x=", "y="]);
        assert_eq!(completions("calculator.add 2 "), ["y="]);
        assert_eq!(completions("calculator.add y=2 "), ["x="]);
        assert_eq!(completions("calculator.add 2 3 "), [""; 0]);
    }

    #[test]
    fn values_that_have_names_are_completed() {
        let unit = |name: &str| Variant {
            name: name.into(),
            doc: String::new(),
            content: None,
        };
        let mode = Type::new("Mode", Shape::Enum(vec![unit("Slow"), unit("Fast")]));
        assert_eq!(values(&mode), ["Slow", "Fast"]);
        let optional = Type::new("Option<T>", Shape::Option(Box::new(mode)));
        assert_eq!(values(&optional), ["Slow", "Fast", "none"]);
    }

    #[test]
    fn a_hint_is_the_rest_of_the_path_or_what_is_to_be_given() {
        assert_eq!(hint("calculator.ad").as_deref(), Some("d"));
        assert_eq!(hint("calculator.add ").as_deref(), Some("x: i32  y: i32"));
        assert_eq!(hint("calculator.add 2 ").as_deref(), Some("y: i32"));
        assert_eq!(hint("calculator.add y=2 ").as_deref(), Some("x: i32"));
        assert_eq!(hint("calculator.statistics [1, "), None);
    }
}
