//! Feeds any bytes to the demonstration in C and to the one in Rust: they say the same.
//!
//! `SERIAL_RPC_C_FLAGS=-fsanitize=fuzzer-no-link,address CC=clang` has the fuzzer see the C library from inside.
#![no_main]

use c_library::same;
use fuzz::{FRAME, pieces};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let stream: Vec<u8> = pieces(bytes).flat_map(|piece| piece.to_bytes()).collect();
    // Some of an answer is still to be sent when the next bytes come.
    let pace = [(1, usize::MAX), (1, 2)];
    let prompt = bytes.first().is_some_and(|first| first & 1 == 0);
    same::check::<FRAME, 2>(&stream, if prompt { &pace[..1] } else { &pace });
});
