//! Collects the paths in a module's own items, which may lead to other modules.

use crate::tree::is_for_tests;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Item, ItemMod, ItemUse, Macro, Path, UseTree, VisRestricted};

/// A path, as it is written.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Its names.
    pub path: Vec<String>,
    /// The line in its file.
    pub line: usize,
}

/// The content of a module.
#[derive(Default)]
pub struct Found {
    /// All paths.
    pub references: Vec<Reference>,
    /// The paths of the imported names.
    pub imports: BTreeMap<String, Vec<String>>,
    /// The modules of which every name is imported.
    pub globs: Vec<Vec<String>>,
    /// The names of its items.
    pub items: BTreeSet<String>,
}

/// Reads the items of a module. Modules inside it and tests are left out.
pub fn of(items: &[Item]) -> Found {
    let mut found = Found::default();
    for item in items {
        if let Some(name) = name(item) {
            found.items.insert(name);
        }
        found.visit_item(item);
    }
    found
}

fn name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

impl Found {
    fn refer(&mut self, path: Vec<String>, line: usize) {
        if !path.is_empty() {
            self.references.push(Reference { path, line });
        }
    }

    /// Takes a `use` apart.
    fn import(&mut self, before: &[String], tree: &UseTree, line: usize) {
        let with = |name: &syn::Ident| match name.to_string().as_str() {
            // `use a::{self}` is `use a`.
            "self" if !before.is_empty() => before.to_vec(),
            name => [before, &[name.to_owned()]].concat(),
        };
        match tree {
            UseTree::Path(path) => self.import(&with(&path.ident), &path.tree, line),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(before, tree, line);
                }
            }
            UseTree::Name(name) => {
                let path = with(&name.ident);
                if let Some(name) = path.last() {
                    self.imports.insert(name.clone(), path.clone());
                }
                self.refer(path, line);
            }
            UseTree::Rename(rename) => {
                let path = with(&rename.ident);
                self.imports.insert(rename.rename.to_string(), path.clone());
                self.refer(path, line);
            }
            UseTree::Glob(_) => {
                self.globs.push(before.to_vec());
                self.refer(before.to_vec(), line);
            }
        }
    }

    /// Looks for paths among tokens that only the macro can parse.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut line = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        let before = std::mem::take(&mut path);
                        self.refer(before, line);
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    colons = 0;
                    self.scan(group.stream());
                }
                _ => colons = 0,
            }
        }
        self.refer(path, line);
    }
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            // The paths in a macro's rules belong to the code that expands it.
            Item::Macro(item) if item.mac.path.is_ident("macro_rules") => return,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import(&[], &item.tree, item.span().start().line);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let names = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        if path.leading_colon.is_none() {
            self.refer(names.collect(), path.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.scan(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    /// `pub(in path)` and `pub(super)` need nothing.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}
