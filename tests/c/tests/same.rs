//! Tests that the demonstration device in C says the same as the one in Rust, byte for byte, whatever it gets, however
//! little of it and of the answer passes at a time.
#![cfg(c_compiler)]

use c_library::same;
use firmware::calculator::{CalculatorTotalChanged, Operation};
use proptest::collection::vec;
use proptest::prelude::*;
use rpc_proto::describe::DIGEST_OFFSET;
use rpc_proto::service::Member;
use rpc_proto::services::log::LogRecord;
use rpc_proto::wire::message::Kind;
use serde::Serialize;
use tests::wire::{Message, encoded};

/// What happens on the line to the device.
#[derive(Clone, Debug)]
enum Piece {
    /// A frame of the session with that nonce.
    Frame(Message, u32),
    Noise(Vec<u8>),
    /// A frame of which a byte has changed.
    Changed(Message, u32, usize, u8),
}

impl Piece {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Frame(message, session) => message.frame_in(*session),
            Self::Noise(bytes) => bytes.clone(),
            Self::Changed(message, session, place, change) => {
                let mut frame = message.frame_in(*session);
                let place = place % (frame.len() - 1);
                frame[place] ^= change;
                frame
            }
        }
    }
}

fn check_same<const FRAME: usize, const WINDOW: usize>(pieces: &[Piece], pace: &[(usize, usize)]) {
    let stream: Vec<u8> = pieces.iter().flat_map(Piece::bytes).collect();
    same::check::<FRAME, WINDOW>(&stream, pace);
}

fn body<A: Serialize>(number: u16, arguments: A) -> Vec<u8> {
    encoded(&(number, arguments))
}

/// Integers, most of them near to where something changes.
fn integer() -> impl Strategy<Value = i32> {
    prop_oneof![
        any::<i32>(),
        -3..4_i32,
        Just(i32::MIN),
        Just(i32::MAX),
        Just(46_341)
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let pair = || (integer(), integer());
    prop_oneof![
        pair().prop_map(|(x, y)| Operation::Add(x, y)),
        pair().prop_map(|(x, y)| Operation::Sub(x, y)),
        pair().prop_map(|(x, y)| Operation::Mul(x, y)),
        pair().prop_map(|(x, y)| Operation::Div(x, y)),
        pair().prop_map(|(x, y)| Operation::Rem(x, y)),
        (integer(), 0..40_u32).prop_map(|(x, y)| Operation::Pow(x, y)),
        any::<i64>().prop_map(Operation::Accumulate),
        integer().prop_map(|amount| Operation::Accumulate(amount.into())),
        Just(Operation::Clear),
    ]
}

/// Numbers whose sum and root are the same in every mathematical library.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-1000..1000_i32).prop_map(|n| f64::from(n) / 8.0),
        Just(0.0),
        Just(-0.0),
        Just(f64::INFINITY)
    ]
}

