//! Tests that the C library makes and reads frames as the Rust ends do, whatever is in them and however long they are.
#![cfg(c_compiler)]
#![allow(unsafe_code, reason = "the C library is called here")]

use c_library::sys;
use proptest::collection::vec;
use proptest::prelude::*;
use rpc_proto::wire::frame::{Accumulator, Encoder};
use rpc_proto::wire::message::Header;
use rpc_proto::wire::seal::Seal;

const LONGEST: usize = 1100;

/// Makes a frame of at most `size` bytes in C; empty if it does not fit.
fn made(payload: &[u8], size: usize, nonce: u32) -> Vec<u8> {
    let mut frame = vec![0; size.max(1 + payload.len())];
    let end = 1 + payload.len();
    frame[1..end].copy_from_slice(payload);
    // SAFETY: the buffer has room for the payload, and for `size` bytes.
    let length = unsafe {
        let seal = sys::srpc_session_seal(nonce);
        sys::srpc_frame_close(frame.as_mut_ptr(), end as u16, size as u16, seal)
    };
    frame.truncate(length.into());
    frame
}

/// Makes it in Rust.
fn reference(payload: &[u8], size: usize, nonce: u32) -> Vec<u8> {
    let mut frame = vec![0; size];
    let mut encoder = Encoder::new(&mut frame);
    encoder.extend(&payload[1..]);
    let made = encoder.finish(Header::from_byte(payload[0]), Seal::of_session(nonce));
    frame.truncate(made.unwrap_or(0));
    frame
}

/// Reads a candidate in C: its payload and trailer, and whether they go together.
fn read(candidate: &[u8], nonce: u32) -> Option<(Vec<u8>, [u8; 4], bool)> {
    let mut bytes = candidate.to_vec();
    // SAFETY: the buffer is as long as it says, and what is found lies in it.
    unsafe {
        let length = sys::srpc_frame_open(bytes.as_mut_ptr(), bytes.len() as u16);
        let payload = bytes.as_ptr().add(1);
        (length > 0).then(|| {
            let checks = sys::srpc_seal_checks(sys::srpc_session_seal(nonce), payload, length);
            let trailer = sys::srpc_trailer(payload, length).to_le_bytes();
            (bytes[1..=usize::from(length)].to_vec(), trailer, checks)
        })
    }
}

/// Reads it in Rust.
fn reference_read(candidate: &[u8], nonce: u32) -> Option<(Vec<u8>, [u8; 4], bool)> {
    let mut accumulator = Accumulator::<LONGEST>::new();
    for &byte in candidate {
        assert_eq!(accumulator.push(byte), None);
    }
    let found = accumulator.push(0)?.ok()?;
    let payload = [&[found.header().to_byte()], found.unchecked_body()].concat();
    let checks = found.open(Seal::of_session(nonce)).is_some();
    Some((payload, found.trailer(), checks))
}

/// Payloads in which runs without a zero are as long as a block, or nearly.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let run = prop_oneof![0..8_usize, 248..260_usize];
    let runs = vec((run, 0..3_usize), 1..4);
    (runs, any::<u8>()).prop_map(|(runs, first)| {
        let mut payload = vec![first];
        for (run, zeros) in runs {
            payload.extend((0..run).map(|byte| byte as u8 | 1));
            payload.extend(vec![0; zeros]);
        }
        payload
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_same_frames_are_made_and_read(payload in payload(), nonce: u32, less in 0_usize..12) {
        let frame = reference(&payload, LONGEST, nonce);
        prop_assert_eq!(&made(&payload, LONGEST, nonce), &frame);
        let size = frame.len().saturating_sub(less).max(payload.len() + 1);
        prop_assert_eq!(made(&payload, size, nonce), reference(&payload, size, nonce));
        let (_, candidate) = frame.split_last().expect("it fits");
        prop_assert_eq!(read(candidate, nonce), Some((payload, candidate_trailer(candidate), true)));
    }

    #[test]
    fn the_same_candidates_are_read(payload in payload(), place: usize, change in 1_u8.., cut in 0_usize..30) {
        let mut candidate = reference(&payload, LONGEST, 7);
        candidate.pop();
        candidate.truncate(candidate.len() - cut.min(candidate.len() - 1));
        let place = place % candidate.len();
        candidate[place] ^= change;
        for part in candidate.split(|&byte| byte == 0).filter(|part| !part.is_empty()) {
            prop_assert_eq!(read(part, 7), reference_read(part, 7));
        }
    }
}

/// Returns the trailer that the Rust end finds.
fn candidate_trailer(candidate: &[u8]) -> [u8; 4] {
    reference_read(candidate, 0).expect("it is whole").1
}
