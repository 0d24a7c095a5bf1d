//! The commands, one file each.

pub mod batch;
pub mod bench;
pub mod call;
pub mod completions;
pub mod describe;
pub mod gateway;
pub mod generate;
pub mod get;
pub mod info;
pub mod list;
pub mod log;
pub mod man;
pub mod ping;
pub mod ports;
pub mod put;
pub mod schema;
pub mod shell;
pub mod simulate;
pub mod stats;
pub mod stubs;
pub mod trace;
pub mod update;
pub mod watch;
