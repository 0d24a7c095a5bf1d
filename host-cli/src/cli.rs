//! The command line: its syntax and its help.

use crate::commands::{
    batch::Batch, bench::Bench, call::Call, completions::Completions, describe::Describe,
    gateway::Gateway, generate::Generate, get::Get, info::Info, list::List, log::Log, man::Man,
    ping::Ping, ports::Ports, put::Put, schema::Schema, shell::Shell, simulate::Simulate,
    stats::Stats, stubs::Stubs, trace::Trace, update::Update, watch::Watch,
};
use crate::options::{LinkOptions, OutputOptions};
use clap::{Parser, Subcommand};

/// Call procedures of a microcontroller over a serial link.
///
/// A device describes itself, so its port is all that you need to list its procedures and call
/// them.
#[derive(Debug, Parser)]
#[command(name = "serial-rpc", version, max_term_width = 100, after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"))]
pub struct Cli {
    #[command(flatten)]
    pub link: LinkOptions,

    #[command(flatten)]
    pub output: OutputOptions,

    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  serial-rpc ports                                list the serial ports
  serial-rpc list                                 list the procedures and events
  serial-rpc describe calculator.add              explain a procedure
  serial-rpc call calculator.add 2 3
  serial-rpc watch calculator.total_changed       show events as they come
  serial-rpc --port sim call calculator.total     without a device";

const DETAILS: &str = "\
Which port:
  --port, else the environment variable SERIAL_RPC_PORT, else `port` in the nearest
  serial-rpc.toml, else the only one of a USB device. It is written as one of
    /dev/ttyACM0, COM3    a path or name
    2e8a:000a             vendor and product of a USB device
    2e8a:000a:E660583883  the same, and its serial number
    id:E660583883         the serial number alone
    tcp:localhost:4000    a port that another program offers, such as ser2net or an emulator
    sim                   a device simulated in this program
  The other options of the link are looked up likewise. A project's serial-rpc.toml, in the current
  folder or one above, may say:
    port = \"2e8a:000a\"
    baud = 921600
    timeout = 0.5
    retries = 2

Exit codes:
    0  ok
    1  internal: this should not happen
    2  usage: the command line or the arguments are wrong, and nothing was sent
    3  port: it is missing, busy, not permitted or was lost
    4  time-out: the device did not answer
    5  protocol or signature: the two ends do not understand each other
    6  the procedure ran and ended in its own error
    7  outcome unknown: the call may have run, once, or not
    8  update failed: the device does not run the new firmware, or not for good
  130  interrupted with Ctrl-C

With --json, a failure is one JSON object on stderr: \"class\", \"code\" (as above), \"message\", and
where there is one \"hint\" and the procedure's own \"error\".";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Ports(Ports),
    Info(Info),
    List(List),
    Describe(Describe),
    Call(Call),
    Watch(Watch),
    Log(Log),
    Get(Get),
    Put(Put),
    Update(Update),
    Shell(Shell),
    Batch(Batch),
    Ping(Ping),
    Bench(Bench),
    Stats(Stats),
    Trace(Trace),
    Simulate(Simulate),
    Gateway(Gateway),
    Schema(Schema),
    Generate(Generate),
    Stubs(Stubs),
    Completions(Completions),
    Man(Man),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
