//! Selects the device: on a port of this machine, or simulated in this program.

use serial_rpc::port::{NotAPort, OpenError};
use serial_rpc::{Connection, Options, Selector};
use serial_rpc_simulator::SimulatedDevice;
use std::fmt;
use std::str::FromStr;

/// The name of the simulated device on the command line.
pub const SIMULATED: &str = "sim";

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one that is simulated in this program.
    Simulated,
    /// The one on that port.
    On(Selector),
}

impl Target {
    /// Opens a connection to it.
    pub fn connect(&self, options: Options) -> Result<Connection, OpenError> {
        match self {
            Self::Simulated => Connection::over(SimulatedDevice::new(), options),
            Self::On(selector) => Connection::open_with(selector.clone(), options),
        }
    }
}

impl Default for Target {
    /// Returns the device on the only port of a USB device.
    fn default() -> Self {
        Self::On(Selector::Only)
    }
}

impl FromStr for Target {
    type Err = NotAPort;

    fn from_str(text: &str) -> Result<Self, NotAPort> {
        match text {
            SIMULATED => Ok(Self::Simulated),
            port => port.parse().map(Self::On),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated => formatter.write_str(SIMULATED),
            Self::On(selector) => selector.fmt(formatter),
        }
    }
}
