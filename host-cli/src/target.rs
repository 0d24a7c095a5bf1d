//! The device that is meant: on a port of this machine, or the one that is simulated in this program.

use serial_rpc::link::{self, Link};
use serial_rpc::port::{NotAPort, OpenError};
use serial_rpc::{Port, Selector};
use serial_rpc_simulator::SimulatedDevice;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// What the simulated device is called on the command line.
pub const SIMULATED: &str = "sim";

/// Which device is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One that is simulated in this program.
    Simulated,
    /// The one on that port.
    On(Selector),
}

impl Target {
    /// Opens the link to it.
    pub fn open(&self, baud: u32) -> Result<(Port, Arc<dyn Link>), OpenError> {
        match self {
            Self::Simulated => Ok((
                Port::Own(SIMULATED.to_owned()),
                Arc::new(SimulatedDevice::new()),
            )),
            Self::On(selector) => {
                let port = selector.find()?;
                let link = link::open(&port, baud)?;
                Ok((port, link))
            }
        }
    }
}

impl Default for Target {
    /// The device on the only port there is.
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
