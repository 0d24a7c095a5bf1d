//! Reads a file and the files of its modules, and those of the crate that it belongs to.

use crate::error::SourceError;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use syn::ext::IdentExt;
use syn::{Expr, ExprLit, File, Item, ItemMod, ItemTrait, Lit, Meta, UseTree};

/// The names of files that a crate begins with.
const ROOTS: [&str; 2] = ["lib.rs", "main.rs"];

/// The deepest nesting of modules.
const MAX_DEPTH: usize = 64;

/// The place of a module among all.
pub type ModuleId = usize;

/// All modules that were read. The first is the root.
#[derive(Default)]
pub struct Tree {
    pub modules: Vec<Module>,
}

/// A module.
pub struct Module {
    /// The file that it is in.
    pub file: PathBuf,
    pub parent: Option<ModuleId>,
    pub items: Vec<Item>,
    /// The names that it declares or imports.
    pub names: HashMap<String, Vec<Named>>,
    /// The paths of which everything is imported.
    pub globs: Vec<Vec<String>>,
    /// The modules inside, in order.
    pub children: Vec<ModuleId>,
    /// The reason why it could not be read.
    pub broken: Option<SourceError>,
}

/// A thing that has a name.
pub enum Named {
    /// The item with that position.
    Item(usize),
    /// The service of the trait with that position, as `interface!` names it.
    Service(usize),
    Module(ModuleId),
    /// Imported by this path.
    Import(Vec<String>),
}

impl Tree {
    /// Reads a file, and returns its module. Paths from `crate` on are those of the crate that it is a part of.
    pub fn load(file: &Path) -> Result<(Self, ModuleId), SourceError> {
        let mut alone = Self::default();
        alone.read(file, None, 0);
        if let Some(broken) = alone.modules[0].broken.take() {
            return Err(broken);
        }
        let same = |other: &Path| {
            let canonical = |path: &Path| path.canonicalize().ok();
            canonical(other).is_some_and(|other| Some(other) == canonical(file))
        };
        for root in roots(file) {
            let mut tree = Self::default();
            tree.read(&root, None, 0);
            let found = tree.modules.iter();
            if let Some(module) = found.clone().position(|module| same(&module.file)) {
                return Ok((tree, module));
            }
        }
        Ok((alone, 0))
    }

    /// Reads a file as a module.
    fn read(&mut self, file: &Path, parent: Option<ModuleId>, depth: usize) -> ModuleId {
        let read = fs::read_to_string(file)
            .map_err(|error| SourceError::of_file(file, format!("cannot be read: {error}")))
            .and_then(|source| {
                syn::parse_file(&source).map_err(|error| SourceError::of_syntax(file, error))
            });
        match read {
            Ok(File { items, .. }) => {
                let folder = file.parent().unwrap_or(Path::new(""));
                let is_root = parent.is_none() || file.ends_with("mod.rs");
                let inner = match (is_root, file.file_stem()) {
                    (false, Some(stem)) => folder.join(stem),
                    _ => folder.to_owned(),
                };
                self.add(file, parent, items, &inner, depth)
            }
            Err(error) => {
                let id = self.add(file, parent, Vec::new(), Path::new(""), depth);
                self.modules[id].broken = Some(error);
                id
            }
        }
    }

    /// Adds a module, and those that it declares, whose files are in `folder`.
    fn add(
        &mut self,
        file: &Path,
        parent: Option<ModuleId>,
        items: Vec<Item>,
        folder: &Path,
        depth: usize,
    ) -> ModuleId {
        let id = self.modules.len();
        self.modules.push(Module {
            file: file.to_owned(),
            parent,
            items,
            names: HashMap::new(),
            globs: Vec::new(),
            children: Vec::new(),
            broken: None,
        });
        for position in 0..self.modules[id].items.len() {
            let item = self.modules[id].items[position].clone();
            match &item {
                Item::Mod(item) if depth < MAX_DEPTH && !is_test(&item.attrs) => {
                    let child = self.child(id, item, file, folder, depth + 1);
                    self.modules[id].children.push(child);
                    self.name(id, &item.ident, Named::Module(child));
                }
                Item::Use(item) if !is_test(&item.attrs) => {
                    self.import(id, &mut Vec::new(), &item.tree);
                }
                Item::Struct(item) if !is_test(&item.attrs) => {
                    self.name(id, &item.ident, Named::Item(position));
                }
                Item::Enum(item) if !is_test(&item.attrs) => {
                    self.name(id, &item.ident, Named::Item(position));
                }
                Item::Type(item) => self.name(id, &item.ident, Named::Item(position)),
                Item::Const(item) => self.name(id, &item.ident, Named::Item(position)),
                Item::Trait(item) if is_service(item) => {
                    let service = format!("{}Service", item.ident.unraw());
                    let names = &mut self.modules[id].names;
                    names
                        .entry(service)
                        .or_default()
                        .push(Named::Service(position));
                }
                _ => {}
            }
        }
        id
    }

