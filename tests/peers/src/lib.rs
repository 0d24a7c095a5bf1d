//! Calls serial-rpc and postcard-rpc in the same ways, for the programs that compare them, and
//! draws and writes their measurements.

pub mod chart;
pub mod device_cost;
pub mod documents;
pub mod echo;
pub mod many_devices;
pub mod postcard_rpc;
pub mod pty;
pub mod serial_rpc;
