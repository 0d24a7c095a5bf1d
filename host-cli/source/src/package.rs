//! Reads the name and version of the package that a file belongs to.

use std::fs;
use std::path::Path;
use toml::{Table, Value};

/// Returns what `env!` says of the package of a file, if its manifest is found: `CARGO_PKG_NAME` or
/// `CARGO_PKG_VERSION`.
pub fn variable(file: &Path, name: &str) -> Option<String> {
    let key = match name {
        "CARGO_PKG_NAME" => "name",
        "CARGO_PKG_VERSION" => "version",
        _ => return None,
    };
    let file = file.canonicalize().ok()?;
    let mut manifests = file.ancestors().skip(1).filter_map(manifest);
    let own = manifests.find(|manifest| manifest.contains_key("package"))?;
    let value = own.get("package")?.get(key);
    match value {
        Some(Value::String(value)) => Some(value.clone()),
        // A package without a version has this.
        None if key == "version" => Some("0.0.0".to_owned()),
        // `version.workspace = true`
        Some(Value::Table(_)) => [own].into_iter().chain(manifests).find_map(|manifest| {
            let workspace = manifest.get("workspace")?.get("package")?;
            workspace.get(key)?.as_str().map(str::to_owned)
        }),
        _ => None,
    }
}

fn manifest(folder: &Path) -> Option<Table> {
    let text = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    text.parse().ok()
}
