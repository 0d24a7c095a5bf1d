//! Feeds any bytes to a caller in C.
//!
//! `SERIAL_RPC_C_FLAGS=-fsanitize=fuzzer-no-link,address CC=clang` has the fuzzer see the C library from inside.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod end {
    pub use c_library::Client;
}

#[path = "client/any_bytes.rs"]
mod any_bytes;

fuzz_target!(|bytes: &[u8]| any_bytes::check(bytes));
