//! The command line: what can be written, and what it says about itself.

use crate::commands::{
    batch::Batch, bench::Bench, call::Call, completions::Completions, describe::Describe, get::Get,
    info::Info, list::List, log::Log, man::Man, ping::Ping, ports::Ports, put::Put, schema::Schema,
    shell::Shell, simulate::Simulate, stats::Stats, trace::Trace, watch::Watch,
};
use clap::builder::FalseyValueParser;
use clap::{ArgAction, Parser, Subcommand};
use clap_complete::ArgValueCompleter;
use colorchoice_clap::Color;
use serial_rpc::Selector;
use std::path::PathBuf;
use std::time::Duration;

/// Call procedures of a microcontroller over a serial link.
///
/// A device describes itself, so nothing but its port is needed to find out what it offers and to
/// use that.
#[derive(Debug, Parser)]
#[command(name = "serial-rpc", version, max_term_width = 100, after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"))]
pub struct Cli {
    #[command(flatten)]
    pub link: LinkOptions,

    #[command(flatten)]
    pub output: OutputOptions,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  serial-rpc ports                                what is plugged in
  serial-rpc list                                 what the device offers
  serial-rpc describe calculator.add              how a procedure is called
  serial-rpc call calculator.add 2 3
  serial-rpc watch calculator.total_changed       what it tells unasked, as it comes
  serial-rpc --port sim call calculator.total     without a device";

const DETAILS: &str = "\
Which port:
  --port, else the environment variable SERIAL_RPC_PORT, else `port` in the nearest
  serial-rpc.toml, else the only port there is. It is written as one of
    /dev/ttyACM0, COM3    a path or name
    2e8a:000a             vendor and product of a USB device
    2e8a:000a:E660583883  the same, and its serial number
    id:E660583883         the serial number alone
    tcp:localhost:4000    a port that another program offers, such as ser2net or an emulator
    sim                   a device simulated in this program
  The other options of the link are looked up likewise. A project's serial-rpc.toml, in the current
  folder or one above, may say:
    port = \"2e8a:000a\"
    baud = 921600
    timeout = 0.5
    retries = 2

Exit codes:
    0  ok
    1  internal: this should not happen
    2  usage: the command line or the arguments are wrong, and nothing was sent
    3  port: it is missing, busy, not permitted or was lost
    4  time-out: the device did not answer
    5  protocol or signature: the two ends do not understand each other
    6  the procedure ran and ended in its own error
    7  outcome unknown: the call may have run, once, or not
  130  interrupted with Ctrl-C

With --json, a failure is one JSON object on stderr: \"class\", \"code\" (as above), \"message\", and
where there is one \"hint\" and the procedure's own \"error\".";

/// How the device is reached.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Link")]
pub struct LinkOptions {
    /// The device's port: a path, VID:PID[:SERIAL], id:SERIAL, tcp:HOST:PORT or sim. May be left out
    /// if there is only one.
    #[arg(
        long,
        short,
        global = true,
        env = "SERIAL_RPC_PORT",
        value_name = "PORT",
        hide_env_values = true,
        add = ArgValueCompleter::new(crate::completer::ports)
    )]
    pub port: Option<Selector>,

    /// The speed of a serial port, in bits a second [default: 115200].
    #[arg(
        long,
        global = true,
        env = "SERIAL_RPC_BAUD",
        hide_env_values = true,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub baud: Option<u32>,

    /// How long a call may take, in seconds [default: 2, and longer on a slow line].
    #[arg(
        long,
        global = true,
        env = "SERIAL_RPC_TIMEOUT",
        hide_env_values = true,
        value_name = "SECONDS",
        value_parser = seconds
    )]
    pub timeout: Option<Duration>,

    /// How often a call that was not answered in time is made again, if it never ran or its
    /// procedure is idempotent [default: 0].
    #[arg(
        long,
        global = true,
        env = "SERIAL_RPC_RETRIES",
        hide_env_values = true,
        value_name = "COUNT"
    )]
    pub retries: Option<u32>,

    /// Wait for the port to appear.
    #[arg(long, global = true)]
    pub wait: bool,

    /// Neither use nor keep the descriptions of devices that were met before.
    #[arg(
        long,
        global = true,
        env = "SERIAL_RPC_NO_CACHE",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    pub no_cache: bool,
}

/// How results are shown.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// Print results, and errors, as JSON.
    #[arg(long, global = true)]
    pub json: bool,

    #[command(flatten)]
    pub color: Color,

    /// Show the frames that pass, in words, on stderr; twice for their bytes too.
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Write the bytes that pass to a file, which `serial-rpc trace` reads.
    #[arg(long, global = true, value_name = "FILE")]
    pub capture: Option<PathBuf>,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    Ports(Ports),
    Info(Info),
    List(List),
    Describe(Describe),
    Call(Call),
    Watch(Watch),
    Log(Log),
    Get(Get),
    Put(Put),
    Shell(Shell),
    Batch(Batch),
    Ping(Ping),
    Bench(Bench),
    Stats(Stats),
    Trace(Trace),
    Simulate(Simulate),
    Schema(Schema),
    Completions(Completions),
    Man(Man),
}

/// Reads a time: a number of seconds, such as `0.5`, or one with a unit, such as `100ms`.
pub fn seconds(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, f64); 4] = [("ms", 1e-3), ("min", 60.0), ("s", 1.0), ("h", 3600.0)];
    let number_and_unit = |(unit, seconds)| Some((text.strip_suffix(unit)?, seconds));
    let units = UNITS.into_iter();
    let (number, unit) = units
        .filter_map(number_and_unit)
        .next()
        .unwrap_or((text, 1.0));
    let number: f64 = number.trim_end().parse().map_err(|_| {
        "expected a number of seconds, such as 0.5, or a time such as 100ms".to_owned()
    })?;
    match Duration::try_from_secs_f64(number * unit) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("expected more than 0 seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_time_is_some_seconds_or_has_a_unit() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("100ms"), Ok(Duration::from_millis(100)));
        assert_eq!(seconds("1.5 s"), Ok(Duration::from_millis(1500)));
        assert_eq!(seconds("2min"), Ok(Duration::from_secs(120)));
        assert_eq!(seconds("1h"), Ok(Duration::from_secs(3600)));
        for text in ["0", "-1", "nan", "inf", "1e300", "1m", "ms", "0ms", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
