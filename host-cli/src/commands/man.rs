//! `serial-rpc man`: writes the help of every command as manual pages.

use crate::failure::{Class, Failure};
use crate::output;
use clap::Command;
use std::fs;
use std::path::PathBuf;

/// Write manual pages: all of them to a folder, or the main one to stdout.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc man | man -l -
  serial-rpc man ~/.local/share/man/man1")]
pub struct Man {
    /// Folder to write to; it is created if it does not exist.
    folder: Option<PathBuf>,
}

/// Writes the pages of that command line.
pub fn run(man: &Man, command: Command) -> Result<(), Failure> {
    let Some(folder) = &man.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|error| Failure::new(Class::Internal, error.to_string()))?;
        return output::write(&page);
    };
    let written =
        fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    let folder = format!("to {}", folder.display());
    written.map_err(|error| Failure::unwritable(folder, error))
}
