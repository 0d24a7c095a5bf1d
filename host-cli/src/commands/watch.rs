//! `serial-rpc watch`: shows values as they come, from an event or from repeated calls.

mod chart;
mod plot;
mod recording;
mod source;
mod table;

use crate::columns;
use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::repeating::{self, Remaining, Until};
use crate::timestamps::{Moment, Style, Timestamps};
use crate::{completer, interface, negative, output};
use clap_complete::ArgValueCompleter;
use recording::Recording;
use serde_json::{Value, json};
use serial_rpc::description::Procedure;
use serial_rpc::seconds::seconds;
use source::Source;
use std::path::PathBuf;
use std::time::Duration;
use table::Table;

/// Watch an event, or the value of a procedure.
///
/// An event is shown whenever the device sends it. A procedure is called every --interval, and its
/// value is shown. Both run until Ctrl-C, also after the device was reset or unplugged; reconnects
/// and lost events are reported on stderr.
///
/// The output is a table with a column for each number or other part of a value. As JSON, it is an
/// object a line: "time" of arrival, and the "data" of an event by its names or the "value" of a
/// procedure; other messages are objects with a "notice" on stderr.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc watch calculator.total_changed
  serial-rpc watch calculator.total --interval 100ms --changes
  serial-rpc watch calculator.total --plot
  serial-rpc watch calculator.total --for 1h --csv total.csv
  serial-rpc --port sim watch calculator.total_changed --call 'calculator.accumulate 5' --count 1")]
pub struct Watch {
    /// The event or procedure, such as calculator.total_changed.
    #[arg(value_name = "EVENT|PROCEDURE", add = ArgValueCompleter::new(completer::procedures_and_events))]
    path: String,

    /// The arguments of a procedure, as for call.
    #[arg(value_name = "ARGUMENT", value_parser = negative::unmarked)]
    arguments: Vec<String>,

    /// Time between two calls of a procedure, in seconds or as 100ms [default: 1].
    #[arg(long, short, value_name = "TIME", value_parser = seconds)]
    interval: Option<Duration>,

    #[command(flatten)]
    until: Until,

    /// Show a value only if it differs from the one before.
    #[arg(long)]
    changes: bool,

    /// Call a procedure though it is not idempotent, so that each call counts.
    #[arg(long)]
    force: bool,

    /// Make this call, once, when everything is ready; may be given several times.
    #[arg(long, value_name = "CALL")]
    call: Vec<String>,

    /// Format of the time of arrival [default: 24hour, and iso8601 with --json].
    #[arg(long, value_enum, value_name = "STYLE")]
    timestamps: Option<Style>,

    /// Record in this file, as CSV: the time, and the columns of the table. Text that a spreadsheet would run gets a
    /// ' before it.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Draw the numbers in the terminal; q ends it.
    #[arg(long, conflicts_with = "timestamps")]
    plot: bool,

    /// Column of the table to draw; may be given several times [default: every number].
    #[arg(long, value_name = "COLUMN", requires = "plot")]
    field: Vec<String>,
}

/// Shows values as they come, until the end.
pub fn run(context: &Context, watch: &Watch) -> Result<(), Failure> {
    if watch.plot && (context.json || context.shows_traffic()) {
        let message = "--plot needs the terminal for itself, without --json and --verbose";
        return Err(Failure::new(Class::Usage, message));
    }
    let device = context.connect()?;
    let description = interface::of_device(&device)?;
    let procedure = description.procedure(&watch.path)?;
    let columns = columns::of(procedure);
    let drawn = match watch.plot {
        true => Some(plot::chosen(&columns, procedure, &watch.field)?),
        false => None,
    };
    check(watch, procedure)?;
    let recording = match &watch.csv {
        Some(file) => Some(Recording::begin(file, &columns)?),
        None => None,
    };
    let interval = watch.interval.unwrap_or(Duration::from_secs(1));
    let mut source = Source::new(&device, procedure, &watch.arguments, interval)?;
    repeating::call(&device, &watch.call, context.json)?;
    let mut watched = Watched {
        changes: watch.changes,
        recording,
        remaining: watch.until.begin(),
        previous: None,
        count: 0,
    };
    let end = match drawn {
        Some(drawn) => plot::run(&drawn, &mut watched, &mut source),
        None => {
            let json = context.json;
            let default = if json { Style::Iso } else { Style::Clock };
            let mut shown = Shown {
                json,
                name: match procedure.is_event() {
                    true => "data",
                    false => "value",
                },
                timestamps: Timestamps::new(watch.timestamps.unwrap_or(default)),
                table: Table::new(columns),
            };
            show(&mut shown, &mut watched, &mut source)
        }
    };
    for notice in source.untold() {
        output::notice(context.json, &notice);
    }
    let was_stopped = end.as_ref().is_err_and(Failure::is_interruption);
    if end.is_ok() || was_stopped {
        output::notice(context.json, &summary(watched.count, &source));
    }
    end
}

/// Refuses options that make no sense for an event, or may do harm with a procedure.
fn check(watch: &Watch, procedure: &Procedure) -> Result<(), Failure> {
    if !procedure.is_event() {
        return repeating::allow(procedure, watch.force);
    }
    let what = match (watch.arguments.as_slice(), watch.interval) {
        ([], None) => return Ok(()),
        ([], Some(_)) => "no --interval",
        _ => "no arguments",
    };
    let path = &procedure.path;
    let message = format!("{path} is an event, which takes {what}: the device sends it");
    Err(Failure::new(Class::Usage, message))
}

/// Prints values as they come.
fn show(shown: &mut Shown, watched: &mut Watched, source: &mut Source<'_>) -> Result<(), Failure> {
    let json = shown.json;
    let mut notify = |notice: String| output::notice(json, &notice);
    while let Some(timeout) = watched.remaining.wait() {
        if let Some(value) = source.next(timeout, &mut notify)? {
            let now = Moment::now();
            if watched.take(&now, &value)? {
                shown.print(&now, value)?;
            }
        }
    }
    Ok(())
}

/// Returns a summary of the watch.
fn summary(count: u64, source: &Source<'_>) -> String {
    let shown = output::counted(count, "value", "values");
    match source.lost() {
        None => shown,
        Some(0) => shown + ", none lost",
        Some(lost) => format!("{shown}, {lost} lost"),
    }
}

/// The state of a watch: every value passes it, in any form of output.
struct Watched {
    changes: bool,
    recording: Option<Recording>,
    remaining: Remaining,
    previous: Option<Value>,
    count: u64,
}

impl Watched {
    /// Takes a value, records it, and returns true if it should be shown.
    fn take(&mut self, now: &Moment, value: &Value) -> Result<bool, Failure> {
        if self.changes && self.previous.as_ref() == Some(value) {
            return Ok(false);
        }
        if self.changes {
            self.previous = Some(value.clone());
        }
        if let Some(recording) = &mut self.recording {
            recording.add(now, value)?;
        }
        self.remaining.take();
        self.count += 1;
        Ok(true)
    }
}

/// The form in which values are printed.
struct Shown {
    json: bool,
    /// The name of a value in JSON.
    name: &'static str,
    timestamps: Timestamps,
    table: Table,
}

impl Shown {
    fn print(&mut self, now: &Moment, value: Value) -> Result<(), Failure> {
        let time = self.timestamps.of(now);
        if !self.json {
            return output::print(self.table.row(time, &value));
        }
        output::print_timed(time, json!({ self.name: value }))
    }
}
