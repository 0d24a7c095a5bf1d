//! Tests the C library's end of a session, frame by frame, as the Rust one is tested.
#![cfg(c_compiler)]

/// The end that is tested.
mod end {
    pub use c_library::Server;
}

#[path = "../../tests/session/frames.rs"]
mod frames;
