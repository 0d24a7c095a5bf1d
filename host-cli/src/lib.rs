//! Call procedures of a microcontroller from the host: from Rust, or from a shell with the
//! program `serial-rpc`, which is made of this library.
//!
//! ```
//! use rpc_proto::calculator::CalculatorClient;
//! use serial_rpc::Connection;
//!
//! let device = Connection::open("sim")?; // or "/dev/ttyACM0", "2e8a:000a", "tcp:localhost:4000"
//!
//! // With the interface at hand: its typed client.
//! let mut calculator = CalculatorClient::new(&device);
//! assert_eq!(calculator.add(2, 3)?, 5);
//!
//! // Without: by name, as the device describes it.
//! assert_eq!(device.call("calculator.add", &serde_json::json!([2, 3]))?, 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod arguments;
pub mod cache;
pub mod connection;
mod cursor;
pub mod description;
pub mod line;
pub mod link;
mod nearest;
pub mod port;
pub mod simulation;
pub mod trace;
pub mod value;

pub use connection::{Connection, Options};
pub use port::{Port, Selector};
/// Why a typed client's call has no value: of the protocol, here so that a program need not depend on that.
pub use rpc_proto::client::{CallError, Cause, Ran};
