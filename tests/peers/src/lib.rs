//! serial-rpc and postcard-rpc, each called in the same ways, for the programs that compare them.

pub mod echo;
pub mod postcard_rpc;
pub mod pty;
pub mod serial_rpc;
