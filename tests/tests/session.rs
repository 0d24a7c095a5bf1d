//! Tests the device's end of a session, frame by frame. `tests/c/tests/session.rs` does so with the C library.

/// The end that is tested.
mod end {
    pub use rpc_proto::server::Server;
}

#[path = "session/dropped.rs"]
mod dropped;
#[path = "session/frames.rs"]
mod frames;
