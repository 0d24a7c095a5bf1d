//! Tests arbitrary input at the C library's caller, as `tests/tests/bad_input` does at the Rust one.
#![cfg(c_compiler)]

/// The shared tests find the ends under this name.
extern crate self as tests;
extern crate tests as shared;

use shared::{tally, wire};

mod end {
    pub use c_library::{Client, Ticket};
    pub use rpc_proto::server::Server;
}

#[path = "../../../tests/bad_input/caller.rs"]
mod caller;
#[path = "../../../tests/bad_input/line.rs"]
mod line;
