//! Frames: what the encoder writes is what another implementation writes, and the accumulator
//! takes nothing but what was sent.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use rpc_proto::wire::frame::{Accumulator, Broken, Encoder, Full, max_encoded_len};
use rpc_proto::wire::message::{Header, Kind, Seq};
use rpc_proto::wire::seal::{Seal, TRAILER_LEN};

/// Holds every frame of these tests, so that nothing is TooLong unless it is meant to be.
const AMPLE: usize = 2048;

const RETURN: Header = Header {
    kind: Kind::Return,
    seq: Seq::FIRST,
};

type Received = Result<Vec<u8>, Broken>;

/// The frame of a payload, as crates `corncobs` and `crc` make it.
fn reference(payload: &[u8]) -> Vec<u8> {
    stuffed(&[payload, &crc(payload).to_le_bytes()].concat())
}

fn crc(payload: &[u8]) -> u32 {
    crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(payload)
}

/// Bytes, right checksum or not, between two delimiters.
fn stuffed(data: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; corncobs::max_encoded_len(data.len())];
    let len = corncobs::encode_buf(data, &mut frame);
    frame.truncate(len);
    frame
}

/// Encodes into a buffer of `size` bytes.
fn encode_into(size: usize, payload: &[u8]) -> Result<Vec<u8>, Full> {
    encode_sealed(size, payload, Seal::NONE)
}

fn encode_sealed(size: usize, payload: &[u8], seal: Seal) -> Result<Vec<u8>, Full> {
    let mut buffer = vec![0xAA; size];
    let header = Header::from_byte(payload[0]);
    let mut encoder = Encoder::new(&mut buffer);
    for &byte in &payload[1..] {
        encoder.push(byte);
    }
    let len = encoder.finish(header, seal)?;
    buffer.truncate(len);
    Ok(buffer)
}

fn encode(payload: &[u8]) -> Vec<u8> {
    encode_into(max_encoded_len(payload.len()), payload).expect("the bound is one")
}

/// Everything that is found in a stream of frames without a session.
fn received<const FRAME: usize>(stream: &[u8]) -> Vec<Received> {
    received_sealed::<FRAME>(stream, Seal::NONE)
}

fn received_sealed<const FRAME: usize>(stream: &[u8], seal: Seal) -> Vec<Received> {
    let mut accumulator = Accumulator::<FRAME>::new();
    let mut found = Vec::new();
    for &byte in stream {
        let Some(candidate) = accumulator.push(byte) else {
            continue;
        };
        found.push(candidate.and_then(|candidate| {
            let body = candidate.open(seal).ok_or(Broken::Corrupt)?;
            Ok([&[candidate.header().to_byte()], body].concat())
        }));
    }
    found
}

/// Payloads with zeros, without, and with few, so that blocks of every length come up.
fn payload(len: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    let sparse = prop_oneof![1 => Just(0_u8), 300 => 1_u8..];
    let len = len.into();
    prop_oneof![
        vec(any::<u8>(), len.clone()),
        vec(sparse, len.clone()),
        vec(1_u8.., len),
    ]
}

/// A payload whose frame has no zero but its delimiter's, checksum included.
fn without_zeros(len: usize) -> Vec<u8> {
    (1..=255)
        .map(|byte| vec![byte; len])
        .find(|payload| !crc(payload).to_le_bytes().contains(&0))
        .expect("one in 64 checksums has a zero")
}