/// The bodies of calls that mean something to the demonstration.
fn call_body() -> impl Strategy<Value = Vec<u8>> {
    /// The number of `blocks.list`; those of the others follow.
    const BLOCKS: u16 = 23;
    let keys = prop_oneof![
        any::<u32>(),
        Just(CalculatorTotalChanged::KEY),
        Just(LogRecord::KEY),
        Just(0x42EE_235C),
    ];
    let offset = prop_oneof![0..300_u32, 0..5000_u32, Just(DIGEST_OFFSET), any::<u32>()];
    let small = || prop_oneof![0..70_u32, any::<u32>()];
    prop_oneof![
        offset.prop_map(|offset| body(0, (offset,))),
        (prop_oneof![Just(1_u16), Just(4), Just(4), Just(5)], keys)
            .prop_map(|(n, key)| body(n, (key,))),
        Just(body(2, ())),
        vec(any::<u8>(), 0..70).prop_map(|bytes| body(3, (bytes,))),
        (8..13_u16, integer(), integer()).prop_map(|(n, x, y)| body(n, (x, y))),
        (integer(), 0..40_u32).prop_map(|(x, y)| body(13, (x, y))),
        number().prop_map(|x| body(14, (x,))),
        vec(number(), 0..18).prop_map(|samples| body(15, (samples,))),
        "[-+*/%() 0-9x]{0,20}".prop_map(|text| body(16, (text,))),
        integer().prop_map(|amount| body(17, (i64::from(amount),))),
        any::<i64>().prop_map(|amount| body(17, (amount,))),
        (18..20_u16).prop_map(|n| body(n, ())),
        (
            prop_oneof![Just(21_u16), Just(BLOCKS)],
            0..40_u32,
            0..130_u8
        )
            .prop_map(|(n, at, most)| body(n, (at, most))),
        (any::<u32>(), any::<u8>()).prop_map(|ask| body(21, ask)),
        vec(operation(), 0..6).prop_map(|operations| body(22, (operations,))),
        prop_oneof![Just("notes"), Just("note"), Just("")]
            .prop_map(|name| body(BLOCKS + 1, (name,))),
        (0..2_u8, small(), 0..80_u16)
            .prop_map(|(block, at, most)| body(BLOCKS + 2, (block, at, most))),
        (0..2_u8, small(), small(), small())
            .prop_map(|(a, b, c, d)| body(BLOCKS + 3, (a, b, c, d))),
        (0..8_u32).prop_map(|length| body(BLOCKS + 3, (0_u8, 0_u32, length, 0_u32))),
        (0..2_u8, small(), small(), small())
            .prop_map(|(a, b, c, d)| body(BLOCKS + 4, (a, b, c, d))),
        (0..8_u32).prop_map(|total| body(BLOCKS + 4, (0_u8, total, 0_u32, 0_u32))),
        (0..8_u32, vec(0..3_u8, 0..8)).prop_map(|(at, bytes)| body(BLOCKS + 5, (at, bytes))),
        prop_oneof![Just(0_u32), any::<u32>()].prop_map(|crc| body(BLOCKS + 6, (crc,))),
        (0..40_u16, vec(any::<u8>(), 0..12))
            .prop_map(|(number, rest)| [encoded(&number), rest].concat()),
    ]
}

/// A conversation: calls in order for the most part, with all that can go wrong.
fn conversation() -> impl Strategy<Value = Vec<Piece>> {
    let step = prop_oneof![
        40 => (call_body(), Just(0_u8)),
        3 => (call_body(), 1..32_u8),
        1 => (Just(Vec::new()), Just(255_u8)),
    ];
    let fault = prop_oneof![
        20 => Just(None),
        1 => vec(any::<u8>(), 0..100).prop_map(|noise| Some((noise, 0, 0))),
        1 => (any::<usize>(), 1_u8..).prop_map(|(place, change)| Some((Vec::new(), place, change))),
    ];
    let max_frame = prop_oneof![Just(u16::MAX), 0..70_u16];
    (
        vec((step, fault), 1..60),
        max_frame,
        any::<u32>(),
        any::<bool>(),
    )
        .prop_map(|(steps, max_frame, nonce, connected)| {
            let mut nonce = nonce;
            let mut next = 0;
            let mut pieces = Vec::new();
            if connected {
                pieces.push(Piece::Frame(Message::connect_with(nonce, max_frame), nonce));
            }
            for ((body, ahead), fault) in steps {
                let message = if ahead == 255 {
                    nonce = nonce.wrapping_add(1);
                    next = 0;
                    Message::connect_with(nonce, max_frame)
                } else {
                    let seq = (next + ahead) % 32;
                    if ahead == 0 {
                        next = (next + 1) % 32;
                    }
                    Message {
                        kind: Kind::Call,
                        seq,
                        body,
                    }
                };
                match fault {
                    None => {}
                    Some((noise, _, 0)) => pieces.push(Piece::Noise(noise)),
                    Some((_, place, change)) => {
                        pieces.push(Piece::Changed(message.clone(), nonce, place, change));
                    }
                }
                pieces.push(Piece::Frame(message, nonce));
            }
            pieces
        })
}

/// A line that takes what there is, and lines that do not.
fn pace() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop_oneof![
        Just(vec![(1, usize::MAX)]),
        vec((1..4_usize, 0..90_usize), 1..8),
        vec((0..90_usize, 0..90_usize), 1..8),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn with_frames_of_64_bytes(pieces in conversation(), pace in pace()) {
        check_same::<64, 1>(&pieces, &pace);
        check_same::<64, 3>(&pieces, &pace);
    }

    #[test]
    fn with_the_shortest_frames(pieces in conversation(), pace in pace()) {
        check_same::<25, 2>(&pieces, &pace);
    }

    #[test]
    fn with_frames_that_have_full_blocks(pieces in conversation(), pace in pace()) {
        check_same::<600, 15>(&pieces, &pace);
    }
}
