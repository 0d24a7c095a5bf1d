//! The error for source that has no description.

use proc_macro2::Span;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The reason why source has no description, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{message}", place(.file, *.line))]
pub struct SourceError {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1 on; 0 if it is about the whole file.
    pub line: usize,
    /// The reason.
    pub message: String,
    /// A way out, if one is known.
    pub hint: Option<String>,
}

fn place(file: &Path, line: usize) -> String {
    match line {
        0 => format!("{}: ", file.display()),
        line => format!("{}:{line}: ", file.display()),
    }
}

impl SourceError {
    /// Creates an error about a whole file.
    pub(crate) fn of_file(file: &Path, message: impl Display) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            message: message.to_string(),
            hint: None,
        }
    }

    /// Creates an error about a place in a file.
    pub(crate) fn at(file: &Path, span: Span, message: impl Display) -> Self {
        Self {
            line: span.start().line,
            ..Self::of_file(file, message)
        }
    }

    /// Creates one of what the parser says. Of several errors, the first is told.
    pub(crate) fn of_syntax(file: &Path, error: syn::Error) -> Self {
        let first = error.into_iter().next();
        match first {
            Some(first) => Self::at(file, first.span(), &first),
            None => Self::of_file(file, "it is no Rust"),
        }
    }

    pub(crate) fn hint(mut self, hint: impl Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }
}
