//! Tests that no modules of a crate need each other.
//!
//! The rule: of the modules that stand side by side in one module, none needs another that needs it
//! in turn, directly or through others. A module counts together with all that is inside it. A
//! module and those inside it may use each other: from outside they are one, and a parent declares
//! its children and re-exports from them. Code under `#[cfg(test)]` does not count.
//!
//! A module needs another if a path in it leads there: in a `use`, in an expression, in a type or
//! in the tokens of a macro's call. Names that are re-exported lead to their definition. Methods
//! are not seen.

mod references;
mod tree;

use references::Reference;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tree::{Crate, ModulePath};

/// The root of the repository.
const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The needs of the modules of one parent, each with an example.
type Needs = BTreeMap<String, BTreeMap<String, Reference>>;

#[test]
fn no_modules_of_a_crate_need_each_other() {
    let roots = roots(Path::new(REPOSITORY));
    assert!(roots.len() > 10, "{roots:?}");
    let mut circles = Vec::new();
    for root in roots {
        for (parent, needs) in needs(&Crate::read(&root)) {
            circles.extend(circle(&needs).map(|circle| described(&root, &parent, &needs, &circle)));
        }
    }
    assert!(circles.is_empty(), "\n{circles:#?}");
}

#[test]
fn a_circle_is_found_in_whatever_way_it_is_written() {
    let circle_of = |files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().expect("a folder for a crate");
        for (file, text) in files {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().expect("it is in the folder")).expect("a folder");
            fs::write(file, text).expect("a file");
        }
        let needs = needs(&Crate::read(&folder.path().join("lib.rs")));
        needs
            .values()
            .find_map(circle)
            .map(|circle| circle.join(" "))
    };
    let root = ("lib.rs", "mod a; mod b; pub use b::Deep; pub use b::inner;");
    let a = ("a.rs", "use crate::b::B; pub struct A;");
    for (b, found) in [
        ("pub struct B(crate::a::A);", Some("a b")),
        ("fn f() { super::a::A; } pub struct B;", Some("a b")),
        (
            "fn f() { println!(\"{}\", crate::a::A) } pub struct B;",
            Some("a b"),
        ),
        (
            "mod inner { use super::super::a::A; } pub struct B;",
            Some("a b"),
        ),
        (
            "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }",
            None,
        ),
        (
            "pub struct B; mod inner { use super::B; } use inner::C;",
            None,
        ),
    ] {
        assert_eq!(circle_of(&[root, a, ("b.rs", b)]).as_deref(), found, "{b}");
    }
    // Through a name that the parent re-exports, by itself or with a star, and through a third.
    let b = (
        "b.rs",
        "pub mod inner { pub struct Deep; } pub use inner::Deep; use crate::a::A;",
    );
    for a in [
        "use crate::Deep;",
        "use super::*; struct A(Deep);",
        "use crate::inner::Deep;",
    ] {
        let found = circle_of(&[root, ("a.rs", a), b]);
        assert_eq!(found.as_deref(), Some("a b"), "{a}");
    }
    let third = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "use crate::c::C; pub struct B;"),
        ("c.rs", "use crate::a; pub struct C;"),
    ];
    assert_eq!(circle_of(&third).as_deref(), Some("a b c"));
}

/// Returns the roots of all crates that have modules in files.
fn roots(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the repository can be read") {
            let path = entry.expect("the repository can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_of_tools = name.starts_with('.') || name == "target" || name == "node_modules";
            if path.is_dir() && !is_of_tools {
                folders.push(path);
            } else if folder.ends_with("src") && (name == "lib.rs" || name == "main.rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns the needs of the modules, by parent.
fn needs(crate_: &Crate) -> BTreeMap<ModulePath, Needs> {
    let mut all: BTreeMap<ModulePath, Needs> = BTreeMap::new();
    for (from, module) in crate_.modules() {
        for reference in &module.references {
            let Some(to) = crate_.resolve(from, &reference.path) else {
                continue;
            };
            let shared = from
                .iter()
                .zip(&to)
                .take_while(|(from, to)| from == to)
                .count();
            if let (Some(one), Some(other)) = (from.get(shared), to.get(shared)) {
                let needs = all.entry(from[..shared].to_vec()).or_default();
                let needs = needs.entry(one.clone()).or_default();
                needs
                    .entry(other.clone())
                    .or_insert_with(|| reference.clone());
            }
        }
    }
    all
}

/// Returns modules of which each needs the next and the last the first, if there are any.
fn circle(needs: &Needs) -> Option<Vec<String>> {
    needs.keys().find_map(|start| {
        let mut seen = BTreeSet::new();
        let mut ways = vec![vec![start.clone()]];
        while let Some(way) = ways.pop() {
            for next in needs.get(way.last()?).into_iter().flat_map(BTreeMap::keys) {
                if next == start {
                    return Some(way);
                }
                if seen.insert(next.clone()) {
                    ways.push([&way[..], std::slice::from_ref(next)].concat());
                }
            }
        }
        None
    })
}

fn described(root: &Path, parent: &[String], needs: &Needs, circle: &[String]) -> String {
    let root = root.strip_prefix(REPOSITORY).unwrap_or(root).display();
    let mut text = format!("{root}: in crate::{}", parent.join("::"));
    for (one, other) in circle.iter().zip(circle.iter().cycle().skip(1)) {
        let Reference { path, line } = &needs[one][other];
        let path = path.join("::");
        text += &format!("\n  {one} needs {other}: {path} (line {line} of a file in {one})");
    }
    text
}
