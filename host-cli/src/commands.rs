//! The commands, one file each.

pub mod call;
pub mod list;
pub mod simulate;
pub mod trace;
