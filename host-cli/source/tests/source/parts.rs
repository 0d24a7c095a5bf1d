//! An interface whose services and types are in several files.

pub mod valves;

mod types {
    use rpc_proto::Schema;
    use serde::{Deserialize, Serialize};

    pub mod inner {
        pub use super::Speed as Pace;
    }

    /// How fast it turns.
    #[derive(Serialize, Deserialize, Schema)]
    pub struct Speed {
        /// Turns a minute.
        pub turns: u16,
        pub valve: crate::parts::valves::Valve,
    }
}

use rpc_proto::services::log;
use types::inner::Pace;
use valves::ValvesService;

/// A pump.
#[rpc_proto::service]
pub trait Pump {
    /// Starts it.
    fn start(&mut self, pace: Pace) -> Result<Pace, types::Speed>;
}

impl Pump for () {
    fn start(&mut self, pace: Pace) -> Result<Pace, types::Speed> {
        Ok(pace)
    }
}

const NAME: &str = "pump-station";

rpc_proto::interface! {
    /// A station.
    pub struct Station<P: Pump>(NAME, concat!(env!("CARGO_PKG_VERSION"), "-β")) {
        /// The pump.
        pub pump: PumpService<P>,
        pub valves: ValvesService<()>,
        log: log::LogService<()>,
    }
}
