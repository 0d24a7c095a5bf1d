//! `serial-rpc list`: lists the procedures and events of the device.

use crate::context::Context;
use crate::failure::Failure;
use crate::interface::Source;
use crate::output;
use crate::summary::summary;
use serial_rpc::description::{Procedure, Service};
use std::fmt::Write;

/// List the procedures and events that the device offers.
///
/// They are grouped by service, each with the first paragraph of its documentation.
///
/// As JSON, it is an array of objects: "path", "kind" ("call"; "event"; "stream" if it returns items,
/// "feed" if it takes them), "number", "key", "signature", "doc", "idempotent", "arguments" (each "name",
/// "type" and what is "expected", in words; of an event, its data), "value" (of a stream, an item) and
/// "error" (types, or null).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc list
  serial-rpc list sqrt           those with sqrt in their path
  serial-rpc list --cached       those of the device used last, which need not be connected
  serial-rpc list --json | jq -r '.[].path'")]
pub struct List {
    /// Show only procedures and events whose path contains this.
    filter: Option<String>,

    #[command(flatten)]
    source: Source,
}

/// Prints the signatures, grouped by service.
pub fn run(context: &Context, list: &List) -> Result<(), Failure> {
    let description = list.source.description(context)?;
    let filter = list.filter.as_deref().unwrap_or_default();
    let is_shown = |procedure: &&Procedure| procedure.path.contains(filter);
    if context.json {
        let shown = description.procedures().filter(is_shown);
        return output::print_json(&shown.map(summary).collect::<Vec<_>>());
    }
    if let Some(filter) = &list.filter
        && !description
            .procedures()
            .any(|procedure| is_shown(&procedure))
    {
        anstream::eprintln!("no procedure or event has `{filter}` in its path");
    }
    for service in &description.services {
        let mut shown = service.procedures.iter().filter(is_shown).peekable();
        if shown.peek().is_some() {
            output::print_text(&overview(service, shown))?;
        }
    }
    Ok(())
}

/// Shows a service and some of its procedures: a line and the documentation's first paragraph each.
pub fn overview<'p>(
    service: &Service,
    procedures: impl IntoIterator<Item = &'p Procedure>,
) -> String {
    let mut text = format!("\x1b[1m{}\x1b[0m  {}", service.name, start(&service.doc));
    for procedure in procedures {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {}", procedure.signature());
        if !procedure.doc.is_empty() {
            let _ = write!(text, "\n      \x1b[2m{}\x1b[0m", start(&procedure.doc));
        }
    }
    text
}

/// Returns the first paragraph of a doc comment, on one line.
fn start(doc: &str) -> String {
    let paragraph = doc.split("\n\n").next().unwrap_or_default();
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}
