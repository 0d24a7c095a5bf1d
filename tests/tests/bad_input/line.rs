//! Generates the bytes on a line.

use proptest::collection::vec;
use proptest::prelude::*;
use rpc_proto::wire::message::Header;
use tests::tally::ADD;
use tests::wire::Message;

/// A frame, a part of one, or other bytes.
#[derive(Clone, Debug)]
pub enum Piece {
    Noise(Vec<u8>),
    Whole(Message),
    /// The first bytes of a frame, without the last byte of its checksum.
    Cut(Message, usize),
    /// A frame of which one byte has changed.
    Changed(Message, usize, u8),
}

impl Piece {
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Noise(bytes) => bytes.clone(),
            Self::Whole(message) => message.frame(),
            Self::Cut(message, len) => {
                let mut frame = message.frame();
                frame.truncate(len % (frame.len() - 1));
                frame
            }
            Self::Changed(message, place, change) => {
                let mut frame = message.frame();
                let place = place % (frame.len() - 1);
                frame[place] ^= change;
                frame
            }
        }
    }
}

/// Generates any message of any kind, often one that is valid for a device.
pub fn message() -> impl Strategy<Value = Message> {
    let meaningless = vec(any::<u8>(), 0..100);
    let nearly_a_call = (0_u8..14, vec(0_u8..4, 0..4))
        .prop_map(|(number, arguments)| [&[number], &arguments[..]].concat());
    let any_kind =
        (any::<u8>(), prop_oneof![meaningless, nearly_a_call]).prop_map(|(header, body)| {
            let header = Header::from_byte(header);
            let (kind, seq) = (header.kind, header.seq.number());
            Message { kind, seq, body }
        });
    let early_call =
        (0_u8..6, any::<u32>()).prop_map(|(seq, amount)| Message::call(seq, ADD, (amount,)));
    let connect = any::<u32>().prop_map(Message::connect);
    prop_oneof![4 => any_kind, 4 => early_call, 1 => connect]
}

/// Generates bytes that are no frame, unless by the one chance in 2^32 that the checksum is right.
pub fn broken() -> impl Strategy<Value = Piece> {
    prop_oneof![
        vec(any::<u8>(), 0..200).prop_map(Piece::Noise),
        (message(), any::<usize>()).prop_map(|(message, len)| Piece::Cut(message, len)),
        (message(), any::<usize>(), 1_u8..)
            .prop_map(|(message, place, change)| Piece::Changed(message, place, change)),
    ]
}

pub fn anything() -> impl Strategy<Value = Piece> {
    prop_oneof![broken(), message().prop_map(Piece::Whole)]
}
