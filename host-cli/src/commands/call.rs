//! `serial-rpc call`: one call, by the device's description.

use crate::cli::Cli;
use crate::failure::Failure;
use anstream::println;
use serial_rpc::description::Shape;
use serial_rpc::value::plain;

/// Call a procedure and print its value.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc call calculator.add 2 3
  serial-rpc call calculator.add y=3 x=2
  serial-rpc call calculator.statistics '[1.5, 2.5, 4]'
  serial-rpc call calculator.evaluate '2*(3+4)-5'")]
pub struct Call {
    /// The procedure, such as calculator.add.
    procedure: String,

    /// The arguments, in order or as NAME=VALUE. Lists, structs and the like are JSON.
    #[arg(allow_negative_numbers = true)]
    arguments: Vec<String>,
}

/// Calls, and prints the value.
pub fn run(cli: &Cli, call: &Call) -> Result<(), Failure> {
    let device = cli.connect()?;
    let value = device
        .call_words(&call.procedure, &call.arguments)
        .map_err(|error| Failure::named_call(&device, error))?;
    let description = device
        .description()
        .map_err(|error| Failure::description(&device, error))?;
    // A procedure that returns nothing prints nothing.
    if description.procedure(&call.procedure)?.value.shape != Shape::Unit {
        println!("{}", plain(&value));
    }
    Ok(())
}
