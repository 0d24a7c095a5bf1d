//! `serial-rpc generate`: writes code for an interface.

use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::interface::{self, Source};
use crate::output;
use clap::Subcommand;
use serde_json::json;
use serial_rpc_generator::{File, generate_c};
use std::fs;
use std::path::{Path, PathBuf};

/// Write code for an interface: what firmware in C serves it with, and what calls it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Generate {
    #[command(subcommand)]
    language: Language,
}

const EXAMPLES: &str = "Examples:
  serial-rpc generate c src/interface.rs --out firmware/generated --library
  serial-rpc generate c released.description --out firmware/generated --client
  serial-rpc generate c --out firmware/generated    of the device";

#[derive(Debug, Subcommand)]
enum Language {
    C(C),
}

/// Write a header and a source in C99.
///
/// They have the types, limits, procedures to implement, the dispatcher and the description. The
/// interface is that of the device, or of a file: a description that `schema dump` has saved, or
/// the Rust source of the interface. Of several in a source, `src/interface.rs#Lamp` is one.
///
/// The same interface makes the same text, and a file that is the same already is not touched.
///
/// As JSON, it is an array of objects: "file" and "changed".
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct C {
    /// Description or Rust source of the interface; that of the device if it is left out.
    #[arg(conflicts_with = "cached")]
    file: Option<PathBuf>,

    /// Folder to write to; it is made if it is not there.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,

    /// Write a typed client as well, for firmware that calls a device.
    #[arg(long)]
    client: bool,

    /// Write the library as well, which the code needs: serial_rpc.h and serial_rpc.c.
    #[arg(long)]
    library: bool,

    #[command(flatten)]
    source: Source,
}

/// Writes the files.
pub fn run(context: &Context, generate: &Generate) -> Result<(), Failure> {
    let Language::C(c) = &generate.language;
    let description = match &c.file {
        Some(file) => interface::of_file(file)?,
        None => c.source.bytes(context)?,
    };
    let mut files = generate_c(&description, c.client)
        .map_err(|error| Failure::new(Class::Protocol, error.to_string()))?;
    if c.library {
        let file = |name: &str, text| File {
            name: name.to_owned(),
            text,
        };
        files.push(file(serial_rpc_c::HEADER_NAME, serial_rpc_c::header()));
        files.push(file(serial_rpc_c::SOURCE_NAME, serial_rpc_c::source()));
    }
    fs::create_dir_all(&c.out).map_err(|error| Failure::unwritable(c.out.display(), error))?;
    let mut written = Vec::new();
    for file in &files {
        let path = c.out.join(&file.name);
        let changed = write(&path, file)?;
        written.push(json!({ "file": path.display().to_string(), "changed": changed }));
        if !context.json {
            let what = if changed { "wrote" } else { "unchanged:" };
            output::print(format!("{what} {}", path.display()))?;
        }
    }
    match context.json {
        true => output::print_json(&written),
        false => Ok(()),
    }
}

/// Writes a file if it is not there or is another, and returns whether it was written.
fn write(path: &Path, file: &File) -> Result<bool, Failure> {
    if fs::read(path).is_ok_and(|there| there == file.text.as_bytes()) {
        return Ok(false);
    }
    let unwritable = |error| Failure::unwritable(path.display(), error);
    fs::write(path, &file.text).map_err(unwritable)?;
    Ok(true)
}
