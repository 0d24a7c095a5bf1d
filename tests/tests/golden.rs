//! Tests PROTOCOL.md against this crate: its vectors are read from the file and checked in both
//! directions, from message to bytes and from bytes to message.

use firmware::calculator::{CalculatorAdd, MathError};
use rpc_proto::server::Server;
use rpc_proto::service::{Dispatch, Items, Member, Moving, Recent, Service, StaticInterface};
use rpc_proto::wire::crc::Crc32;
use rpc_proto::wire::frame::{Accumulator, Encoder};
use rpc_proto::wire::message::{Accept, Connect, EVENT_COUNT, Fault, Header, Kind, NakReason, Seq};
use rpc_proto::wire::seal::Seal;
use tests::wire;

const PROTOCOL: &str = include_str!("../../rpc-proto/PROTOCOL.md");

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

fn frame(payload: &[u8]) -> Vec<u8> {
    let mut buffer = [0; 64];
    let header = Header::from_byte(payload[0]);
    let mut encoder = Encoder::new(&mut buffer);
    encoder.extend(&payload[1..]);
    let len = encoder.finish(header, seal(payload)).unwrap();
    buffer[..len].to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

fn unhex(text: &str) -> Vec<u8> {
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

/// Returns the bytes of the block of text that follows `introduction`.
fn block(introduction: &str) -> Vec<u8> {
    let (_, rest) = PROTOCOL.split_once(introduction).unwrap();
    let lines = rest.lines().skip_while(|line| *line != "```text").skip(1);
    let block: Vec<_> = lines.take_while(|line| *line != "```").collect();
    unhex(&block.join(" "))
}

#[test]
fn every_message_has_the_bytes_of_the_table() {
    let mut expected = Vec::new();
    let mut table = String::new();
    for (seq, message) in messages() {
        let message_text = format!("{seq}: {message:?}");
        let payload = message.payload(seq);
        let frame = frame(&payload);
        let (payload_text, frame_text) = (hex(&payload), hex(&frame));
        table += &format!("| `{message_text}` | `{payload_text}` | `{frame_text}` |\n");
        expected.push((message_text, payload, frame));
    }
    assert_eq!(rows(), expected, "the table should be\n{table}");
}

#[test]
fn every_frame_of_the_table_is_its_message() {
    for (text, payload, frame) in rows() {
        let mut accumulator = Accumulator::<64>::new();
        let (&last, others) = frame.split_last().unwrap();
        for &byte in others {
            assert_eq!(accumulator.push(byte), None, "{text}");
        }
        let candidate = accumulator.push(last).unwrap().unwrap();
        assert_eq!(candidate.header().to_byte(), payload[0], "{text}");
        let body = candidate.open(seal(&payload));
        assert_eq!(body, Some(&payload[1..]), "{text}");
        let (seq, message) = Message::from_payload(&payload);
        assert_eq!(format!("{seq}: {message:?}"), text);
    }
}

#[test]
fn the_key_of_add_is_the_checksum_of_the_bytes_given() {
    let integer = ("", 4_u8);
    let variants = ["Overflow", "DivideByZero", "NegativeRoot", "NoSamples"];
    let error = ("", 27_u8, &variants.map(|name| (name, 0_u8))[..]);
    let arguments = &[integer, integer][..];
    let path = ("calculator", "add");
    let encoded = postcard::to_allocvec(&(path, arguments, integer, Some(error))).unwrap();
    let key = format!("is 0x{:08X}, where", CalculatorAdd::KEY);
    assert!(PROTOCOL.contains(&key), "{key}");
    assert_eq!(Crc32::of(&encoded).value(), CalculatorAdd::KEY);
    let given = block("The key of `calculator.add");
    assert_eq!(given, encoded, "{}", hex(&encoded));
}

#[rpc_proto::service]
trait Counter {
    fn up(&mut self, to: u8) -> impl Iterator<Item = u8>;
    fn add(&mut self, scale: u8, amounts: Items<'_, u16>) -> u32;
}

struct Sum(u32);

impl Counter for Sum {
    fn up(&mut self, to: u8) -> impl Iterator<Item = u8> {
        0..to
    }
    fn add(&mut self, scale: u8, amounts: Items<'_, u16>) -> u32 {
        let scaled = amounts.map(|amount| u32::from(amount) * u32::from(scale));
        self.0 += scaled.sum::<u32>();
        self.0
    }
}

/// The last numbers.
#[rpc_proto::service]
trait Ring {
    /// The last three.
    fn last(&mut self) -> Moving<impl Iterator<Item = u8>>;
}

struct Numbers(Recent<u8, 3>);

impl Ring for Numbers {
    fn last(&mut self) -> Moving<impl Iterator<Item = u8>> {
        self.0.stream()
    }
}

/// Returns a counter's answer to a call with that body, in a session of its own.
fn answer(body: &[u8]) -> Vec<u8> {
    answer_of(CounterService(Sum(0)), body)
}

/// Returns that device's answer to a call with that body, in a session of its own.
fn answer_of(interface: impl Dispatch, body: &[u8]) -> Vec<u8> {
    let mut server = Server::<_, 64, 1>::new(interface);
    wire::hand(&mut server, &wire::Message::connect(1).frame());
    let call = wire::Message {
        kind: Kind::Call,
        seq: 0,
        body: body.to_vec(),
    };
    let said = wire::hand(&mut server, &call.frame());
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].kind, Kind::Return);
    said[0].body.clone()
}

/// Checks the table of batches behind that text.
fn check_batches(of: &str, answer: impl Fn(&[u8]) -> Vec<u8>) {
    let (_, table) = PROTOCOL.split_once(of).unwrap();
    let batches = table.lines().skip_while(|line| !line.starts_with('|'));
    let batches = batches
        .take_while(|line| line.starts_with('|'))
        .filter(|line| line.starts_with("| position "));
    let batches: Vec<Vec<&str>> = batches
        .map(|line| {
            line.split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect()
        })
        .collect();
    assert_eq!(batches.len(), 5);
    for cells in batches {
        assert_eq!(hex(&answer(&unhex(cells[2]))), cells[3], "{}", cells[1]);
    }
}

#[test]
fn batches_of_a_stream_have_the_bytes_given() {
    check_batches("\nOf `counter.up", answer);
}

#[test]
fn batches_of_a_moving_stream_have_the_bytes_given() {
    check_batches("\nOf `ring.last", |body| {
        let mut numbers = Recent::new();
        (0..=6).for_each(|number| numbers.push(number));
        answer_of(RingService(Numbers(numbers)), body)
    });
}

#[test]
fn a_feeds_call_has_the_bytes_given() {
    let (_, rest) = PROTOCOL.split_once("\nbody `").unwrap();
    let (body, _) = rest.split_once('`').unwrap();
    let encoded = postcard::to_allocvec(&(9_u16, 3_u8, &[1_u16, 300][..])).unwrap();
    assert_eq!(unhex(body), encoded);
    assert_eq!(answer(&encoded), postcard::to_allocvec(&903_u32).unwrap());
    let keys = format!(
        "keys are 0x{:08X} and 0x{:08X}.",
        CounterUp::KEY,
        CounterAdd::KEY
    );
    assert!(PROTOCOL.contains(&keys), "{keys}");
}

/// A lamp.
#[rpc_proto::service]
trait Lamp {
    /// Switches it.
    #[idempotent]
    fn set(&mut self, on: bool);
}

struct Bulb;

impl Lamp for Bulb {
    fn set(&mut self, _: bool) {}
}

rpc_proto::interface! {
    struct DeskLamp("desk-lamp", "1.0.0") {
        lamp: LampService<Bulb>,
    }
}

#[test]
fn the_description_of_a_lamp_is_the_bytes_given() {
    let description = DeskLamp::DESCRIPTION.concat();
    let fingerprint = Crc32::of(&description).value();
    assert_eq!(DeskLamp::FINGERPRINT, fingerprint);
    let text = format!("the fingerprint 0x{fingerprint:08X}");
    assert!(PROTOCOL.contains(&text), "{text}");
    let digest = format!("the digest\n`{}`", hex(&DeskLamp::DIGEST));
    assert!(PROTOCOL.contains(&digest), "{digest}");
    let given = block("The interface `desk-lamp`");
    assert_eq!(given, description, "{}", hex(&description));
    assert_eq!(given, read_from_source("DeskLamp"));
}

/// Returns the description of an interface in this file, as a program reads it from source.
fn read_from_source(name: &str) -> Vec<u8> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.rs");
    let read = serial_rpc_source::description(format!("{file}#{name}"));
    read.unwrap_or_else(|error| panic!("{error}"))
}

/// A shutter.
#[derive(serde::Serialize, serde::Deserialize, rpc_proto::Schema)]
enum Shutter {
    Open,
    /// Half of it.
    Half,
}

#[rpc_proto::service]
#[allow(dead_code)]
trait Camera {
    fn set(&mut self, shutter: Shutter, name: heapless::String<8>) -> Shutter;
}

#[test]
fn the_description_of_documented_and_limited_types_is_the_bytes_given() {
    let description = <CameraService<()> as Service>::DESCRIPTION;
    let given = block("A service `camera`");
    assert_eq!(given, description, "{}", hex(description));
    assert!(read_from_source("Camera").ends_with(&given));
}
