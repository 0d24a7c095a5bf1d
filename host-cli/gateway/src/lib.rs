//! The gateway: owns ports, and shares the devices behind them among programs.
//!
//! `devices` has the devices by name, and `device` is one of them. A program reaches them through
//! `http`.

pub mod device;
pub mod devices;
pub mod http;
pub mod options;
