//! Call functions on a microcontroller over a serial link: the protocol, for both ends.
//!
//! A trait is the interface. [`#[service]`](macro@service) makes a dispatcher for the device, a typed
//! client for the caller, and a description that is a constant in flash:
//!
//! ```
//! use rpc_proto::client::{CallError, Client, Timing};
//! use rpc_proto::drivers::BlockingCaller;
//! use rpc_proto::server::Server;
//! use rpc_proto::service;
//!
//! /// A lamp that can be dimmed.
//! #[service]
//! pub trait Lamp {
//!     /// Sets the brightness in percent.
//!     #[idempotent]
//!     fn dim(&mut self, percent: u8) -> Result<(), TooBright>;
//!     /// How often it was dimmed.
//!     fn count(&mut self) -> u32;
//! }
//!
//! /// More than 100 percent.
//! #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, rpc_proto::Schema)]
//! pub struct TooBright;
//!
//! // The device: an implementation, and a server for it. `server.serve(&mut uart)` is the rest.
//! struct Pwm {
//!     count: u32,
//! }
//! impl Lamp for Pwm {
//!     fn dim(&mut self, percent: u8) -> Result<(), TooBright> {
//!         self.count += 1;
//!         if percent > 100 { Err(TooBright) } else { Ok(()) }
//!     }
//!     fn count(&mut self) -> u32 {
//!         self.count
//!     }
//! }
//! let mut server = Server::<_, 64, 4>::new(LampService(Pwm { count: 0 }));
//!
//! // The caller: the same trait, over the link to the device.
//! # use rpc_proto::time::Instant;
//! # let mut micros = 0;
//! # let clock = || { micros += 1; Instant::from_micros(micros) };
//! # let uart = link::Link { server, unread: Default::default() };
//! let client: Client<64> = Client::new(1, Timing::default());
//! let caller = BlockingCaller::new(uart, clock, client);
//! let mut lamp = LampClient::new(caller);
//! assert_eq!(lamp.dim(50), Ok(()));
//! assert_eq!(lamp.dim(200), Err(CallError::Error(TooBright)));
//! assert_eq!(lamp.count(), Ok(2));
//! # mod link {
//! #     use embedded_io::*;
//! #     use core::convert::Infallible;
//! #     use rpc_proto::{server::Server, service::Dispatch};
//! #     pub struct Link<I> {
//! #         pub server: Server<I, 64, 4>,
//! #         pub unread: std::collections::VecDeque<u8>,
//! #     }
//! #     impl<I> ErrorType for Link<I> { type Error = Infallible; }
//! #     impl<I> Read for Link<I> {
//! #         fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
//! #             buffer[0] = self.unread.pop_front().unwrap_or(0);
//! #             Ok(1)
//! #         }
//! #     }
//! #     impl<I> ReadReady for Link<I> {
//! #         fn read_ready(&mut self) -> Result<bool, Infallible> { Ok(!self.unread.is_empty()) }
//! #     }
//! #     impl<I: Dispatch> Write for Link<I> {
//! #         fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
//! #             for &byte in bytes {
//! #                 self.server.receive(byte);
//! #                 let len = self.server.outgoing().len();
//! #                 self.unread.extend(self.server.outgoing());
//! #                 self.server.sent(len);
//! #             }
//! #             Ok(bytes.len())
//! #         }
//! #         fn flush(&mut self) -> Result<(), Infallible> { Ok(()) }
//! #     }
//! # }
//! ```
//!
//! # What it promises
//!
//! - A call that returns has run exactly once. A call that fails has run at most once, and
//!   [`CallError::ran`](client::CallError::ran) says whether it may have.
//! - Every frame carries a CRC-32; noise only costs the frame that it hits. Every call ends by its
//!   deadline.
//! - A caller detects a changed signature before it sends a call.
//! - No heap, no `unsafe`, no panic path in an optimised image, no clock and no I/O of its own.
//!
//! [`protocol`] is the specification, byte for byte.
//!
//! # Where things are
//!
//! From the wire up: [`wire`] has frames and messages, [`server`] and [`client`] are the two ends of
//! a session, [`mod@service`] connects a server with the user's trait, [`schema`] describes types and
//! [`describe`] the device, [`device`] is the service that every device has, [`events`] queues the
//! events that a device pushes, [`services`] are ready-made (a log, large data, updates of the
//! firmware), and [`drivers`] move bytes between the ends and a UART.
//!
//! # Features
//!
//! - `alloc`: types of `alloc`, such as `String` and `Vec`, can be part of a service. The protocol itself
//!   still has no heap.
//! - `defmt`: implements `defmt::Format` for types that firmware may log, such as
//!   [`Accept`](wire::message::Accept), [`CallError`](client::CallError) or the statistics of either
//!   end.
//! - `log`: sends log records of the crate `log` to the caller, see [`services::log`].
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

// Lets the code that `#[service]` generates name this crate in the same way inside and outside of it.
#[cfg(feature = "alloc")]
extern crate alloc;
extern crate self as rpc_proto;

pub mod client;
pub mod describe;
pub mod device;
pub mod drivers;
pub mod events;
#[doc = include_str!("../PROTOCOL.md")]
pub mod protocol {}
pub mod schema;
pub mod server;
pub mod service;
pub mod services;
pub mod time;
pub mod wire;

pub use rpc_proto_macros::{Schema, service};
pub use schema::Schema;

/// Everything that the code of `#[service]` and `interface!` names, in one place.
#[doc(hidden)]
pub mod macro_support;