proptest! {
    #[test]
    fn the_encoder_agrees_with_another_implementation(payload in payload(1..1000)) {
        prop_assert_eq!(encode(&payload), reference(&payload));
    }

    #[test]
    fn a_sealed_frame_is_checked_as_if_the_nonce_stood_before_it(
        payload in payload(1..300),
        nonce: u32,
    ) {
        let checksum = crc(&[&nonce.to_le_bytes(), &payload[..]].concat());
        let frame = stuffed(&[&payload[..], &checksum.to_le_bytes()].concat());
        let encoded = encode_sealed(frame.len(), &payload, Seal::of_session(nonce));
        prop_assert_eq!(encoded, Ok(frame));
    }

    #[test]
    fn a_refusal_is_checked_as_if_the_trailer_stood_for_what_came_before_it(
        payload in payload(1..10),
        before in payload(0..10),
    ) {
        let trailer = crc(&before).to_le_bytes();
        let checksum = crc(&[&before[..], &payload[..]].concat());
        prop_assert_eq!(Seal::of_trailer(trailer).then(&payload).trailer(), checksum.to_le_bytes());
    }

    #[test]
    fn a_frame_of_one_session_is_none_of_another(
        payload in payload(1..300),
        nonces in [any::<u32>(), any::<u32>()],
        near: bool,
    ) {
        let [ours, mut theirs] = nonces;
        if near {
            theirs = ours.wrapping_add(1);
        }
        let frame = encode_sealed(AMPLE, &payload, Seal::of_session(ours)).expect("room");
        let expected = if ours == theirs { Ok(payload) } else { Err(Broken::Corrupt) };
        prop_assert_eq!(received_sealed::<AMPLE>(&frame, Seal::of_session(theirs)), [expected]);
    }

    #[test]
    fn a_value_is_framed_like_its_postcard_encoding(value: (u8, i64, String, Option<Vec<u16>>)) {
        let bytes = postcard::to_stdvec(&(RETURN.to_byte(), &value))?;
        let mut buffer = vec![0; max_encoded_len(bytes.len())];
        let mut encoder = Encoder::new(&mut buffer);
        encoder.value(&value);
        let len = encoder.finish(RETURN, Seal::NONE).expect("the bound is one");
        prop_assert_eq!(&buffer[..len], reference(&bytes));
    }

    #[test]
    fn what_was_encoded_is_received(payload in payload(1..1000)) {
        prop_assert_eq!(received::<AMPLE>(&encode(&payload)), [Ok(payload)]);
    }

    #[test]
    fn frames_back_to_back_are_received_one_by_one(payloads in vec(payload(1..300), 0..8)) {
        let stream: Vec<u8> = payloads.iter().flat_map(|payload| encode(payload)).collect();
        let payloads: Vec<Received> = payloads.into_iter().map(Ok).collect();
        prop_assert_eq!(received::<AMPLE>(&stream), payloads);
    }

    #[test]
    fn a_delimiter_keeps_noise_from_the_frame_behind_it(
        noise in vec(any::<u8>(), 0..600),
        payload in payload(1..300),
    ) {
        let stream = [&noise[..], &[0], &encode(&payload)].concat();
        let found = received::<AMPLE>(&stream);
        prop_assert_eq!(found.iter().filter(|found| found.is_ok()).count(), 1);
        prop_assert_eq!(found.last(), Some(&Ok(payload)));
    }

    #[test]
    fn noise_without_a_delimiter_spoils_one_frame_only(
        noise in vec(1_u8.., 1..100),
        payload in payload(1..300),
    ) {
        let frame = encode(&payload);
        let stream = [&noise[..], &frame, &frame].concat();
        prop_assert_eq!(received::<AMPLE>(&stream), [Err(Broken::Corrupt), Ok(payload)]);
    }

    /// CRC-32 finds every such error in up to 11 KiB.
    #[test]
    fn up_to_three_wrong_bits_in_payload_and_checksum_are_always_found(
        payload in payload(1..1000),
        places in [any::<Index>(), any::<Index>(), any::<Index>()],
        count in 1_usize..=3,
    ) {
        let mut data = [&payload[..], &crc(&payload).to_le_bytes()].concat();
        let bits = 8 * data.len();
        let mut wrong: Vec<usize> = places[..count].iter().map(|place| place.index(bits)).collect();
        wrong.sort_unstable();
        wrong.dedup();
        for bit in wrong {
            data[bit / 8] ^= 1 << (bit % 8);
        }
        prop_assert_eq!(received::<AMPLE>(&stuffed(&data)), [Err(Broken::Corrupt)]);
    }

    #[test]
    fn a_flipped_bit_anywhere_makes_no_other_frame(payload in payload(1..300)) {
        let frame = encode(&payload);
        for bit in 0..8 * frame.len() {
            let mut damaged = frame.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_nothing_but(&payload, &damaged);
        }
    }

    #[test]
    fn a_lost_byte_makes_no_other_frame(payload in payload(1..300)) {
        let frame = encode(&payload);
        for place in 0..frame.len() {
            let mut damaged = frame.clone();
            damaged.remove(place);
            assert_nothing_but(&payload, &damaged);
        }
    }

    #[test]
    fn an_inserted_byte_makes_no_other_frame(payload in payload(1..100), byte: u8) {
        let frame = encode(&payload);
        for place in 0..=frame.len() {
            for byte in [byte, 0, 1, 0xFF] {
                let mut damaged = frame.clone();
                damaged.insert(place, byte);
                assert_nothing_but(&payload, &damaged);
            }
        }
    }

    #[test]
    fn any_loss_of_bytes_makes_no_other_frame(
        payload in payload(1..60),
        left in subsequence((0..66).collect::<Vec<usize>>(), 0..=66),
    ) {
        let frame = encode(&payload);
        let left: Vec<u8> = left.iter().filter_map(|&place| frame.get(place).copied()).collect();
        assert_nothing_but(&payload, &left);
    }

    #[test]
    fn the_tail_of_an_overlong_frame_is_not_a_frame(
        head in vec(1_u8.., 31..200),
        payload in payload(1..8),
    ) {
        let frame = encode(&payload);
        let stream = [&head[..], &frame, &frame].concat();
        let found = received::<32>(&stream);
        prop_assert_eq!(found.len(), 2, "the overlong frame is reported once: {:?}", found);
        prop_assert!(found[0].is_err());
        prop_assert_eq!(&found[1], &Ok(payload));
    }

    #[test]
    fn an_overlong_frame_is_too_long(payload in payload(27..300)) {
        prop_assert_eq!(received::<32>(&encode(&payload)), [Err(Broken::TooLong)]);
    }

    #[test]
    fn the_encoder_is_full_exactly_when_the_frame_does_not_fit(payload in payload(1..600)) {
        let frame = reference(&payload);
        prop_assert_eq!(encode_into(frame.len() - 1, &payload), Err(Full));
        prop_assert_eq!(encode_into(frame.len(), &payload), Ok(frame.clone()));
        prop_assert_eq!(encode_into(frame.len() + 1, &payload), Ok(frame));
    }

    #[test]
    fn no_frame_is_longer_than_the_bound(payload in payload(0..1000)) {
        prop_assert!(reference(&payload).len() <= max_encoded_len(payload.len()));
    }
}

