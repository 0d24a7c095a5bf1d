//! The options that every command has: the link to the device, and the form of results.

use crate::completer;
use crate::target::Target;
use clap::ArgAction;
use clap::builder::FalseyValueParser;
use clap_complete::ArgValueCompleter;
use colorchoice_clap::Color;
use serial_rpc::seconds::seconds;
use std::path::PathBuf;
use std::time::Duration;

/// The options of the link to the device.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Link")]
pub struct LinkOptions {
    /// The device's port: a path, VID:PID[:SERIAL], id:SERIAL, tcp:HOST:PORT, unix:PATH or sim. May be left
    /// out if only one is of a USB device. A port that a gateway has is used through it.
    #[arg(
        long,
        short,
        global = true,
        env = "SERIAL_RPC_PORT",
        value_name = "PORT",
        hide_env_values = true,
        add = ArgValueCompleter::new(completer::ports)
    )]
    pub port: Option<Target>,

    /// The speed of a serial port, in bits a second [default: 115200].
    #[arg(
        long,
        global = true,
        env = "SERIAL_RPC_BAUD",
        hide_env_values = true,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub baud: Option<u32>,

    /// Time limit for a call, in seconds [default: 2, and longer on a slow line].
    #[arg(
        long,
        global = true,
        env = "SERIAL_RPC_TIMEOUT",
        hide_env_values = true,
        value_name = "SECONDS",
        value_parser = seconds
    )]
    pub timeout: Option<Duration>,

    /// Number of times that an unanswered call is made again, if it never ran or its procedure is
    /// idempotent [default: 0].
    #[arg(
        long,
        global = true,
        env = "SERIAL_RPC_RETRIES",
        hide_env_values = true,
        value_name = "COUNT"
    )]
    pub retries: Option<u32>,

    /// Wait for the port to appear, and for other programs to close it.
    #[arg(long, global = true)]
    pub wait: bool,

    /// Neither read nor write the cache of descriptions.
    #[arg(
        long,
        global = true,
        env = "SERIAL_RPC_NO_CACHE",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    pub no_cache: bool,
}

/// The options for showing results.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// Print results, and errors, as JSON.
    #[arg(long, global = true)]
    pub json: bool,

    #[command(flatten)]
    pub color: Color,

    /// Show the frames that pass, in words, on stderr; twice to show their bytes too.
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Write the bytes that pass to a file, for `serial-rpc trace`.
    #[arg(long, global = true, value_name = "FILE")]
    pub capture: Option<PathBuf>,
}
