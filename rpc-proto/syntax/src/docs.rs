//! Doc comments as the description and the clients have them.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// A doc comment, however it is written: `///`, `/** */` or `#[doc = include_str!("…")]`.
pub struct Docs {
    /// A string for `#[doc = …]`: a literal, or a `concat!`.
    pub text: TokenStream,
    /// True if there is none.
    pub is_empty: bool,
}

impl Docs {
    /// Reads the doc comment among `attributes`, its lines joined.
    pub fn of(attributes: &[Attribute]) -> Self {
        let mut literal = String::new();
        let mut parts = Vec::new();
        for attribute in attributes {
            let Meta::NameValue(pair) = &attribute.meta else {
                continue;
            };
            if !pair.path.is_ident("doc") {
                continue;
            }
            if let Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) = &pair.value
            {
                literal += &lines(&text.value());
            } else {
                parts.push(literal.to_token_stream());
                parts.push(pair.value.to_token_stream());
                literal.clear();
            }
            literal.push('\n');
        }
        if parts.is_empty() {
            let text = literal.trim();
            return Self {
                text: text.to_token_stream(),
                is_empty: text.is_empty(),
            };
        }
        Self {
            text: quote!(::core::concat!(#(#parts,)* #literal)),
            is_empty: false,
        }
    }

    /// Returns the string as a constant, without blanks around it.
    pub fn constant(&self) -> TokenStream {
        let text = &self.text;
        quote!(#text.trim_ascii())
    }
}

/// Removes what frames the lines of a comment: a blank before each, or a column of stars.
fn lines(text: &str) -> String {
    let text = text.trim_end();
    let Some((first, rest)) = text.split_once('\n') else {
        return text.strip_prefix(' ').unwrap_or(text).to_owned();
    };
    let written = rest.lines().filter(|line| !line.trim().is_empty());
    let is_starred = written
        .clone()
        .all(|line| line.trim_start().starts_with('*'));
    let indented = written
        .map(|line| line.len() - line.trim_start().len())
        .min();
    let mut lines = vec![first.trim()];
    lines.extend(rest.lines().map(|line| {
        let line = line.get(indented.unwrap_or_default()..).unwrap_or_default();
        match line.trim_start().strip_prefix('*').filter(|_| is_starred) {
            Some(line) => line.strip_prefix(' ').unwrap_or(line).trim_end(),
            None => line.trim_end(),
        }
    }));
    lines.join("\n")
}
