//! `serial-rpc`: call procedures of a microcontroller from a shell.
//!
//! Results go to stdout and everything else to stderr; the exit code tells what kind of failure it
//! was ([`failure`]).

mod cli;
mod commands;
mod failure;
mod watch;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::List(list) => commands::list::run(&cli, list),
        Command::Call(call) => commands::call::run(&cli, call),
        Command::Simulate(simulate) => commands::simulate::run(&cli, simulate),
        Command::Trace(trace) => commands::trace::run(trace),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
