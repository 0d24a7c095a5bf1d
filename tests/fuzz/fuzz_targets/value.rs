//! Reads any bytes as a value of any type: they are read or refused, and a value that was read
//! encodes to bytes that read the same, unless it is longer than the type says: a device may send that,
//! and is not sent it.
//!
//! The input is the type as in a description, then the value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serial_rpc_values::description::Type;
use serial_rpc_values::value::{Problem, decode, decode_all, encode};

fuzz_target!(|input: (&[u8], &[u8])| {
    let (ty, mut bytes) = input;
    let Ok(ty) = Type::read(ty) else {
        return;
    };
    let Ok(value) = decode(&ty, &mut bytes) else {
        return;
    };
    let mut encoded = Vec::new();
    match encode(&ty, &value, &mut encoded) {
        Err(error) if matches!(error.problem, Problem::TooLong { .. }) => return,
        end => end.expect("what was decoded can be encoded"),
    }
    let again = decode_all(&ty, &encoded).expect("what was encoded can be decoded");
    assert_eq!(again, value);
});
