//! `serial-rpc gateway`: starts the program that shares devices among programs.

use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::negative::unmarked;
use crate::target::Target;
use serial_rpc::Options;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process::Command;

/// The gateway's file.
const PROGRAM: &str = "serial-rpc-gateway";

/// Share devices among programs, also by HTTP and on a page in a browser.
///
/// This starts the program serial-rpc-gateway with all that follows; `serial-rpc gateway --help` shows
/// its own help. Without a device there, it is that of --port.
#[derive(Debug, clap::Args)]
#[command(
    disable_help_flag = true,
    after_help = "Examples:
  serial-rpc gateway sim
  serial-rpc gateway arm=id:E660583883 lamp=2e8a:000a
  serial-rpc gateway --help"
)]
pub struct Gateway {
    /// The devices and the options of the gateway.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT", value_parser = unmarked)]
    arguments: Vec<String>,
}

/// Starts the gateway, which takes the place of this program where the system can do that.
pub fn run(context: &Context, gateway: &Gateway) -> Result<(), Failure> {
    let mut command = Command::new(program());
    command.args(&gateway.arguments);
    // The options of the link that are given before its name, or in the project's file.
    let (target, options) = context.settled()?;
    if target != Target::default() {
        command.env("SERIAL_RPC_PORT", target.to_string());
    }
    let mut default = Options::default();
    if options.baud != default.baud {
        command.env("SERIAL_RPC_BAUD", options.baud.to_string());
        default = Options::at(options.baud);
    }
    if options.timeout != default.timeout {
        let seconds = options.timeout.as_secs_f64().to_string();
        command.env("SERIAL_RPC_TIMEOUT", seconds);
    }
    if options.retries != default.retries {
        command.env("SERIAL_RPC_RETRIES", options.retries.to_string());
    }
    if context.link.no_cache {
        command.env("SERIAL_RPC_NO_CACHE", "1");
    }
    if context.json {
        command.arg("--log-json");
    }
    if context.shows_traffic() {
        command.env("SERIAL_RPC_LOG", "debug");
    }
    Err(not_started(&replace(command)))
}

/// Returns the gateway beside this program, else the one that the system finds.
fn program() -> PathBuf {
    let name = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
    let own = std::env::current_exe().ok();
    own.map(|own| own.with_file_name(&name))
        .filter(|beside| beside.is_file())
        .unwrap_or_else(|| name.into())
}

/// Lets it take the place of this program, so that signals reach it; returns only if it cannot be started.
#[cfg(unix)]
fn replace(mut command: Command) -> io::Error {
    use std::os::unix::process::CommandExt;
    command.exec()
}

/// Runs it and ends with its exit code; returns only if it cannot be started.
#[cfg(not(unix))]
fn replace(mut command: Command) -> io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(Class::Internal as i32)),
        Err(error) => error,
    }
}

fn not_started(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::NotFound => Failure::new(
            Class::Usage,
            format!("{PROGRAM} is neither beside this program nor in PATH"),
        )
        .hint("`cargo install --path host-cli/gateway`, in a clone, installs it"),
        _ => Failure::new(Class::Internal, format!("cannot start {PROGRAM}: {error}")),
    }
}
