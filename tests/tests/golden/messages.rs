//! The table of messages: each has its bytes, and is read from them.

use crate::end;
use firmware::calculator::MathError;
use rpc_proto::wire::message::{Accept, Connect, EVENT_COUNT, Fault, Header, Kind, NakReason, Seq};
use rpc_proto::wire::seal::Seal;

pub const PROTOCOL: &str = include_str!("../../../rpc-proto/PROTOCOL.md");

/// A message in the form of a row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Message {
    Connect(Connect),
    Accept(Accept),
    Call {
        procedure: u16,
        arguments: (i32, i32),
    },
    Return(i32),
    Error(MathError),
    Fault(Fault),
    Nak(NakReason),
    EventCount(u32),
    Event {
        topic: u16,
        total: i64,
    },
}

/// The nonce of the session of the table.
const SESSION: u32 = 0x1234_5678;

/// Returns the messages of the table, in its order, each with its sequence number.
fn messages() -> Vec<(u8, Message)> {
    let nonce = SESSION;
    let accept = Accept {
        version: 1,
        nonce,
        window: 4,
        max_frame: 160,
        buffer: 256,
        fingerprint: 0xDEAD_BEEF,
    };
    let connect = Connect {
        version: 1,
        nonce,
        max_frame: 160,
    };
    vec![
        (0, Message::Connect(connect)),
        (0, Message::Accept(accept)),
        (0, call(2, 3)),
        (0, Message::Return(5)),
        (1, call(123_456, -98_765)),
        (1, Message::Return(24_691)),
        (31, call(i32::MAX, 1)),
        (31, Message::Error(MathError::Overflow)),
        (2, Message::Fault(Fault::UnknownProcedure)),
        (3, Message::Fault(Fault::BadArguments)),
        (4, Message::Fault(Fault::ReplyTooLarge)),
        (4, Message::Fault(Fault::OutcomeUnknown)),
        (4, Message::Fault(Fault::Unreachable)),
        (4, Message::Fault(Fault::Refused)),
        (5, Message::Nak(NakReason::Corrupt)),
        (6, Message::Nak(NakReason::TooLong)),
        (7, Message::Nak(NakReason::OutOfOrder)),
        (0, Message::Nak(NakReason::NotConnected)),
        (0, event(20, 5)),
        (1, event(20, -1)),
        (0, Message::EventCount(32)),
    ]
}

fn call(x: i32, y: i32) -> Message {
    Message::Call {
        procedure: 8,
        arguments: (x, y),
    }
}

fn event(topic: u16, total: i64) -> Message {
    Message::Event { topic, total }
}

impl Message {
    fn payload(self, seq: u8) -> Vec<u8> {
        let (kind, body) = match self {
            Self::Connect(body) => (Kind::Connect, postcard::to_allocvec(&body)),
            Self::Accept(body) => (Kind::Accept, postcard::to_allocvec(&body)),
            Self::Call {
                procedure,
                arguments,
            } => (Kind::Call, postcard::to_allocvec(&(procedure, arguments))),
            Self::Return(value) => (Kind::Return, postcard::to_allocvec(&value)),
            Self::Error(error) => (Kind::Error, postcard::to_allocvec(&error)),
            Self::Fault(fault) => (Kind::Fault, Ok(vec![fault as u8])),
            Self::Nak(reason) => (Kind::Nak, Ok(vec![reason as u8])),
            Self::EventCount(count) => (Kind::Event, postcard::to_allocvec(&(EVENT_COUNT, count))),
            Self::Event { topic, total } => (Kind::Event, postcard::to_allocvec(&(topic, total))),
        };
        let header = Header {
            kind,
            seq: Seq::new(seq),
        };
        let mut payload = vec![header.to_byte()];
        payload.extend(body.unwrap());
        payload
    }

    fn from_payload(payload: &[u8]) -> (u8, Self) {
        let header = Header::from_byte(payload[0]);
        let body = &payload[1..];
        let message = match header.kind {
            Kind::Connect => Self::Connect(postcard::from_bytes(body).unwrap()),
            Kind::Accept => Self::Accept(postcard::from_bytes(body).unwrap()),
            Kind::Call => {
                let (procedure, arguments) = postcard::from_bytes(body).unwrap();
                Self::Call {
                    procedure,
                    arguments,
                }
            }
            Kind::Return => Self::Return(postcard::from_bytes(body).unwrap()),
            Kind::Error => Self::Error(postcard::from_bytes(body).unwrap()),
            Kind::Fault => Self::Fault(Fault::from_code(body[0]).unwrap()),
            Kind::Nak => Self::Nak(NakReason::from_code(body[0]).unwrap()),
            Kind::Event => match postcard::take_from_bytes(body).unwrap() {
                (EVENT_COUNT, count) => Self::EventCount(postcard::from_bytes(count).unwrap()),
                (topic, data) => event(topic, postcard::from_bytes(data).unwrap()),
            },
        };
        (header.seq.number(), message)
    }
}

/// How a message of the table is sealed. The Nak NotConnected is about the first call.
fn seal(payload: &[u8]) -> Seal {
    let session = Seal::of_session(SESSION);
    match Message::from_payload(payload).1 {
        Message::Connect(_) | Message::Accept(_) => Seal::NONE,
        Message::Nak(NakReason::NotConnected) => {
            Seal::of_trailer(session.then(&call(2, 3).payload(0)).trailer())
        }
        _ => session,
    }
}

pub fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

pub fn unhex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).expect("bytes are hexadecimal"))
        .collect()
}

/// Returns the rows of the table of vectors: message, payload and frame.
fn rows() -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let (_, vectors) = PROTOCOL.split_once("\n## Vectors\n").unwrap();
    vectors
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells = line.split('|').map(|cell| cell.trim().trim_matches('`'));
            let cells: Vec<_> = cells.collect();
            (cells[1].to_owned(), unhex(cells[2]), unhex(cells[3]))
        })
        .collect()
}

#[test]
fn every_message_has_the_bytes_of_the_table() {
    let mut expected = Vec::new();
    let mut table = String::new();
    for (seq, message) in messages() {
        let message_text = format!("{seq}: {message:?}");
        let payload = message.payload(seq);
        let frame = end::frame(&payload, seal(&payload));
        let (payload_text, frame_text) = (hex(&payload), hex(&frame));
        table += &format!("| `{message_text}` | `{payload_text}` | `{frame_text}` |\n");
        expected.push((message_text, payload, frame));
    }
    assert_eq!(rows(), expected, "the table should be\n{table}");
}

#[test]
fn every_frame_of_the_table_is_its_message() {
    for (text, payload, frame) in rows() {
        let opened = end::open(&frame, seal(&payload));
        assert_eq!(opened.as_ref(), Some(&payload), "{text}");
        assert_eq!(end::open(&frame, Seal::of_session(SESSION + 1)), None);
        let (seq, message) = Message::from_payload(&payload);
        assert_eq!(format!("{seq}: {message:?}"), text);
    }
}
