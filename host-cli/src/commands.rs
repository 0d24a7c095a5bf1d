//! The commands, one file each.

pub mod call;
pub mod completions;
pub mod describe;
pub mod info;
pub mod list;
pub mod man;
pub mod ping;
pub mod ports;
pub mod schema;
pub mod stats;
