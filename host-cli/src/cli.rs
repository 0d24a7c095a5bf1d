//! The command line: what can be written, and what it says about itself.

use crate::commands::{
    batch::Batch, call::Call, list::List, shell::Shell, simulate::Simulate, trace::Trace,
};
use crate::failure::{Class, Failure};
use crate::interrupt;
use crate::watch;
use clap::{ArgAction, Parser, Subcommand};
use serial_rpc::port::serial_ports;
use serial_rpc::{Connection, Options, Port};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Call procedures of a microcontroller over a serial link.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 ok, 1 internal, 2 usage, 3 port, 4 time-out, 5 protocol or signature, \
                  6 the procedure's own error, 7 outcome unknown, 130 interrupted."
)]
pub struct Cli {
    /// The device's port: a path such as /dev/ttyACM0, tcp:HOST:PORT, or sim for a simulated
    /// device. May be left out if there is only one serial port.
    #[arg(
        long,
        short,
        global = true,
        env = "SERIAL_RPC_PORT",
        value_name = "PORT"
    )]
    port: Option<Port>,

    /// The speed of a serial port, in bits a second.
    #[arg(
        long,
        global = true,
        env = "SERIAL_RPC_BAUD",
        default_value_t = 115_200
    )]
    baud: u32,

    /// How long a call may take, in seconds.
    #[arg(
        long,
        global = true,
        env = "SERIAL_RPC_TIMEOUT",
        value_name = "SECONDS",
        default_value = "2",
        value_parser = seconds
    )]
    timeout: Duration,

    /// Show the frames that pass, in words, on stderr; twice for their bytes too.
    #[arg(long, short, global = true, action = ArgAction::Count)]
    verbose: u8,

    /// Write the bytes that pass to a file, which `serial-rpc trace` reads.
    #[arg(long, global = true, value_name = "FILE")]
    capture: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the procedures that the device offers.
    List(List),
    /// Call a procedure and print its value.
    Call(Call),
    /// Call procedures from a prompt.
    Shell(Shell),
    /// Make the calls in a file.
    Batch(Batch),
    /// Offer a simulated device on a port.
    Simulate(Simulate),
    /// Show a captured conversation in words.
    Trace(Trace),
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "expected a number of seconds, such as 0.5".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("expected more than 0 seconds".to_owned()),
    }
}

impl Cli {
    /// The speed of a serial port, in bits a second.
    pub fn baud(&self) -> u32 {
        self.baud
    }

    /// Opens the port that is meant.
    pub fn connect(&self) -> Result<Arc<Connection>, Failure> {
        let port = match &self.port {
            Some(port) => port.clone(),
            None => only_port()?,
        };
        let options = Options {
            baud: self.baud,
            timeout: self.timeout,
        };
        let tap = watch::tap(self.verbose, self.capture.as_deref())?;
        let device = Connection::open_with(port, options)?;
        let device = Arc::new(match tap {
            Some(tap) => device.tapped_by(tap),
            None => device,
        });
        interrupt::cancels(&device);
        Ok(device)
    }
}

/// The one serial port that there is. With several, none is as good as another: a wrong guess
/// would send bytes to somebody else's device.
fn only_port() -> Result<Port, Failure> {
    let mut ports = serial_ports();
    match (ports.pop(), ports.as_slice()) {
        (Some(port), []) => Ok(Port::Serial(port)),
        (Some(last), others) => Err(Failure::new(
            Class::Usage,
            "there are several serial ports, and none was chosen",
        )
        .hint(format!(
            "choose one with --port: {}, {last}",
            others.join(", ")
        ))),
        (None, _) => Err(Failure::new(Class::Port, "no serial port was found").hint(
            "plug the device in, or choose another port with --port; --port sim needs no device",
        )),
    }
}
