//! The commands that the shell has besides procedures: those of the program that need the device.

use crate::commands::{
    self, bench::Bench, describe::Describe, get::Get, info::Info, list::List, log::Log, ping::Ping,
    put::Put, stats::Stats, update::Update, watch::Watch,
};
use crate::context::{Context, without_program};
use crate::failure::{self, Class, Failure};
use crate::{negative, output};
use clap::builder::StyledStr;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// A command at the prompt.
#[derive(Debug, Parser)]
#[command(
    no_binary_name = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub enum Own {
    Bench(Bench),
    Describe(Describe),
    Get(Get),
    Info(Info),
    List(List),
    Log(Log),
    Ping(Ping),
    Put(Put),
    Stats(Stats),
    Update(Update),
    Watch(Watch),
}

impl Own {
    /// Returns the names of the commands.
    pub fn names() -> Vec<String> {
        let command = Self::command();
        let names = command.get_subcommands();
        names.map(|command| command.get_name().to_owned()).collect()
    }

    /// Returns true if a command has that name. No procedure has: a path is not a single word.
    pub fn has(name: &str) -> bool {
        Self::has_subcommand(name)
    }

    /// Runs the command in the words of a line, or shows its help if they ask for it.
    pub fn run(context: &Context, words: &[String]) -> Result<(), Failure> {
        // The examples are lines of another shell.
        let command = Self::command().mut_subcommands(|command| {
            let none = StyledStr::default();
            command.after_help(none.clone()).after_long_help(none)
        });
        let words = words.iter().map(Into::into);
        let parsed = command.try_get_matches_from(negative::marked(words));
        match parsed.and_then(|matches| Self::from_arg_matches(&matches)) {
            Ok(command) => command.run_on(context),
            Err(error) if !error.use_stderr() => {
                let help = error.render().ansi().to_string();
                output::print(without_program(help.trim_end()))
            }
            Err(error) => Err(failure::refused(&error)),
        }
    }

    fn run_on(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Bench(bench) => commands::bench::run(context, bench),
            Self::Describe(describe) => commands::describe::run(context, describe),
            Self::Get(get) => commands::get::run(context, get),
            Self::Info(info) => commands::info::run(context, info),
            Self::List(list) => commands::list::run(context, list),
            Self::Log(log) => commands::log::run(context, log),
            Self::Ping(ping) => commands::ping::run(context, ping),
            Self::Put(put) if put.reads_stdin() => Err(stdin_is_taken()),
            Self::Update(update) if update.reads_stdin() => Err(stdin_is_taken()),
            Self::Put(put) => commands::put::run(context, put),
            Self::Stats(stats) => commands::stats::run(context, stats),
            Self::Update(update) => commands::update::run(context, update),
            Self::Watch(watch) => commands::watch::run(context, watch),
        }
    }
}

fn stdin_is_taken() -> Failure {
    let message = "stdin has the lines of the shell: name a file";
    Failure::new(Class::Usage, message)
}
