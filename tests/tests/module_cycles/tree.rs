//! Reads the modules of a crate from its files, and resolves paths in them.

use crate::references::{self, Reference};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::{Attribute, Expr, Item, ItemExternCrate, Lit, Meta, MetaNameValue};

/// The names from the root of the crate down to a module.
pub type ModulePath = Vec<String>;

/// A crate.
pub struct Crate {
    /// The name by which it refers to itself besides `crate`, if any.
    name: Option<String>,
    modules: BTreeMap<ModulePath, Module>,
}

/// A module, without those inside it.
#[derive(Default)]
pub struct Module {
    /// The paths in it.
    pub references: Vec<Reference>,
    /// The paths of the names that it imports, as they are written.
    imports: BTreeMap<String, Vec<String>>,
    /// The modules of which it imports every name.
    globs: Vec<Vec<String>>,
    /// The names that its own items have.
    items: BTreeSet<String>,
    /// The modules inside it.
    children: BTreeSet<String>,
}

impl Crate {
    /// Reads the crate with that root.
    pub fn read(root: &Path) -> Self {
        let folder = root.parent().expect("a file is in a folder");
        let file = syn::parse_file(&text(root)).expect("the file is Rust");
        let mut read = Self {
            name: file.items.iter().find_map(own_name),
            modules: BTreeMap::new(),
        };
        read.add(Vec::new(), &file.items, folder);
        read
    }

    /// All modules, the root first.
    pub fn modules(&self) -> impl Iterator<Item = (&ModulePath, &Module)> {
        self.modules.iter()
    }

    /// Adds a module; the files of modules inside it are in that folder.
    fn add(&mut self, path: ModulePath, items: &[Item], folder: &Path) {
        let mut module = Module::default();
        for item in items {
            let Item::Mod(inner) = item else {
                continue;
            };
            if is_for_tests(&inner.attrs) {
                continue;
            }
            let name = inner.ident.to_string();
            let inner_path = [&path[..], std::slice::from_ref(&name)].concat();
            let inner_folder = folder.join(&name);
            match &inner.content {
                Some((_, items)) => self.add(inner_path, items, &inner_folder),
                None => {
                    let beside = folder.join(format!("{name}.rs"));
                    let named = inner
                        .attrs
                        .iter()
                        .find_map(named_file)
                        .map(|it| folder.join(it));
                    let file = named
                        .into_iter()
                        .chain([beside, inner_folder.join("mod.rs")])
                        .find(|file| file.is_file());
                    let file: PathBuf =
                        file.unwrap_or_else(|| panic!("{name} in {} has a file", folder.display()));
                    let file = syn::parse_file(&text(&file)).expect("the file is Rust");
                    self.add(inner_path, &file.items, &inner_folder);
                }
            }
            module.children.insert(name);
        }
        let found = references::of(items);
        module.references = found.references;
        module.imports = found.imports;
        module.globs = found.globs;
        module.items = found.items;
        self.modules.insert(path, module);
    }

    /// Returns the module that defines the target of a path in a module. None if it is in another
    /// crate or local.
    pub fn resolve(&self, from: &[String], path: &[String]) -> Option<ModulePath> {
        self.resolve_within(from, path, 16)
    }

    /// Does the same; `depth` ends imports that lead to each other.
    fn resolve_within(&self, from: &[String], path: &[String], depth: u8) -> Option<ModulePath> {
        let mut at = from.to_vec();
        let mut rest = path.iter();
        let first = rest.next()?;
        match first.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => drop(at.pop()?),
            name if self.name.as_deref() == Some(name) => at.clear(),
            name => at = self.step(&at, name, depth)?.0,
        }
        for name in rest {
            if name == "super" {
                at.pop()?;
                continue;
            }
            match self.step(&at, name, depth) {
                Some((next, true)) => at = next,
                Some((next, false)) => return Some(next),
                None => break,
            }
        }
        Some(at)
    }

    /// Returns the target of a name in a module, and true if that is a module itself.
    fn step(&self, at: &[String], name: &str, depth: u8) -> Option<(ModulePath, bool)> {
        let module = self.modules.get(at)?;
        if module.children.contains(name) {
            return Some(([at, &[name.to_owned()]].concat(), true));
        }
        if module.items.contains(name) {
            return Some((at.to_vec(), false));
        }
        let depth = depth.checked_sub(1)?;
        if let Some(import) = module.imports.get(name) {
            let target = self.resolve_within(at, import, depth)?;
            let is_module = target.last() == import.last();
            return Some((target, is_module));
        }
        module.globs.iter().find_map(|glob| {
            let target = self.resolve_within(at, glob, depth)?;
            self.step(&target, name, depth)
        })
    }
}

/// Returns the name in `extern crate self as name`.
fn own_name(item: &Item) -> Option<String> {
    match item {
        Item::ExternCrate(ItemExternCrate { ident, rename, .. }) if ident == "self" => {
            rename.as_ref().map(|(_, name)| name.to_string())
        }
        _ => None,
    }
}

/// Returns true if an item exists only for tests.
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    })
}

/// Returns the file that an attribute of a module in the root names.
fn named_file(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(MetaNameValue {
            path,
            value: Expr::Lit(literal),
            ..
        }) if path.is_ident("path") => match &literal.lit {
            Lit::Str(name) => Some(name.value()),
            _ => None,
        },
        _ => None,
    }
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
