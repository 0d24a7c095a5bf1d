//! `serial-rpc`: calls procedures of a microcontroller from a shell.
//!
//! Results go to stdout and everything else to stderr; the exit code is the kind of failure
//! ([`failure`]).

mod cli;
mod columns;
mod commands;
mod completer;
mod context;
mod failure;
mod following;
mod input;
mod interface;
mod interrupt;
mod negative;
mod options;
mod output;
mod part;
mod project;
mod repeating;
mod round_trip;
mod summary;
mod tapping;
mod target;
mod timestamps;
mod transfer;
mod words;

use clap::{CommandFactory, Parser};
use clap_complete::CompleteEnv;
use cli::{Cli, Command};
use context::Context;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Answers the shell's questions while the user types, and then exits.
    CompleteEnv::with_factory(Cli::command).complete();

    let cli = match Cli::try_parse_from(negative::marked(std::env::args_os())) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && std::env::args_os().any(|word| word == "--json") => {
            return ended(true, &failure::refused(&error));
        }
        Err(error) => error.exit(),
    };
    cli.output.color.write_global();
    let context = Context::new(cli.link, cli.output);
    let result = interrupt::listen().and_then(|()| run(&context, &cli.command));
    context.tell_of_others();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ended(context.json, &failure),
    }
}

/// Prints a failure, and returns its exit code.
fn ended(json: bool, failure: &Failure) -> ExitCode {
    output::failure(json, failure);
    ExitCode::from(failure.class as u8)
}

fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    match command {
        Command::Ports(ports) => commands::ports::run(context, ports),
        Command::Info(info) => commands::info::run(context, info),
        Command::List(list) => commands::list::run(context, list),
        Command::Describe(describe) => commands::describe::run(context, describe),
        Command::Call(call) => commands::call::run(context, call),
        Command::Watch(watch) => commands::watch::run(context, watch),
        Command::Log(log) => commands::log::run(context, log),
        Command::Get(get) => commands::get::run(context, get),
        Command::Put(put) => commands::put::run(context, put),
        Command::Update(update) => commands::update::run(context, update),
        Command::Shell(shell) => commands::shell::run(context, shell),
        Command::Batch(batch) => commands::batch::run(context, batch),
        Command::Bench(bench) => commands::bench::run(context, bench),
        Command::Ping(ping) => commands::ping::run(context, ping),
        Command::Stats(stats) => commands::stats::run(context, stats),
        Command::Trace(trace) => commands::trace::run(context, trace),
        Command::Simulate(simulate) => commands::simulate::run(context, simulate),
        Command::Gateway(gateway) => commands::gateway::run(context, gateway),
        Command::Schema(schema) => commands::schema::run(context, schema),
        Command::Generate(generate) => commands::generate::run(context, generate),
        Command::Stubs(stubs) => commands::stubs::run(context, stubs),
        Command::Completions(completions) => commands::completions::run(completions),
        Command::Man(man) => commands::man::run(man, Cli::command()),
    }
}
