//! `serial-rpc get`: reads a block of the device into a file.

use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::output;
use crate::transfer::Transfer;
use std::fs;

/// Read a block of the device into a file.
///
/// A block is data with a name, such as a log or a configuration; `serial-rpc call blocks.list`
/// lists the blocks. It is checked as a whole before the file is written. Reading resumes after a
/// reset of the device, or after the port was unplugged for a while.
///
/// As JSON, the output is an object: "block", "bytes", "crc32", "seconds" and "bytes_per_second".
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc get notes notes.txt
  serial-rpc get notes - | less")]
pub struct Get {
    /// The name of the block.
    name: String,

    /// File to write; - for stdout.
    file: String,
}

/// Reads the block, and writes the file.
pub fn run(context: &Context, get: &Get) -> Result<(), Failure> {
    let device = context.connect()?;
    let transfer = Transfer::new(&get.name);
    let bytes = device.get_block(&get.name, |done, total| transfer.progress(done, total));
    transfer.end();
    let bytes = bytes.map_err(|error| Failure::transfer(&device, &get.name, error))?;
    if get.file == "-" {
        return output::write_data(&bytes);
    }
    fs::write(&get.file, &bytes).map_err(|error| {
        Failure::new(Class::Usage, format!("cannot write {}: {error}", get.file))
    })?;
    transfer.report(context.json, &bytes)
}
