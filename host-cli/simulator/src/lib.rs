//! Simulates devices in this process, and serial lines that damage and delay bytes.
//!
//! A test calls a [`SimulatedDevice`] of its own firmware over a
//! [`Connection`](serial_rpc::Connection). A [`Simulation`] puts a [`line`](mod@line) with faults
//! before such a device, for callers in other programs.

mod board;
mod described;
mod device;
pub mod line;
mod prompt_board;
mod simulation;
mod slots;
mod updatable;
mod waiting_board;

pub use board::SimulatedEvents;
pub use described::{DescribedDevice, Serve, Served};
pub use device::{SimulatedDevice, SimulatedInterface};
pub use simulation::Simulation;
pub use slots::SimulatedSlots;
pub use updatable::{Updatable, UpdatableDevice};
