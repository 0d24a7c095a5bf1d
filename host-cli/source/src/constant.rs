//! Computes constants: numbers such as limits, and texts such as names and docs.

use crate::error::SourceError;
use crate::package;
use crate::resolve::Found;
use crate::tree::{ModuleId, Tree};
use quote::ToTokens;
use rpc_proto_syntax::Docs;
use std::collections::HashMap;
use std::fs;
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, BinOp, Block, Expr, ExprMacro, Item, Lit, LitStr, Stmt, Token};

/// The deepest nesting of constants in others.
const MAX_DEPTH: usize = 64;

/// The values of const parameters.
pub type Numbers = HashMap<String, u64>;

/// The names that a path is made of.
pub fn segments(path: &syn::Path) -> Vec<String> {
    let names = path.segments.iter();
    names
        .map(|segment| segment.ident.unraw().to_string())
        .collect()
}

impl Tree {
    /// Returns the error about a place in a module.
    pub fn error(
        &self,
        module: ModuleId,
        place: &impl Spanned,
        message: impl std::fmt::Display,
    ) -> SourceError {
        SourceError::at(&self.modules[module].file, place.span(), message)
    }

    /// Returns code as it is written.
    pub fn shown(&self, code: &impl ToTokens) -> String {
        let tokens = code.to_token_stream();
        tokens
            .span()
            .source_text()
            .unwrap_or_else(|| tokens.to_string())
    }

    /// Computes a number, where names may stand for const parameters.
    ///
    /// # Errors
    /// Fails if it is not made of numbers, constants and arithmetic.
    pub fn number(
        &self,
        module: ModuleId,
        expression: &Expr,
        parameters: &Numbers,
    ) -> Result<u64, SourceError> {
        self.number_in(module, expression, parameters, MAX_DEPTH)
    }