    fn child(
        &mut self,
        parent: ModuleId,
        item: &ItemMod,
        file: &Path,
        folder: &Path,
        depth: usize,
    ) -> ModuleId {
        let name = item.ident.unraw().to_string();
        if let Some((_, items)) = &item.content {
            let folder = folder.join(&name);
            return self.add(file, Some(parent), items.clone(), &folder, depth);
        }
        let declared = item
            .attrs
            .iter()
            .find_map(|attribute| match &attribute.meta {
                Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                    Expr::Lit(ExprLit {
                        lit: Lit::Str(path),
                        ..
                    }) => Some(file.with_file_name(path.value())),
                    _ => None,
                },
                _ => None,
            });
        let nested = folder.join(&name).join("mod.rs");
        let beside = folder.join(format!("{name}.rs"));
        let path = declared.unwrap_or(if nested.exists() { nested } else { beside });
        self.read(&path, Some(parent), depth)
    }

    fn name(&mut self, module: ModuleId, ident: &syn::Ident, named: Named) {
        let names = &mut self.modules[module].names;
        let name = ident.unraw().to_string();
        names.entry(name).or_default().push(named);
    }

    /// Adds the names that a `use` declares, whose path begins with `path`.
    fn import(&mut self, module: ModuleId, path: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.unraw().to_string());
                self.import(module, path, &tree.tree);
                path.pop();
            }
            UseTree::Name(tree) if tree.ident == "self" => {
                if let Some(name) = path.last().cloned() {
                    let import = Named::Import(path.clone());
                    let names = &mut self.modules[module].names;
                    names.entry(name).or_default().push(import);
                }
            }
            UseTree::Name(tree) => {
                let mut path = path.clone();
                path.push(tree.ident.unraw().to_string());
                self.name(module, &tree.ident, Named::Import(path));
            }
            UseTree::Rename(tree) => {
                let mut path = path.clone();
                if tree.ident != "self" {
                    path.push(tree.ident.unraw().to_string());
                }
                self.name(module, &tree.rename, Named::Import(path));
            }
            UseTree::Glob(_) => self.modules[module].globs.push(path.clone()),
            UseTree::Group(tree) => {
                for tree in &tree.items {
                    self.import(module, path, tree);
                }
            }
        }
    }
}

/// Returns the files that the crate of a file may begin with.
fn roots(file: &Path) -> impl Iterator<Item = PathBuf> {
    let file = file.canonicalize().unwrap_or(file.to_owned());
    let folders: Vec<PathBuf> = file.ancestors().skip(1).map(Path::to_owned).collect();
    // The crate ends where its manifest is.
    let until = folders
        .iter()
        .position(|folder| folder.join("Cargo.toml").exists());
    let folders = folders.into_iter().take(until.map_or(0, |last| last + 1));
    let roots = folders.flat_map(|folder| ROOTS.map(|root| folder.join(root)));
    roots.filter(|root| root.exists())
}

/// Returns true if the trait is marked `#[service]`.
pub fn is_service(item: &ItemTrait) -> bool {
    service_attribute(item).is_some()
}

/// Returns the attribute `#[service]`, however its path is written.
pub fn service_attribute(item: &ItemTrait) -> Option<&syn::Attribute> {
    let named = |attribute: &&syn::Attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|last| last.ident == "service")
    };
    item.attrs.iter().find(named)
}

/// Returns true if an item is there for tests only.
pub fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}
