//! Tests arbitrary input at the C library's ends, as `tests/tests/bad_input` does at the Rust ones.
#![cfg(c_compiler)]

/// The shared tests find the ends under this name.
extern crate self as tests;
extern crate tests as shared;

use shared::{tally, wire};

mod end {
    pub use c_library::{Client, Server, Ticket};
}

#[path = "../../../tests/bad_input/caller.rs"]
mod caller;
#[path = "../../../tests/bad_input/device.rs"]
mod device;
#[path = "../../../tests/bad_input/line.rs"]
mod line;