/// Behind the damaged frame comes a delimiter, as every sender may put before a frame.
fn assert_nothing_but(payload: &[u8], damaged: &[u8]) {
    for found in received::<AMPLE>(&[damaged, &[0]].concat()) {
        assert!(
            found.as_ref().map_or(true, |found| found == payload),
            "{damaged:02x?} was received as {found:02x?}"
        );
    }
}

#[test]
fn the_encoder_agrees_with_another_implementation_around_full_blocks() {
    for len in (240..270).chain(490..520).chain(750..775) {
        let payload = without_zeros(len);
        assert_eq!(encode(&payload), reference(&payload), "{len} bytes");
        for zero in [0, len / 2, len - 5, len - 1] {
            let mut payload = payload.clone();
            payload[zero] = 0;
            assert_eq!(
                encode(&payload),
                reference(&payload),
                "{len} bytes, zero {zero}"
            );
        }
    }
}

#[test]
fn no_empty_block_follows_a_last_block_that_is_full() {
    let frame = encode(&without_zeros(254 - TRAILER_LEN));
    assert_eq!(frame.len(), 1 + 254 + 1);
    assert_eq!(frame[0], 0xFF);
}

#[test]
fn an_empty_block_after_a_full_one_is_understood() {
    let payload = without_zeros(254 - TRAILER_LEN);
    let mut frame = encode(&payload);
    frame.insert(255, 1);
    assert_eq!(received::<AMPLE>(&frame), [Ok(payload)]);
}

#[test]
fn a_block_that_promises_more_than_comes_is_corrupt() {
    let mut frame = encode(&without_zeros(10));
    frame[0] += 1;
    assert_eq!(received::<AMPLE>(&frame), [Err(Broken::Corrupt)]);
}

#[test]
fn the_bound_is_exact_where_there_are_no_zeros() {
    for len in 1..1000 {
        let frame = reference(&without_zeros(len));
        assert_eq!(frame.len(), max_encoded_len(len), "{len} bytes");
    }
}

#[test]
fn delimiters_in_a_row_are_silent() {
    assert_eq!(received::<AMPLE>(&[0; 100]), []);
    let frame = encode(b"x");
    let stream = [&[0, 0][..], &frame, &[0, 0, 0], &frame, &[0]].concat();
    assert_eq!(
        received::<AMPLE>(&stream),
        [Ok(b"x".to_vec()), Ok(b"x".to_vec())]
    );
}

#[test]
fn a_checksum_of_nothing_is_not_a_frame() {
    assert_eq!(received::<AMPLE>(&reference(&[])), [Err(Broken::Corrupt)]);
}

#[test]
fn less_than_a_checksum_is_not_a_frame() {
    for data in [&[][..], &[0], &[0; 2], &[0; 3], &[0xFF; 3]] {
        assert_eq!(received::<AMPLE>(&stuffed(data)), [Err(Broken::Corrupt)]);
    }
}

/// For lengths within a block and lengths beyond.
#[test]
fn the_longest_frame_is_received() {
    fn check<const FRAME: usize>() {
        let len = (1..FRAME)
            .rfind(|&len| max_encoded_len(len) <= FRAME)
            .expect("some payload fits");
        let payload = without_zeros(len);
        let frame = encode(&payload);
        assert_eq!(frame.len(), FRAME);
        assert_eq!(received::<FRAME>(&frame), [Ok(payload)]);
    }
    check::<7>();
    check::<32>();
    check::<256>();
    check::<258>();
    check::<1000>();
}

#[test]
fn a_frame_that_is_one_byte_too_long_is_reported_and_the_next_received() {
    let long = encode(&without_zeros(27));
    let fits = without_zeros(26);
    assert_eq!(long.len(), 33);
    assert_eq!(
        received::<32>(&[long, encode(&fits)].concat()),
        [Err(Broken::TooLong), Ok(fits)]
    );
}

#[test]
fn an_endless_frame_is_reported_once() {
    let mut stream = vec![0x55; 100_000];
    stream.push(0);
    assert_eq!(received::<32>(&stream), [Err(Broken::TooLong)]);
}
