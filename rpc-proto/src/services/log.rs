//! A log: lines of text that a device sends, with a level and their origin.
//!
//! It is a service with one event, which is subscribed to, counted and lost like any other
//! ([`events`](crate::events)). A device offers it beside its own services:
//!
//! ```
//! use rpc_proto::events::{Emit, EventQueue};
//! use rpc_proto::services::log::{Level, LogRecord, LogService};
//! use rpc_proto::server::Server;
//! use rpc_proto::service;
//!
//! /// A pump.
//! #[service]
//! trait Pump {
//!     /// Starts it.
//!     fn start(&mut self);
//! }
//!
//! struct Motor;
//! impl Pump for Motor {
//!     fn start(&mut self) {
//!         let (level, target) = (Level::Info, "pump");
//!         EVENTS.emit(&LogRecord { level, target, text: "started" });
//!     }
//! }
//!
//! rpc_proto::interface! {
//!     struct Station("pump-station", "1.0.0") {
//!         pump: PumpService<Motor>,
//!         log: LogService<()>,
//!     }
//! }
//!
//! static EVENTS: EventQueue<512> = EventQueue::new();
//!
//! let station = Station { pump: PumpService(Motor), log: LogService(()) };
//! let server = Server::<_, 160, 2>::with_events(station, &EVENTS);
//! # let _ = server;
//! ```
//!
#![cfg_attr(
    feature = "log",
    doc = "What is logged through the crate `log` is told as well, by an [`EventLogger`]."
)]
#![cfg_attr(
    not(feature = "log"),
    doc = "With the feature `log`, what is logged through the crate of that name is told as well."
)]

#[cfg(feature = "log")]
mod adapter;

#[cfg(feature = "log")]
pub use adapter::EventLogger;

use crate::Schema;
use serde::{Deserialize, Serialize};

/// What the device does, as it says itself.
#[crate::service]
pub trait Log {
    /// A line of the log: how much it matters, what part of the firmware it is from, and what it says.
    #[event]
    fn record(level: Level, target: &str, text: &str);
}

/// A log has no procedures, so it needs no implementation: [`LogService`]`(())` is a log.
impl Log for () {}

/// The level of a line, the most urgent first, as in the crate `log`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Schema,
)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something may be wrong.
    Warn,
    /// Something worth knowing happened.
    Info,
    /// Something that helps to find a mistake.
    Debug,
    /// Every step.
    Trace,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Member;

    #[test]
    fn the_log_has_the_key_that_the_protocol_says() {
        assert_eq!(LogRecord::PATH, "log.record");
        assert_eq!(LogRecord::KEY, 0x8AB4_293C);
    }
}
