//! `serial-rpc log`: follows the log of a device.

use crate::context::Context;
use crate::failure::Failure;
use crate::following::Following;
use crate::output;
use crate::repeating::{self, Until};
use crate::timestamps::{Moment, Style, Timestamps};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use rpc_proto::service::Member;
use rpc_proto::services::log::{Level, LogRecord};
use serde_json::json;
use serial_rpc::connection::read_event;
use serial_rpc::safe;

/// Follow the device's log.
///
/// Runs until Ctrl-C, also after the device was reset or unplugged. Reconnects and lost lines are
/// reported on stderr. Earlier lines are not shown. The time is that of arrival.
///
/// As JSON, a line is an object: "time", "level", "target" and "text"; other messages are objects
/// with a "notice" on stderr.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc log
  serial-rpc log --level warn --target pump
  serial-rpc log --json | jq -r 'select(.level == \"error\").text'
  serial-rpc --port sim log --call 'calculator.div 1 0' --count 1")]
pub struct Log {
    /// Show only lines of this level or a more severe one.
    #[arg(long, short, value_parser = level_parser(), default_value = "trace")]
    level: Level,

    /// Show only lines whose target begins like this.
    #[arg(
        long,
        value_name = "TARGET",
        default_value = "",
        hide_default_value = true
    )]
    target: String,

    /// Format of the time [default: 24hour, and iso8601 with --json].
    #[arg(long, value_enum, value_name = "STYLE")]
    timestamps: Option<Style>,

    #[command(flatten)]
    until: Until,

    /// Make this call, once, when everything is ready; may be given several times.
    #[arg(long, value_name = "CALL")]
    call: Vec<String>,
}

/// The levels, the most urgent first, each as it is written and with its colour.
const LEVELS: [(Level, &str, &str); 5] = [
    (Level::Error, "error", "\x1b[1;31m"),
    (Level::Warn, "warn", "\x1b[33m"),
    (Level::Info, "info", "\x1b[32m"),
    (Level::Debug, "debug", "\x1b[34m"),
    (Level::Trace, "trace", "\x1b[2m"),
];

fn level_parser() -> impl TypedValueParser<Value = Level> {
    let names = PossibleValuesParser::new(LEVELS.map(|(_, name, _)| name));
    names.try_map(|written| {
        let mut levels = LEVELS.into_iter();
        let level = levels.find(|(_, name, _)| *name == written);
        level.map(|(level, ..)| level).ok_or("no level")
    })
}

/// Prints lines as they come.
pub fn run(context: &Context, log: &Log) -> Result<(), Failure> {
    let json = context.json;
    let device = context.connect()?;
    let mut following =
        Following::new(&device, LogRecord::KEY).map_err(|error| Failure::log(&device, error))?;
    repeating::call(&device, &log.call, json)?;
    let default = if json { Style::Iso } else { Style::Clock };
    let mut timestamps = Timestamps::new(log.timestamps.unwrap_or(default));
    let end = follow(context, log, &mut following, &mut timestamps);
    for notice in following.untold() {
        output::notice(json, &notice);
    }
    end
}

/// Prints lines until the end.
fn follow(
    context: &Context,
    log: &Log,
    following: &mut Following<'_>,
    timestamps: &mut Timestamps,
) -> Result<(), Failure> {
    let json = context.json;
    let mut notify = |notice: String| output::notice(json, &notice);
    let mut remaining = log.until.begin();
    while let Some(timeout) = remaining.wait() {
        let Some(event) = following.next(timeout, &mut notify)? else {
            continue;
        };
        let Ok(record) = read_event::<LogRecord<'_>>(&event) else {
            following.unreadable();
            continue;
        };
        if record.level > log.level || !record.target.starts_with(&log.target) {
            continue;
        }
        remaining.take();
        let time = timestamps.of(&Moment::now());
        if json {
            let (_, level, _) = LEVELS[record.level as usize];
            let line = json!({ "level": level, "target": record.target, "text": record.text });
            output::print_timed(time, line)?;
        } else {
            output::print(line(time, &record))?;
        }
    }
    Ok(())
}

fn line(time: Option<String>, record: &LogRecord<'_>) -> String {
    let (_, name, colour) = LEVELS[record.level as usize];
    let name = name.to_uppercase();
    let time = time.map_or_else(String::new, |time| format!("\x1b[2m{time}\x1b[0m "));
    let (target, text) = (safe::line(record.target), safe::line(record.text));
    format!("{time}{colour}{name:5}\x1b[0m {target}: {text}")
}
