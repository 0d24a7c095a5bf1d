//! A service in a file of its own.

use rpc_proto::Schema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Schema)]
pub struct Valve(pub u8);

#[rpc_proto::service]
pub trait Valves {
    fn open(&mut self, valve: Valve, others: [Valve; 2]);
}

impl Valves for () {
    fn open(&mut self, _: Valve, _: [Valve; 2]) {}
}
