//! Tests the replacing of a device's firmware, in simulation.

mod images;
mod interfaces;
mod mcuboot;
mod power;
mod units;
