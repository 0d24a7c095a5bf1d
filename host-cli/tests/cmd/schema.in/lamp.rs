//! The interface of a lamp.

use rpc_proto::Schema;
use serde::{Deserialize, Serialize};

/// A lamp.
#[rpc_proto::service]
pub trait Lamp {
    /// Switches it.
    #[idempotent]
    fn set(&mut self, on: bool);
    /// Dims it.
    fn dim(&mut self, percent: u8) -> Result<(), TooBright>;
}

/// More than 100 percent.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct TooBright;

rpc_proto::interface! {
    struct DeskLamp("desk-lamp", "1.0.0") {
        lamp: LampService<Bulb>,
    }
}
