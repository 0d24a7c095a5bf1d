//! The tests on simulated lines of `tests/tests`, with the C library's client in the place of the Rust one.
#![cfg(every_pairing)]

/// They find the simulation of these ends under the name of that of the Rust ends.
extern crate self as tests;
extern crate tests as shared;

use shared::{clock, counter, line, wire};

mod end {
    pub use c_library::client::Subscriptions;
    pub use c_library::{Client, Ticket};
    pub use rpc_proto::events::EventQueue;
    pub use rpc_proto::server::Server;
}

#[path = "../../../src/fault_table.rs"]
mod fault_table;
#[allow(dead_code, reason = "tests of the Rust ends use the rest")]
#[path = "../../../src/simulation.rs"]
mod simulation;
#[path = "../../../src/workload.rs"]
mod workload;

#[path = "../../../tests/events.rs"]
mod events;
#[path = "../../../tests/every_byte.rs"]
mod every_byte;
#[path = "../../../tests/fault_table.rs"]
mod fault_table_claims;
#[path = "../../../tests/faults.rs"]
mod faults;
#[path = "../../../tests/in_the_field.rs"]
mod in_the_field;
#[path = "../../../tests/resending.rs"]
mod resending;
#[path = "../../../tests/seals.rs"]
mod seals;
