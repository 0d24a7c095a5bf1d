//! `serial-rpc list`: what the device offers.

use crate::cli::Cli;
use crate::failure::Failure;
use anstream::println;

/// List the procedures that the device offers.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Show only procedures whose path contains this.
    filter: Option<String>,
}

/// Prints the signatures, grouped by service.
pub fn run(cli: &Cli, list: &List) -> Result<(), Failure> {
    let device = cli.connect()?;
    let description = device
        .description()
        .map_err(|error| Failure::description(&device, error))?;
    for service in &description.services {
        let procedures: Vec<_> = service
            .procedures
            .iter()
            .filter(|procedure| {
                let filter = list.filter.as_deref().unwrap_or_default();
                procedure.path.contains(filter)
            })
            .collect();
        if procedures.is_empty() {
            continue;
        }
        println!("\x1b[1m{}\x1b[0m  {}", service.name, summary(&service.doc));
        for procedure in procedures {
            println!("  {}", procedure.signature());
            if !procedure.doc.is_empty() {
                println!("      \x1b[2m{}\x1b[0m", summary(&procedure.doc));
            }
        }
    }
    Ok(())
}

/// The first paragraph of a doc comment, on one line.
fn summary(doc: &str) -> String {
    let paragraph = doc.split("\n\n").next().unwrap_or_default();
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}
