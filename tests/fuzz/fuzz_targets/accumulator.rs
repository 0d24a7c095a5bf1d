//! Feeds any bytes: every frame that the accumulator finds encodes to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rpc_proto::wire::frame::{Accumulator, Encoder};
use rpc_proto::wire::seal::Seal;

const FRAME: usize = 300;

fuzz_target!(|bytes: &[u8]| {
    let mut accumulator = Accumulator::<FRAME>::new();
    for &byte in bytes {
        let Some(Ok(candidate)) = accumulator.push(byte) else {
            continue;
        };
        let header = candidate.header();
        // Whether it checks or not, it can be sent: fuzzers seldom find a checksum.
        let body = candidate.unchecked_body();
        let seal = Seal::of_session(1);
        // Every payload that is accepted can be sent again, and arrives unchanged.
        let mut buffer = [0; FRAME + 2];
        let mut encoder = Encoder::new(&mut buffer);
        encoder.extend(body);
        let len = encoder.finish(header, seal).expect("it fitted before");
        let mut again = Accumulator::<FRAME>::new();
        let (last, others) = buffer[..len].split_last().expect("a frame has a delimiter");
        assert!(others.iter().all(|&byte| again.push(byte).is_none()));
        let again = again.push(*last).expect("a candidate").expect("whole");
        assert_eq!((again.header(), again.open(seal)), (header, Some(body)));
    }
});
