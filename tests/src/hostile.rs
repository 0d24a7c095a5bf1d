//! A device that keeps to the framing and to nothing else, on a TCP port: it knows the nonce of the
//! session, so whatever it sends checks.

use crate::line::SplitMix64;
use crate::wire::{Message, seal};
use firmware::Demonstration;
use rpc_proto::server::NoEvents;
use rpc_proto::service::Interface;
use rpc_proto::wire::crc::Crc32;
use rpc_proto::wire::frame::Accumulator;
use rpc_proto::wire::message::{Accept, Connect, Kind, NakReason, VERSION};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// The most frames in answer to one call.
const FLOOD: u64 = 200;

/// A hostile device, which serves one program after another until the process ends.
pub struct HostileDevice {
    port: String,
}

impl HostileDevice {
    /// Offers a device whose every choice follows from the seed.
    ///
    /// # Panics
    /// Panics if the system has no port left.
    #[must_use]
    pub fn start(seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        thread::spawn(move || {
            let mut random = SplitMix64::new(seed);
            for stream in listener.incoming() {
                // It ends when the program closes the port.
                let _gone = stream.and_then(|stream| serve(stream, &mut random));
            }
        });
        Self {
            port: format!("tcp:{address}"),
        }
    }

    /// Returns the port that programs open.
    #[must_use]
    pub fn port(&self) -> &str {
        &self.port
    }
}

fn serve(mut stream: TcpStream, random: &mut SplitMix64) -> io::Result<()> {
    let mut hostility = Hostility::new(random);
    let mut buffer = [0; 1024];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        for &byte in &buffer[..count] {
            stream.write_all(&hostility.take(byte))?;
        }
    }
}

/// The answers of such a device, without a link.
pub struct Hostility<'r> {
    random: &'r mut SplitMix64,
    calls: Accumulator<4096>,
    session: u32,
    description: Vec<u8>,
    fingerprint: u32,
}

impl<'r> Hostility<'r> {
    /// Creates the device for one caller.
    pub fn new(random: &'r mut SplitMix64) -> Self {
        let description = description(random);
        Self {
            random,
            calls: Accumulator::new(),
            session: 0,
            fingerprint: Crc32::new().then(&description).value(),
            description,
        }
    }

    /// Takes a byte, and returns what the device has to say about it.
    pub fn take(&mut self, byte: u8) -> Vec<u8> {
        let Some(Ok(candidate)) = self.calls.push(byte) else {
            return Vec::new();
        };
        let header = candidate.header();
        if header.kind == Kind::Connect {
            let connect = Message::of(candidate, seal(header, 0));
            let connect = connect.and_then(|message| postcard::from_bytes(&message.body).ok());
            return connect.map_or_else(Vec::new, |connect: Connect| {
                self.session = connect.nonce;
                accept(self.session, self.fingerprint, self.random).frame_in(self.session)
            });
        }
        let call = Message::of(candidate, seal(header, self.session));
        call.map_or_else(Vec::new, |call| {
            answers(&call, self.session, &self.description, self.random)
        })
    }
}

/// Returns the description of the demonstration device, or one that makes less sense.
fn description(random: &mut SplitMix64) -> Vec<u8> {
    let demonstration = Demonstration::new(NoEvents);
    let mut description = Vec::new();
    loop {
        match demonstration.description(description.len() as u32) {
            [] => break,
            piece => description.extend_from_slice(piece),
        }
    }
    for _ in 0..(random.next() % 8).saturating_sub(3) {
        let place = random.next() as usize % description.len();
        description[place] = random.next() as u8;
    }
    description
}

fn accept(nonce: u32, fingerprint: u32, random: &mut SplitMix64) -> Message {
    let odd = random.next().is_multiple_of(8);
    let accept = Accept {
        version: VERSION,
        nonce,
        window: (random.next() % if odd { 256 } else { 9 }) as u8,
        max_frame: if odd { random.next() as u16 } else { 256 },
        buffer: random.next() as u16,
        fingerprint: fingerprint.wrapping_add(odd.into()),
    };
    Message::new(Kind::Accept, 0, &accept)
}

/// Returns the bytes with which the device answers a call: mostly one answer, of any kind and with any
/// body.
fn answers(call: &Message, session: u32, description: &[u8], random: &mut SplitMix64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (number, _) = postcard::take_from_bytes::<u16>(&call.body).unwrap_or((99, &[]));
    // A description takes many calls: without most of its answers, nothing gets farther.
    if number < 2 && !random.next().is_multiple_of(400) {
        let body = value(call, description, random);
        return Message {
            kind: Kind::Return,
            seq: call.seq,
            body,
        }
        .frame_in(session);
    }
    let count = match random.next() % 20 {
        0 => 0,
        1 => random.next() % FLOOD,
        _ => 1,
    };
    for _ in 0..count {
        let message = match random.next() % 16 {
            0 => Message::nak(NakReason::OutOfOrder, (random.next() % 32) as u8),
            1 => event(random),
            2 => {
                bytes.extend(text(random));
                continue;
            }
            3 => Message {
                kind: [Kind::Error, Kind::Fault][(random.next() % 2) as usize],
                seq: call.seq,
                body: body(random),
            },
            _ => Message {
                kind: Kind::Return,
                seq: call.seq,
                body: value(call, description, random),
            },
        };
        bytes.extend(message.frame_in(session));
    }
    bytes
}

/// Returns a value that makes sense more often than not where the caller needs it to go on.
fn value(call: &Message, description: &[u8], random: &mut SplitMix64) -> Vec<u8> {
    let (number, arguments) = postcard::take_from_bytes::<u16>(&call.body).unwrap_or((99, &[]));
    match (number, random.next() % 32) {
        (0, _) => {
            let offset = postcard::from_bytes::<u32>(arguments).unwrap_or(0) as usize;
            let rest = description.get(offset..).unwrap_or_default();
            let piece = &rest[..rest.len().min(200)];
            postcard::to_stdvec(piece).unwrap_or_default()
        }
        (1, _) => postcard::to_stdvec(&Some(8 + random.next() as u16 % 24)).unwrap_or_default(),
        // The caller's own bytes, as a ping wants them.
        (3, 8..) => arguments.to_vec(),
        // A subscription to any event, at any count.
        (4, 8..) => {
            postcard::to_stdvec(&(8 + random.next() as u16 % 24, 0_u32)).unwrap_or_default()
        }
        _ => body(random),
    }
}

/// Returns up to 100 bytes, among them lengths that nothing can have.
fn body(random: &mut SplitMix64) -> Vec<u8> {
    let length = random.next() % [2, 10, 100][random.next() as usize % 3];
    let mut body: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
    if random.next().is_multiple_of(3) {
        let huge = postcard::to_stdvec(&(random.next() as u32)).unwrap_or_default();
        body.splice(0..0, huge);
    }
    body
}

fn event(random: &mut SplitMix64) -> Message {
    let topic = (random.next() % 32) as u16;
    let seq = (random.next() % 32) as u8;
    let data = body(random);
    let mut event = Message::new(Kind::Event, seq, &topic);
    event.body.extend(data);
    event
}

/// Returns text between frames that means something to a terminal.
fn text(random: &mut SplitMix64) -> Vec<u8> {
    let texts: [&[u8]; 4] = [
        b"\x1b]0;owned\x07booting\r\n",
        b"\x1b[2J\x1b[31mred\n",
        b"\xc2\x9b31m\xe2\x80\xae\n",
        b"\xff\xfe\xfd login: ",
    ];
    texts[random.next() as usize % texts.len()].to_vec()
}
