//! Tests PROTOCOL.md against this crate: its vectors are read from the file and checked in both
//! directions, from message to bytes and from bytes to message. `tests/c/tests/golden.rs` does so with the C library.

#[path = "golden/batches.rs"]
mod batches;
#[path = "golden/messages.rs"]
mod messages;

use firmware::calculator::CalculatorAdd;
use messages::{PROTOCOL, hex, unhex};
use rpc_proto::service::{Items, Member, Moving, Recent, Service, StaticInterface};
use rpc_proto::wire::crc::Crc32;

/// The end that is tested.
mod end {
    use super::{CounterService, Numbers, RingService, Sum};
    use rpc_proto::server::Server;
    use rpc_proto::service::{Dispatch, Recent};
    use rpc_proto::wire::frame::{Accumulator, Encoder};
    use rpc_proto::wire::message::Header;
    use rpc_proto::wire::seal::Seal;
    use tests::wire;

    pub fn frame(payload: &[u8], seal: Seal) -> Vec<u8> {
        let mut buffer = [0; 64];
        let header = Header::from_byte(payload[0]);
        let mut encoder = Encoder::new(&mut buffer);
        encoder.extend(&payload[1..]);
        let len = encoder.finish(header, seal).unwrap();
        buffer[..len].to_vec()
    }

    /// Returns the payload of a frame, if it has that seal.
    pub fn open(frame: &[u8], seal: Seal) -> Option<Vec<u8>> {
        let mut accumulator = Accumulator::<64>::new();
        let (&last, others) = frame.split_last()?;
        for &byte in others {
            assert_eq!(accumulator.push(byte), None);
        }
        let candidate = accumulator.push(last)?.ok()?;
        let body = candidate.open(seal)?;
        Some([&[candidate.header().to_byte()], body].concat())
    }

    /// Returns a counter's answer to a call with that body, in a session of its own.
    pub fn counter(body: &[u8]) -> Vec<u8> {
        answer_of(CounterService(Sum(0)), body)
    }

    /// Returns the answer of a device that has been given the numbers 0 to 6.
    pub fn ring(body: &[u8]) -> Vec<u8> {
        let mut numbers = Recent::new();
        (0..=6).for_each(|number| numbers.push(number));
        answer_of(RingService(Numbers(numbers)), body)
    }

    fn answer_of(interface: impl Dispatch, body: &[u8]) -> Vec<u8> {
        wire::answer_to(&mut Server::<_, 64, 1>::new(interface), body)
    }
}

/// Returns the bytes of the block of text that follows `introduction`.
fn block(introduction: &str) -> Vec<u8> {
    let (_, rest) = PROTOCOL.split_once(introduction).unwrap();
    let lines = rest.lines().skip_while(|line| *line != "```text").skip(1);
    let block: Vec<_> = lines.take_while(|line| *line != "```").collect();
    unhex(&block.join(" "))
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

#[test]
fn the_keys_of_the_counter_are_those_given() {
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
}

#[test]
#[cfg_attr(miri, ignore = "it reads this file, which Miri does not let it")]
fn a_program_reads_the_interfaces_from_source_as_they_are_described() {
    assert_eq!(
        read_from_source("DeskLamp"),
        block("The interface `desk-lamp`")
    );
    assert!(read_from_source("Camera").ends_with(&block("A service `camera`")));
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
}
