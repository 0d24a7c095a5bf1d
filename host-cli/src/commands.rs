//! The commands, one file each.

pub mod batch;
pub mod call;
pub mod list;
pub mod shell;
pub mod simulate;
pub mod trace;
