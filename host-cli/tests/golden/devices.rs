//! Faulty devices, each offered at a TCP port.

use rpc_proto::services::update::ImageInfo;
use rpc_proto::wire::frame::{Accumulator, Encoder};
use rpc_proto::wire::message::{Accept, Connect, Header, Kind, NakReason, Seq};
use rpc_proto::wire::seal::Seal;
use serial_rpc::link::Link;
use serial_rpc_simulator::{SimulatedDevice, SimulatedSlots, UpdatableDevice};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

/// A device's behaviour on a connection, until it ends.
pub type Behaviour = fn(TcpStream) -> std::io::Result<()>;

/// The number of an interface's first procedure.
const FIRST_NUMBER: u8 = 8;

/// Longer than any test lasts.
const FOREVER: Duration = Duration::from_secs(3600);

/// Offers a device for the rest of the test, and returns the value for `--port`.
pub fn offer(behaviour: Behaviour) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a TCP port to spare");
    let address = listener.local_addr().expect("a listener has an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A connection that fails has ended, like any other.
            thread::spawn(move || behaviour(stream).ok());
        }
    });
    format!("tcp:{address}")
}

/// Offers a device once: after it has lost its connection, nothing listens at the port.
pub fn offer_once(behaviour: Behaviour) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a TCP port to spare");
    let address = listener.local_addr().expect("a listener has an address");
    thread::spawn(move || {
        let stream = listener.accept().map(|(stream, _)| stream);
        drop(listener);
        stream.and_then(behaviour).ok();
    });
    format!("tcp:{address}")
}

pub fn silent(_stream: TcpStream) -> std::io::Result<()> {
    thread::sleep(FOREVER);
    Ok(())
}

pub fn noisy(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(&[0x80, 0xfe, 0x00, 0xe6, 0x18, 0x80, 0x9e, 0xff, 0x06, 0x78])?;
    silent(stream)
}

pub fn talking(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"ady.\r\nMicroPython v1.24 on 2026-01-01; Pico\r\n>>> ")?;
    silent(stream)
}

/// A line that carries seven bits of each byte.
pub fn seven_bits(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(&[0x07, 0x21, 0x01, 0x5e, 0x0a, 0x13, 0x7c, 0x08, 0x40, 0x2f])?;
    silent(stream)
}

/// A serial server that expects telnet.
pub fn telnet(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(&[0xff, 0xfb, 0x01, 0xff, 0xfb, 0x03, 0xff, 0xfd, 0x2c])?;
    silent(stream)
}

/// A serial server that another program uses.
pub fn taken(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"Port already in use\r\n")?;
    stream.read_exact(&mut [0])
}

pub fn echoing(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 64];
    loop {
        let count = stream.read(&mut buffer)?;
        stream.write_all(&buffer[..count])?;
    }
}

/// Accepts every session, in version 9.
pub fn of_another_version(mut stream: TcpStream) -> std::io::Result<()> {
    for_each_message(stream.try_clone()?, |connect| {
        let accept = Accept {
            version: 9,
            nonce: connect.session,
            window: 1,
            max_frame: 64,
            buffer: 64,
            fingerprint: 0,
        };
        let body = postcard::to_stdvec(&accept).expect("an Accept can be written");
        let answer = Message {
            header: Header {
                kind: Kind::Accept,
                seq: Seq::FIRST,
            },
            body: &body,
            ..connect
        };
        stream.write_all(&answer.frame())
    })
}

/// Works as a device should, but never returns from a procedure of its own.
pub fn hanging(stream: TcpStream) -> std::io::Result<()> {
    simulated(stream, |number| match number {
        FIRST_NUMBER.. => Reaction::Hang,
        _ => Reaction::Answer,
    })
}

/// Works the same, but says why it never returns.
pub fn crashing(stream: TcpStream) -> std::io::Result<()> {
    simulated(stream, |number| match number {
        FIRST_NUMBER.. => Reaction::Crash,
        _ => Reaction::Answer,
    })
}

/// Works the same, but gets those calls damaged, however often they are sent.
pub fn refusing(stream: TcpStream) -> std::io::Result<()> {
    simulated(stream, |number| match number {
        FIRST_NUMBER.. => Reaction::Refuse,
        _ => Reaction::Answer,
    })
}