    fn number_in(
        &self,
        module: ModuleId,
        expression: &Expr,
        parameters: &Numbers,
        depth: usize,
    ) -> Result<u64, SourceError> {
        let unknown = || {
            let shown = self.shown(expression);
            self.error(
                module,
                expression,
                format!("it takes a compiler to tell the number `{shown}`"),
            )
            .hint("write it as a number, or as a constant of this source")
        };
        let Some(depth) = depth.checked_sub(1) else {
            return Err(unknown());
        };
        let number = |expression| self.number_in(module, expression, parameters, depth);
        match expression {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(number) => number.base10_parse().map_err(|_| unknown()),
                _ => Err(unknown()),
            },
            Expr::Paren(inner) => number(&inner.expr),
            Expr::Group(inner) => number(&inner.expr),
            Expr::Cast(inner) => number(&inner.expr),
            Expr::Block(inner) => match only(&inner.block) {
                Some(inner) => number(inner),
                None => Err(unknown()),
            },
            Expr::Binary(binary) => {
                let (left, right) = (number(&binary.left)?, number(&binary.right)?);
                let result = match binary.op {
                    BinOp::Add(_) => left.checked_add(right),
                    BinOp::Sub(_) => left.checked_sub(right),
                    BinOp::Mul(_) => left.checked_mul(right),
                    BinOp::Div(_) => left.checked_div(right),
                    BinOp::Rem(_) => left.checked_rem(right),
                    BinOp::Shl(_) => u32::try_from(right)
                        .ok()
                        .and_then(|by| left.checked_shl(by)),
                    _ => None,
                };
                result.ok_or_else(unknown)
            }
            Expr::Path(path) => {
                let path = segments(&path.path);
                if let [name] = &path[..]
                    && let Some(number) = parameters.get(name)
                {
                    return Ok(*number);
                }
                match self.resolve(module, &path)? {
                    Found::Item(module, position) => match &self.modules[module].items[position] {
                        Item::Const(constant) => {
                            self.number_in(module, &constant.expr, &Numbers::new(), depth)
                        }
                        _ => Err(unknown()),
                    },
                    _ => Err(unknown()),
                }
            }
            _ => Err(unknown()),
        }
    }

    /// Computes a text.
    ///
    /// # Errors
    /// Fails if it is not made of literals, constants, `concat!`, `include_str!` and `env!` of the package.
    pub fn text(&self, module: ModuleId, expression: &Expr) -> Result<String, SourceError> {
        self.text_in(module, expression, MAX_DEPTH)
    }

    fn text_in(
        &self,
        module: ModuleId,
        expression: &Expr,
        depth: usize,
    ) -> Result<String, SourceError> {
        let unknown = || {
            let shown = self.shown(expression);
            self.error(
                module,
                expression,
                format!("it takes a compiler to tell the text `{shown}`"),
            )
            .hint("write it as a literal, or as a constant of this source")
        };
        let Some(depth) = depth.checked_sub(1) else {
            return Err(unknown());
        };
        match expression {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Ok(text.value()),
                Lit::Char(character) => Ok(character.value().into()),
                Lit::Int(number) => Ok(number.base10_digits().to_owned()),
                Lit::Bool(value) => Ok(value.value.to_string()),
                _ => Err(unknown()),
            },
            Expr::Paren(inner) => self.text_in(module, &inner.expr, depth),
            Expr::Group(inner) => self.text_in(module, &inner.expr, depth),
            Expr::Path(path) => match self.resolve(module, &segments(&path.path))? {
                Found::Item(module, position) => match &self.modules[module].items[position] {
                    Item::Const(constant) => self.text_in(module, &constant.expr, depth),
                    _ => Err(unknown()),
                },
                _ => Err(unknown()),
            },
            Expr::Macro(call) => self.text_of_macro(module, call, depth)?.ok_or_else(unknown),
            _ => Err(unknown()),
        }
    }

    /// Computes the text that a macro of the compiler makes, if it is one of those.
    fn text_of_macro(
        &self,
        module: ModuleId,
        call: &ExprMacro,
        depth: usize,
    ) -> Result<Option<String>, SourceError> {
        let file = &self.modules[module].file;
        let syntax = |error| SourceError::of_syntax(file, error);
        let path = segments(&call.mac.path);
        let tokens = call.mac.tokens.clone();
        let literal = || syn::parse2::<LitStr>(tokens.clone()).map_err(syntax);
        match path.last().map(String::as_str) {
            Some("concat") => {
                let parts = Punctuated::<Expr, Token![,]>::parse_terminated;
                let parts = parts.parse2(tokens).map_err(syntax)?;
                let texts = parts.iter().map(|part| self.text_in(module, part, depth));
                texts.collect::<Result<String, _>>().map(Some)
            }
            Some("include_str") => {
                let name = literal()?;
                let included = fs::read_to_string(file.with_file_name(name.value()));
                let included = included.map_err(|error| {
                    self.error(
                        module,
                        &name,
                        format!("{} cannot be read: {error}", name.value()),
                    )
                })?;
                Ok(Some(included))
            }
            Some("env") => Ok(package::variable(file, &literal()?.value())),
            _ => Ok(None),
        }
    }

    /// Computes the doc comment among the attributes, without blanks around it.
    ///
    /// # Errors
    /// Fails as [`text`](Self::text) does.
    pub fn docs(&self, module: ModuleId, attributes: &[Attribute]) -> Result<String, SourceError> {
        self.text_of_docs(module, &Docs::of(attributes))
    }

    /// Computes a doc comment, without blanks around it.
    ///
    /// # Errors
    /// Fails as [`text`](Self::text) does.
    pub fn text_of_docs(&self, module: ModuleId, docs: &Docs) -> Result<String, SourceError> {
        let file = &self.modules[module].file;
        let expression = syn::parse2(docs.text.clone());
        let expression = expression.map_err(|error| SourceError::of_syntax(file, error))?;
        let text = self.text(module, &expression)?;
        Ok(text.trim_ascii().to_owned())
    }
}

/// Returns the expression that is all of a block.
fn only(block: &Block) -> Option<&Expr> {
    match &block.stmts[..] {
        [Stmt::Expr(expression, None)] => Some(expression),
        _ => None,
    }
}
