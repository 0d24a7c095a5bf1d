//! A device that the gateway owns, by the name that programs know it by.

use serial_rpc::port::OpenError;
use serial_rpc::{Connection, Options, Selector};
use serial_rpc_simulator::SimulatedDevice;
use std::str::FromStr;

/// A device that programs share.
#[derive(Debug)]
pub struct Device {
    name: String,
    connection: Connection,
}

impl Device {
    /// Opens the device at that place.
    ///
    /// # Errors
    /// Fails if its port cannot be opened.
    pub fn open(name: String, place: &Place, options: Options) -> Result<Self, OpenError> {
        let connection = match place {
            Place::Simulated => Connection::over(SimulatedDevice::new(), options)?,
            Place::On(selector) => Connection::open_with(selector.clone(), options)?,
        };
        Ok(Self { name, connection })
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns a connection for another program.
    pub fn connection(&self) -> Connection {
        self.connection.clone()
    }
}

/// The place where a device is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Simulated in this program.
    Simulated,
    /// On the port that this selects.
    On(Selector),
}

impl FromStr for Place {
    type Err = serial_rpc::port::NotAPort;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "sim" => Ok(Self::Simulated),
            port => port.parse().map(Self::On),
        }
    }
}
