//! Feeds any bytes to a caller.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod end {
    pub use rpc_proto::client::Client;
}

#[path = "client/any_bytes.rs"]
mod any_bytes;

fuzz_target!(|bytes: &[u8]| any_bytes::check(bytes));