/// Works the same, but loses the connection at the first call.
pub fn vanishing(stream: TcpStream) -> std::io::Result<()> {
    simulated(stream, |number| match number {
        FIRST_NUMBER.. => Reaction::Vanish,
        _ => Reaction::Answer,
    })
}

/// Has no description of itself.
pub fn undescribed(stream: TcpStream) -> std::io::Result<()> {
    const DESCRIBE: u8 = 0;
    simulated(stream, |number| match number {
        DESCRIBE => Reaction::ReturnNothing,
        _ => Reaction::Answer,
    })
}

/// A lamp whose firmware can be replaced. All connections are to the same.
pub fn updatable(mut stream: TcpStream) -> std::io::Result<()> {
    static LAMP: LazyLock<UpdatableDevice> = LazyLock::new(|| {
        let info = ImageInfo::new("desk-lamp", "1.0.0");
        UpdatableDevice::new(SimulatedSlots::new(0x8000, info.as_bytes()))
    });
    let mut buffer = [0; 512];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        LAMP.write(&buffer[..count], Duration::ZERO)?;
        let mut reply = [0; 512];
        while let count @ 1.. = LAMP.read(&mut reply, Duration::ZERO)? {
            stream.write_all(&reply[..count])?;
        }
    }
}

/// A device's reaction to a call.
enum Reaction {
    Answer,
    ReturnNothing,
    Hang,
    Crash,
    Refuse,
    Vanish,
}

/// Simulates a device that reacts differently to some procedures, by number.
fn simulated(mut stream: TcpStream, react: impl Fn(u8) -> Reaction) -> std::io::Result<()> {
    let device = SimulatedDevice::new();
    let mut reply = [0; 512];
    for_each_message(stream.try_clone()?, |message| {
        let reaction = match (message.header.kind, message.body) {
            (Kind::Call, [number, ..]) => react(*number),
            _ => Reaction::Answer,
        };
        match reaction {
            Reaction::Answer => {
                device.write(&message.frame(), Duration::ZERO)?;
                let length = device.read(&mut reply, Duration::ZERO)?;
                stream.write_all(&reply[..length])
            }
            Reaction::ReturnNothing => {
                let answer = Message {
                    header: Header {
                        kind: Kind::Return,
                        ..message.header
                    },
                    body: &[0],
                    ..message
                };
                stream.write_all(&answer.frame())
            }
            Reaction::Crash => {
                stream.write_all(b"\0panicked at src/main.rs:7\r\n")?;
                silent(stream.try_clone()?)
            }
            Reaction::Refuse => {
                let answer = Message {
                    header: Header {
                        kind: Kind::Nak,
                        ..message.header
                    },
                    body: &[NakReason::Corrupt as u8],
                    ..message
                };
                stream.write_all(&answer.frame())
            }
            Reaction::Hang => silent(stream.try_clone()?),
            Reaction::Vanish => stream.shutdown(Shutdown::Both),
        }
    })
}

/// A message and the session that it belongs to, if it belongs to one.
struct Message<'m> {
    header: Header,
    body: &'m [u8],
    session: u32,
}

impl Message<'_> {
    fn frame(&self) -> Vec<u8> {
        let mut buffer = [0; 512];
        let mut encoder = Encoder::new(&mut buffer);
        encoder.extend(self.body);
        let length = encoder
            .finish(self.header, seal(self.header, self.session))
            .expect("a frame is shorter");
        buffer[..length].to_vec()
    }
}

fn seal(header: Header, session: u32) -> Seal {
    match header.kind {
        Kind::Connect | Kind::Accept => Seal::NONE,
        _ => Seal::of_session(session),
    }
}

/// Calls `take` with every message, until the stream ends.
fn for_each_message(
    mut stream: TcpStream,
    mut take: impl FnMut(Message<'_>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut accumulator = Accumulator::<512>::new();
    let mut session = 0;
    let mut buffer = [0; 512];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        for &byte in &buffer[..count] {
            let Some(Ok(candidate)) = accumulator.push(byte) else {
                continue;
            };
            let header = candidate.header();
            let Some(body) = candidate.open(seal(header, session)) else {
                continue;
            };
            if let (Kind::Connect, Ok((connect, _))) =
                (header.kind, postcard::take_from_bytes::<Connect>(body))
            {
                session = connect.nonce;
            }
            take(Message {
                header,
                body,
                session,
            })?;
        }
    }
}
