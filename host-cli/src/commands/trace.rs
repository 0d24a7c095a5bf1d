//! `serial-rpc trace`: a captured conversation in words.

use crate::cli::Cli;
use crate::failure::{Class, Failure};
use crate::output::print;
use crate::watch::{decoder, line};
use clap::ValueEnum;
use serial_rpc::link::Direction;
use serial_rpc::trace::capture::read_line;
use serial_rpc::trace::{Decoder, Event};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

/// Show a captured conversation in words.
///
/// A capture is what --capture writes: lines of `[SECONDS] > BYTES` to the device and
/// `[SECONDS] < BYTES` from it, in hexadecimal; # begins a comment. Calls and values are shown by the
/// device's description if the capture holds it, as it does when it was made from the first call on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc --port sim --capture calls.txt call calculator.add 2 3
  serial-rpc trace calls.txt
  serial-rpc trace --raw from-device logic-analyser.bin")]
pub struct Trace {
    /// The capture, or - for stdin.
    file: String,

    /// Read bytes as they are, all of which went this way.
    #[arg(long, value_enum, value_name = "DIRECTION")]
    raw: Option<RawDirection>,
}

/// The direction of raw bytes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum RawDirection {
    ToDevice,
    FromDevice,
}

impl From<RawDirection> for Direction {
    fn from(direction: RawDirection) -> Self {
        match direction {
            RawDirection::ToDevice => Self::ToDevice,
            RawDirection::FromDevice => Self::FromDevice,
        }
    }
}

/// Prints an event a line, as soon as it is complete.
pub fn run(cli: &Cli, trace: &Trace) -> Result<(), Failure> {
    let file: Box<dyn Read> = match trace.file.as_str() {
        "-" => Box::new(io::stdin().lock()),
        path => Box::new(File::open(path).map_err(|error| unreadable(path, error))?),
    };
    let mut decoder = decoder(cli);
    match trace.raw {
        Some(direction) => raw(&mut decoder, direction.into(), &trace.file, file)?,
        None => records(&mut decoder, &trace.file, file)?,
    }
    show(None, &decoder.finish())
}

fn records(decoder: &mut Decoder, name: &str, file: impl Read) -> Result<(), Failure> {
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let line = line.map_err(|error| unreadable(name, error))?;
        let record = read_line(&line).map_err(|error| {
            Failure::new(Class::Usage, format!("{name}, line {number}: {error}"))
                .hint("bytes that are no capture are read with --raw")
        })?;
        if let Some(record) = record {
            show(record.time, &decoder.take(record.direction, &record.bytes))?;
        }
    }
    Ok(())
}

fn raw(
    decoder: &mut Decoder,
    direction: Direction,
    name: &str,
    mut file: impl Read,
) -> Result<(), Failure> {
    let mut buffer = [0; 4096];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => show(None, &decoder.take(direction, &buffer[..count]))?,
            Err(error) => return Err(unreadable(name, error)),
        }
    }
}

fn show(time: Option<f64>, events: &[Event]) -> Result<(), Failure> {
    for event in events {
        print(line(time, event))?;
    }
    Ok(())
}

fn unreadable(name: &str, error: io::Error) -> Failure {
    Failure::new(Class::Usage, format!("cannot read {name}: {error}"))
}
