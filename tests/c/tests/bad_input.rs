//! Feeds the C server with arbitrary bytes, as the Rust one is.
#![cfg(c_compiler)]

#[path = "../../tests/bad_input/device.rs"]
mod device;
#[path = "../../tests/bad_input/line.rs"]
mod line;

/// The end that is tested.
mod end {
    pub use c_library::Server;
}
