//! Tests arbitrary input, in arbitrary pieces: neither end panics, no procedure runs for an invalid
//! frame, and both ends work again as soon as the line does.

mod caller;
mod device;
mod line;

/// The end that is tested. `tests/c/tests/bad_input` tests that of the C library.
mod end {
    pub use rpc_proto::server::Server;
}
