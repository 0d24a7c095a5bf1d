//! Feeds any bytes: every frame that the accumulator finds encodes to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rpc_proto::wire::frame::{Accumulator, Encoder};

const FRAME: usize = 300;

fuzz_target!(|bytes: &[u8]| {
    let mut accumulator = Accumulator::<FRAME>::new();
    for &byte in bytes {
        let Some(Ok(payload)) = accumulator.push(byte) else {
            continue;
        };
        // Every payload that is accepted can be sent again, and arrives unchanged.
        let mut buffer = [0; FRAME + 2];
        let mut encoder = Encoder::new(&mut buffer);
        for &byte in payload {
            encoder.push(byte);
        }
        let len = encoder.finish().expect("it fitted before");
        let mut again = Accumulator::<FRAME>::new();
        let (last, others) = buffer[..len].split_last().expect("a frame has a delimiter");
        assert!(others.iter().all(|&byte| again.push(byte).is_none()));
        assert_eq!(again.push(*last), Some(Ok(payload)));
    }
});
