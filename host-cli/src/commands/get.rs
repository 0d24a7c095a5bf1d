//! `serial-rpc get`: reads a block of the device into a file.

use crate::context::Context;
use crate::failure::Failure;
use crate::output;
use crate::part::Part;
use crate::transfer::Transfer;
use std::io::{self, Read};
use std::ops::ControlFlow;

/// The number of bytes that are written to stdout at once.
const CHUNK: usize = 64 * 1024;

/// Read a block of the device into a file.
///
/// A block is data with a name, such as a log or a configuration; `serial-rpc call blocks.list`
/// lists the blocks. It is checked as a whole before it takes the place of the file. Reading resumes
/// after a reset of the device, or after the port was unplugged for a while.
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
    let unwritten = |error: io::Error| Failure::unwritable(&get.file, error);
    // Before the port is opened: a file that cannot be written is no reason to wait for the device.
    let mut part = Part::of(&get.file).map_err(unwritten)?;
    let device = context.connect()?;
    let transfer = Transfer::new(&get.name);
    let mut written = Ok(());
    let read = device.read_block(&get.name, |offset, piece, total| {
        transfer.progress(offset + piece.len() as u32, total);
        written = part.add(offset, piece);
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    });
    transfer.end();
    written.map_err(unwritten)?;
    read.map_err(|error| Failure::transfer(&device, &get.name, error))?;
    let (length, crc) = (part.length, part.crc);
    let Some(mut whole) = part.end().map_err(unwritten)? else {
        return transfer.report(context.json, length, crc);
    };
    let mut chunk = vec![0; CHUNK];
    loop {
        match whole.read(&mut chunk).map_err(unwritten)? {
            0 => return Ok(()),
            count => output::write_data(chunk.get(..count).unwrap_or_default())?,
        }
    }
}
