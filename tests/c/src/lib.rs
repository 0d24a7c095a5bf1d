//! The C library behind the interfaces of the Rust ends.
//!
//! [`Server`], [`EventQueue`] and [`Client`] have the methods of those in `rpc_proto`. A test of these that takes its ends from
//! `crate::end` thus runs on either: procedures, callers and what is expected stay as they are.
//!
//! Without a C compiler the package is empty.
#![cfg(c_compiler)]

pub mod caller;
pub mod client;
mod device;
mod events;
mod procedure;
pub mod same;
mod server;
pub mod sys;

pub use client::{Client, Ticket};
pub use device::DeviceInC;
pub use events::EventQueue;
pub use server::{EventSource, NoEvents, Server};
