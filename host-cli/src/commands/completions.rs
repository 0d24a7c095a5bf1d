//! `serial-rpc completions`: prints scripts that let a shell complete this program's command lines.

use crate::failure::{Class, Failure};
use crate::output;
use clap::ValueEnum;
use clap_complete::Shell;
use clap_complete::env::Shells;

/// Print a script that lets a shell complete commands, options, ports and procedures.
///
/// Procedures are those of known devices, from the cache of descriptions; no device is asked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Put this where the shell reads it at its start:
  bash        source <(serial-rpc completions bash)            in ~/.bashrc
  zsh         source <(serial-rpc completions zsh)             in ~/.zshrc
  fish        serial-rpc completions fish | source             in ~/.config/fish/config.fish
  PowerShell  serial-rpc completions powershell | Out-String | Invoke-Expression
                                                               in $PROFILE")]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

/// Prints the script, which asks this program for candidates whenever the user presses Tab.
pub fn run(completions: &Completions) -> Result<(), Failure> {
    const PROGRAM: &str = "serial-rpc";
    let name = completions.shell.to_possible_value();
    let name = name.as_ref().map_or("", |value| value.get_name());
    let mut script = Vec::new();
    Shells::builtins()
        .completer(name)
        .ok_or_else(|| Failure::new(Class::Internal, format!("no script for {name}")))?
        .write_registration("COMPLETE", PROGRAM, PROGRAM, PROGRAM, &mut script)
        .map_err(|error| Failure::new(Class::Internal, error.to_string()))?;
    output::write(&script)
}
