//! `serial-rpc trace`: shows a captured conversation in words.

use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::input::Input;
use crate::output::{print, print_timed};
use crate::tapping::{decoder, line};
use clap::ValueEnum;
use serde_json::{Value, json};
use serial_rpc::link::Direction;
use serial_rpc::trace::capture::read_line;
use serial_rpc::trace::{Event, Happening};
use serial_rpc::value::hex;

/// Show a captured conversation in words.
///
/// --capture writes captures: lines of `[SECONDS] > BYTES` to the device and `[SECONDS] < BYTES`
/// from it, in hexadecimal; # begins a comment. Calls and values are shown by the device's
/// description if it is in the capture or was read from the device before.
///
/// As JSON, an event is an object on a line of its own: "time" in seconds if the capture has it,
/// "direction" ("to-device" or "from-device"), and either "kind", "seq", "words", "again" and
/// "spoilt" of a frame, or "text", or "broken" bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc --port sim --capture calls.txt call calculator.add 2 3
  serial-rpc trace calls.txt
  serial-rpc trace --raw from-device logic-analyser.bin")]
pub struct Trace {
    /// The capture, or - for stdin.
    file: String,

    /// Read a file of plain bytes, all of them in this direction.
    #[arg(long, value_enum, value_name = "DIRECTION")]
    raw: Option<NamedDirection>,
}

/// The direction of bytes, as it is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum NamedDirection {
    ToDevice,
    FromDevice,
}

impl From<NamedDirection> for Direction {
    fn from(direction: NamedDirection) -> Self {
        match direction {
            NamedDirection::ToDevice => Self::ToDevice,
            NamedDirection::FromDevice => Self::FromDevice,
        }
    }
}

/// Prints one event a line, as soon as it is complete.
pub fn run(context: &Context, trace: &Trace) -> Result<(), Failure> {
    let mut input = Input::open(&trace.file)?;
    let mut decoder = decoder(context.cache());
    if let Some(direction) = trace.raw {
        loop {
            let bytes = input.bytes()?;
            if bytes.is_empty() {
                break;
            }
            show(context, None, &decoder.take(direction.into(), &bytes))?;
        }
        return show(context, None, &decoder.finish());
    }
    for line in input.lines() {
        let (number, line) = line?;
        let record = read_line(&line).map_err(|error| {
            Failure::new(Class::Usage, error.to_string())
                .in_line(number)
                .hint("bytes that are no capture are read with --raw")
        })?;
        if let Some(record) = record {
            let events = decoder.take(record.direction, &record.bytes);
            show(context, record.time, &events)?;
        }
    }
    show(context, None, &decoder.finish())
}

fn show(context: &Context, time: Option<f64>, events: &[Event]) -> Result<(), Failure> {
    for event in events {
        if context.json {
            print_timed(time, json(event))?;
        } else {
            print(line(time, event))?;
        }
    }
    Ok(())
}

fn json(event: &Event) -> Value {
    let direction = event.direction;
    match &event.happening {
        Happening::Frame(frame) => json!({
            "direction": direction,
            "kind": format!("{:?}", frame.kind),
            "seq": frame.seq.number(),
            "words": frame.words,
            "again": frame.again,
            "spoilt": frame.spoilt,
        }),
        Happening::Text(text) => json!({ "direction": direction, "text": text }),
        Happening::Broken(bytes) => json!({ "direction": direction, "broken": hex(bytes) }),
    }
}
