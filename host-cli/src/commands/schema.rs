//! `serial-rpc schema`: saves descriptions and compares them.

use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::interface::{self, Source};
use crate::output::{self, counted};
use clap::Subcommand;
use rpc_proto::wire::crc::Crc32;
use serde_json::json;
use serial_rpc::description::{Change, Description};
use serial_rpc::value::hex;
use std::fs;
use std::path::{Path, PathBuf};

/// Save the device's description, or compare two.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc schema dump released.description
  serial-rpc schema diff released.description    against the device
  serial-rpc schema diff old.json new.json
  serial-rpc schema diff released.description src/interface.rs")]
pub struct Schema {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Dump(Dump),
    Diff(Diff),
}

/// Save the description: as the device sends it or, with --json, readable.
///
/// As JSON, it is an object: "fingerprint", "bytes" (the description as the device sends it, in
/// hexadecimal), and "description": "name", "version", and "services" with their "procedures" and
/// full types.
#[derive(Debug, clap::Args)]
struct Dump {
    /// File to write; stdout if it is left out.
    file: Option<PathBuf>,

    #[command(flatten)]
    source: Source,
}

/// Show the additions, and the changes that break callers.
///
/// Callers break if a procedure is removed, changes its types or its names of arguments, or is no
/// longer idempotent. Then the exit code is 5.
///
/// As JSON, it is an array of objects: "path", "breaks_callers", "change" ("added", "removed",
/// "signature", "argument_names", "no_longer_idempotent", "idempotent", "doc"), and "signature" or
/// "old" and "new" where that applies.
#[derive(Debug, clap::Args)]
struct Diff {
    /// The old description, as `schema dump` saves it in either form, or the Rust source of the
    /// interface.
    old: PathBuf,

    /// The new description, likewise; that of the device if it is left out.
    #[arg(conflicts_with = "cached")]
    new: Option<PathBuf>,

    #[command(flatten)]
    source: Source,
}

/// Saves or compares.
pub fn run(context: &Context, schema: &Schema) -> Result<(), Failure> {
    match &schema.action {
        Action::Dump(dump) => save(context, dump),
        Action::Diff(diff) => compare(context, diff),
    }
}

fn save(context: &Context, dump: &Dump) -> Result<(), Failure> {
    let bytes = dump.source.bytes(context)?;
    let bytes = if context.json {
        // Only the bytes are read back: they are the device's own.
        let dumped = json!({
            "fingerprint": format!("{:#010x}", Crc32::of(&bytes).value()),
            "bytes": hex(&bytes),
            "description": read(&bytes, "the device")?,
        });
        format!("{dumped}\n").into_bytes()
    } else {
        bytes
    };
    match &dump.file {
        None => output::write_data(&bytes),
        Some(file) => {
            let written = fs::write(file, bytes);
            written.map_err(|error| Failure::unwritable(file.display(), error))
        }
    }
}

fn compare(context: &Context, diff: &Diff) -> Result<(), Failure> {
    let old = load(&diff.old)?;
    let new = match &diff.new {
        Some(file) => load(file)?,
        None => read(&diff.source.bytes(context)?, "the device")?,
    };
    let changes = old.changes_to(&new);
    let broken = changes
        .iter()
        .filter(|change| change.effect.breaks_callers());
    let broken = broken.count() as u64;
    if context.json {
        let changes = changes.iter().map(|change| {
            let mut json = json!(change);
            json["breaks_callers"] = json!(change.effect.breaks_callers());
            json
        });
        let changes: Vec<_> = changes.collect();
        output::print_json(&changes)?;
    } else {
        for change in &changes {
            output::print(shown(change))?;
        }
    }
    if broken > 0 {
        let broken = counted(broken, "change breaks", "changes break");
        return Err(Failure::new(Class::Protocol, format!("{broken} callers")));
    }
    Ok(())
}

fn shown(change: &Change) -> String {
    match change.effect.breaks_callers() {
        true => format!("\x1b[31mbreaks callers\x1b[0m: {change}"),
        false => format!("harmless: {change}"),
    }
}

/// Reads a description from a file.
fn load(file: &Path) -> Result<Description, Failure> {
    read(&interface::of_file(file)?, &file.display().to_string())
}

fn read(bytes: &[u8], whose: &str) -> Result<Description, Failure> {
    Description::read(bytes).map_err(|error| {
        Failure::new(
            Class::Protocol,
            format!("{whose} has no description: {error}"),
        )
    })
}
