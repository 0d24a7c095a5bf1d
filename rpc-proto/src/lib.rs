//! Call functions on a microcontroller over a serial link.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

// Lets `#[service]` name this crate in the same way inside and outside of it.
extern crate self as rpc_proto;

pub mod calculator;
pub mod client;
pub mod crc;
pub mod describe;
pub mod device;
pub mod frame;
pub mod io;
pub mod message;
pub mod server;
pub mod service;
pub mod time;

pub use rpc_proto_macros::service;

/// What the code that `#[service]` writes needs of other crates.
#[doc(hidden)]
pub mod macro_support {
    pub use postcard_schema::Schema;
}
