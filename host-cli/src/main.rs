//! `serial-rpc`: call procedures of a microcontroller from a shell.
//!
//! Results go to stdout and everything else to stderr; the exit code tells what kind of failure it
//! was ([`failure`]).

mod cli;
mod columns;
mod commands;
mod completer;
mod connect;
mod failure;
mod following;
mod input;
mod interface;
mod interrupt;
mod negative;
mod output;
mod project;
mod repeating;
mod round_trip;
mod summary;
mod tapping;
mod timestamps;
mod transfer;
mod words;

use clap::{CommandFactory, Parser};
use clap_complete::CompleteEnv;
use cli::{Cli, Command};
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Answers the shell's questions while the user types, and ends there.
    CompleteEnv::with_factory(Cli::command).complete();

    let cli = match Cli::try_parse_from(negative::marked(std::env::args_os())) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && std::env::args().any(|word| word == "--json") => {
            return Failure::from(error).report(true);
        }
        Err(error) => error.exit(),
    };
    cli.output.color.write_global();
    match interrupt::listen().and_then(|()| run(&cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(cli.output.json),
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Ports(ports) => commands::ports::run(cli, ports),
        Command::Info(info) => commands::info::run(cli, info),
        Command::List(list) => commands::list::run(cli, list),
        Command::Describe(describe) => commands::describe::run(cli, describe),
        Command::Call(call) => commands::call::run(cli, call),
        Command::Watch(watch) => commands::watch::run(cli, watch),
        Command::Log(log) => commands::log::run(cli, log),
        Command::Get(get) => commands::get::run(cli, get),
        Command::Put(put) => commands::put::run(cli, put),
        Command::Shell(shell) => commands::shell::run(cli, shell),
        Command::Batch(batch) => commands::batch::run(cli, batch),
        Command::Bench(bench) => commands::bench::run(cli, bench),
        Command::Ping(ping) => commands::ping::run(cli, ping),
        Command::Stats(stats) => commands::stats::run(cli, stats),
        Command::Trace(trace) => commands::trace::run(cli, trace),
        Command::Simulate(simulate) => commands::simulate::run(cli, simulate),
        Command::Schema(schema) => commands::schema::run(cli, schema),
        Command::Completions(completions) => commands::completions::run(completions),
        Command::Man(man) => commands::man::run(man),
    }
}
