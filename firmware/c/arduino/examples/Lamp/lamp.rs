//! The interface of the lamp: `serial-rpc generate c lamp.rs` makes `lamp.h` and `lamp.c` of it.

use rpc_proto::Schema;
use serde::{Deserialize, Serialize};

/// A lamp that can be dimmed.
#[rpc_proto::service]
pub trait Lamp {
    /// Sets the brightness in percent.
    #[idempotent]
    fn dim(&mut self, percent: u8) -> Result<(), TooBright>;

    /// The brightness in percent.
    #[idempotent]
    fn brightness(&mut self) -> u8;

    /// The brightness has become another.
    #[event]
    fn dimmed(percent: u8);
}

/// More than 100 percent.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct TooBright;
