//! `serial-rpc call`: one call, by the device's description.

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output::print;
use serial_rpc::Connection;
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
    call_and_print(&*cli.connect()?, &call.procedure, &call.arguments)
}

/// Makes one call, and prints its value.
pub fn call_and_print(
    device: &Connection,
    path: &str,
    arguments: &[String],
) -> Result<(), Failure> {
    let value = device
        .call_words(path, arguments)
        .map_err(|error| Failure::named_call(device, error))?;
    let description = device
        .description()
        .map_err(|error| Failure::description(device, error))?;
    // A procedure that returns nothing prints nothing.
    if description.procedure(path)?.value.shape != Shape::Unit {
        print(plain(&value))?;
    }
    Ok(())
}
