//! Calls procedures of a microcontroller from the host, over a serial port, TCP or a link of your
//! own.
//!
//! ```
//! use firmware::calculator::CalculatorClient;
//! use serial_rpc::Connection;
//! use serial_rpc_simulator::SimulatedDevice;
//!
//! // Or `Connection::open("/dev/ttyACM0")?`, or "2e8a:000a", or "tcp:localhost:4000".
//! let device = Connection::to(SimulatedDevice::new());
//!
//! // With the interface's crate: its typed client.
//! let mut calculator = CalculatorClient::new(&device);
//! assert_eq!(calculator.add(2, 3)?, 5);
//!
//! // Without: by name, as the device describes it.
//! assert_eq!(device.call("calculator.add", &serde_json::json!([2, 3]))?, 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod cache;
pub mod connection;
pub mod failure;
pub mod link;
pub mod port;

pub use connection::{Connection, Options};
pub use port::{Port, Selector};
/// The error of a typed client's call. It belongs to the protocol and is re-exported, so that a
/// program need not depend on that crate.
pub use rpc_proto::client::{CallError, Cause, Ran};
/// Firmware images, for [`Connection::update`].
pub use serial_rpc_image as image;
pub use serial_rpc_values::{arguments, description, safe, seconds, trace, value};
