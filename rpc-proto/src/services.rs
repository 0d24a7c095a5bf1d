//! Services that any device may offer beside its own.

pub mod blocks;
pub mod log;
mod pieces;
pub mod update;
