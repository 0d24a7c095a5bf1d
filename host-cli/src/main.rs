//! `serial-rpc`: call procedures of a microcontroller from a shell.
//!
//! Results go to stdout and everything else to stderr; the exit code tells what kind of failure it
//! was ([`failure`]).

mod cli;
mod commands;
mod failure;
mod interrupt;
mod output;
mod watch;
mod words;

use clap::Parser;
use cli::{Cli, Command};
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match interrupt::listen().and_then(|()| run(&cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(false),
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::List(list) => commands::list::run(cli, list),
        Command::Call(call) => commands::call::run(cli, call),
        Command::Shell(shell) => commands::shell::run(cli, shell),
        Command::Batch(batch) => commands::batch::run(cli, batch),
        Command::Simulate(simulate) => commands::simulate::run(cli, simulate),
        Command::Trace(trace) => commands::trace::run(trace),
    }
}
