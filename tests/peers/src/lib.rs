//! serial-rpc and postcard-rpc, each called in the same ways, for the programs that compare them; and
//! how those draw and write what they have measured.

pub mod chart;
pub mod device_cost;
pub mod documents;
pub mod echo;
pub mod many_devices;
pub mod postcard_rpc;
pub mod pty;
pub mod serial_rpc;
