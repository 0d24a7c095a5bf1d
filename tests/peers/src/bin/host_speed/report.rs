//! Writes the tables, the notes for reading them, and the picture.

use crate::contest::{self, Contender, Outcome};
use crate::instructions;
use peers::chart::{self, Panel};
use peers::many_devices::Crowd;
use std::error::Error;
use std::path::Path;

/// Measures everything, and returns the result in Markdown.
pub fn markdown(
    machine: &str,
    in_memory: &[Contender],
    over_pty: &[Contender],
    crowds: &[Crowd],
) -> String {
    let mut text = format!(
        "`add(2, 3)`, {machine}. Only the ratios mean anything elsewhere.\n\n\
         Both ends in one process, over memory:\n\n\
         | | ns a call | calls/s | times as fast | instructions a call |\n\
         |---|---:|---:|---:|---:|\n"
    );
    for Outcome { name, nanos, ratio } in contest::hold(in_memory, 5_000) {
        let instructions = instructions::per_call(name);
        let instructions = instructions.map_or_else(|| "no valgrind".into(), |n| n.to_string());
        text += &format!(
            "| {name} | {nanos:.0} | {:.0} | {:.2} | {instructions} |\n",
            1e9 / nanos,
            1.0 / ratio
        );
    }
    text += "\nOver a PTY, the device on a thread of its own:\n\n\
             | | µs a round trip | times as long |\n\
             |---|---:|---:|\n";
    for Outcome { name, nanos, ratio } in contest::hold(over_pty, 300) {
        text += &format!("| {name} | {:.1} | {ratio:.2} |\n", nanos / 1e3);
    }
    text += "\nSimulated devices at once in this process, each with a connection of its own, called in \
             turn:\n\n\
             | devices | KiB each | µs to open and connect each | ns a call |\n\
             |---:|---:|---:|---:|\n";
    for crowd in crowds {
        let Crowd {
            devices,
            kib_each,
            opening,
            call,
        } = crowd;
        let each = kib_each.map_or_else(|| "unknown".to_owned(), |kib| kib.to_string());
        text += &format!("| {devices} | {each} | {opening:.1} | {call:.0} |\n");
    }
    text
}

/// Draws the cost of many devices at once.
///
/// # Errors
/// Fails if the file cannot be written.
pub fn draw(path: &Path, crowds: &[Crowd]) -> Result<(), Box<dyn Error>> {
    let panel = |title: &str, of: fn(&Crowd) -> Option<f64>| Panel {
        title: title.to_owned(),
        bars: crowds
            .iter()
            .filter_map(|crowd| Some((devices(crowd.devices), of(crowd)?)))
            .collect(),
    };
    let panels = [
        panel("resident memory each, KiB", |crowd| {
            crowd.kib_each.map(|kib| kib as f64)
        }),
        panel("time to open and connect each, µs", |crowd| {
            Some(crowd.opening)
        }),
        panel("time of a call, ns", |crowd| Some(crowd.call)),
    ];
    chart::bars(path, "Simulated devices at once in one process", &panels)
}

fn devices(count: usize) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} device{s}")
}
