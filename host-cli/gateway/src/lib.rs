//! The gateway: owns ports, and shares the devices behind them among programs.
//!
//! `devices` has the devices by name, and `device` is one of them. A program reaches them through
//! `sharing`, by the protocol itself, or through `http`; `page` is what people see. `access` says what it
//! may do, and `metrics` counts what it does. `options`, `logs`, `listening`, `stop` and `failure` make a
//! program of it.

pub mod access;
pub mod device;
pub mod devices;
pub mod failure;
pub mod http;
pub mod listening;
pub mod logs;
pub mod metrics;
#[allow(
    rustdoc::broken_intra_doc_links,
    reason = "its docs are what --help prints"
)]
pub mod options;
pub mod page;
pub mod sharing;
pub mod stop;
