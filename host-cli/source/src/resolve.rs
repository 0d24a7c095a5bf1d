//! Finds what a path names.

use crate::error::SourceError;
use crate::tree::{ModuleId, Named, Tree};

/// The longest chain of imports, and of those that import everything.
const MAX_STEPS: usize = 32;
const MAX_GLOBS: usize = 4;

/// The crates whose types are known.
const CRATES: [&str; 4] = ["core", "std", "alloc", "heapless"];

/// A thing that a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The item with that position in the module.
    Item(ModuleId, usize),
    /// The service of the trait with that position in the module.
    Service(ModuleId, usize),
    Module(ModuleId),
    /// Nothing of this crate: the path in another.
    Outside(Vec<String>),
}

impl Tree {
    /// Finds what a path in a module names.
    ///
    /// # Errors
    /// Fails if it leads to a file that could not be read.
    pub fn resolve(&self, module: ModuleId, path: &[String]) -> Result<Found, SourceError> {
        self.resolve_in(module, path, MAX_STEPS)
    }

    fn resolve_in(
        &self,
        module: ModuleId,
        path: &[String],
        steps: usize,
    ) -> Result<Found, SourceError> {
        let outside = || Found::Outside(path.to_vec());
        let Some((first, rest)) = path.split_first() else {
            return Ok(Found::Module(module));
        };
        let Some(steps) = steps.checked_sub(1) else {
            return Ok(outside());
        };
        let found = match first.as_str() {
            "crate" => Some(Found::Module(0)),
            "self" => Some(Found::Module(module)),
            "super" => self.modules[module].parent.map(Found::Module),
            name => self.find(module, name, steps)?,
        };
        match found {
            None => Ok(outside()),
            Some(Found::Module(inner)) if !rest.is_empty() => {
                match self.resolve_within(inner, rest, steps)? {
                    Found::Outside(_) => Ok(outside()),
                    found => Ok(found),
                }
            }
            Some(Found::Outside(mut path)) => {
                path.extend(rest.iter().cloned());
                Ok(Found::Outside(path))
            }
            Some(found) if rest.is_empty() => Ok(found),
            Some(_) => Ok(outside()),
        }
    }

    /// Finds what a path names that begins inside a module.
    fn resolve_within(
        &self,
        module: ModuleId,
        path: &[String],
        steps: usize,
    ) -> Result<Found, SourceError> {
        if let Some(broken) = &self.modules[module].broken {
            return Err(broken.clone());
        }
        self.resolve_in(module, path, steps)
    }

    /// Finds what a name in a module stands for.
    fn find(
        &self,
        module: ModuleId,
        name: &str,
        steps: usize,
    ) -> Result<Option<Found>, SourceError> {
        let here = &self.modules[module];
        let mut imported = None;
        for named in here.names.get(name).into_iter().flatten() {
            match named {
                Named::Item(position) => return Ok(Some(Found::Item(module, *position))),
                Named::Service(position) => return Ok(Some(Found::Service(module, *position))),
                Named::Module(inner) => return Ok(Some(Found::Module(*inner))),
                Named::Import(path) => imported = Some(path),
            }
        }
        if let Some(path) = imported {
            // A crate that is named like what is imported from it.
            return match path.first().is_some_and(|first| first == name) {
                true => Ok(Some(Found::Outside(path.clone()))),
                false => self.resolve_in(module, path, steps).map(Some),
            };
        }
        for glob in &here.globs {
            match self.resolve_in(module, glob, steps)? {
                Found::Module(inner) if inner != module && steps > 0 => {
                    let found = self.find(inner, name, (steps - 1).min(MAX_GLOBS))?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
                Found::Outside(mut path) => {
                    path.push(name.to_owned());
                    if is_standard(&path) {
                        return Ok(Some(Found::Outside(path)));
                    }
                }
                _ => {}
            }
        }
        Ok(None)
    }
}

/// Returns true if a path leads to a type of another crate that is known.
pub fn is_standard(path: &[String]) -> bool {
    let (Some(first), Some(last)) = (path.first(), path.last()) else {
        return false;
    };
    CRATES.contains(&first.as_str()) && last.starts_with(char::is_uppercase)
}
