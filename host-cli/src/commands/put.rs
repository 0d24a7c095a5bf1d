//! `serial-rpc put`: writes a file to a block of the device.

use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;
use crate::transfer::Transfer;
use rpc_proto::wire::crc::Crc32;

/// Write a file to a block of the device.
///
/// The device checks all of it before the block changes its length. Writing resumes after the port
/// was unplugged for a while, and after a reset of the device as far as its memory has kept the
/// written bytes.
///
/// As JSON, the output is an object: "block", "bytes", "crc32", "seconds" and "bytes_per_second".
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc put notes.txt notes
  date | serial-rpc put - notes")]
pub struct Put {
    /// The file; - for stdin.
    file: String,

    /// The name of the block.
    name: String,
}

impl Put {
    /// Returns true if the file is stdin.
    pub fn reads_stdin(&self) -> bool {
        self.file == "-"
    }
}

/// Reads the file, and writes the block.
pub fn run(context: &Context, put: &Put) -> Result<(), Failure> {
    // Before the port is opened, so that a slow pipe does not hold it.
    let bytes = Input::open(&put.file)?.all()?;
    let device = context.connect()?;
    let transfer = Transfer::new(&put.name);
    let written = device.put_block(&put.name, &bytes, |done, total| {
        transfer.progress(done, total);
    });
    transfer.end();
    written.map_err(|error| Failure::transfer(&device, &put.name, error))?;
    transfer.report(context.json, bytes.len() as u64, Crc32::of(&bytes))
}
