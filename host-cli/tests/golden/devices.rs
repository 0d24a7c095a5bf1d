//! Faulty devices, each offered at a TCP port.

use rpc_proto::wire::frame::{Accumulator, Encoder};
use rpc_proto::wire::message::Accept;
use serial_rpc::link::Link;
use serial_rpc_simulator::SimulatedDevice;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
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

pub fn echoing(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 64];
    loop {
        let count = stream.read(&mut buffer)?;
        stream.write_all(&buffer[..count])?;
    }
}

/// Accepts every session, in version 9.
pub fn of_another_version(mut stream: TcpStream) -> std::io::Result<()> {
    for_each_frame(stream.try_clone()?, |payload| {
        let connect = payload.get(1..).unwrap_or_default();
        let Ok((_, nonce)) = postcard::from_bytes::<(u8, u32)>(connect) else {
            return Ok(());
        };
        let accept = Accept {
            version: 9,
            nonce,
            window: 1,
            max_frame: 64,
            buffer: 64,
            fingerprint: 0,
        };
        const ACCEPT: u8 = 1;
        let body = postcard::to_stdvec(&accept).expect("an Accept can be written");
        stream.write_all(&frame(&[&[ACCEPT << 5], body.as_slice()].concat()))
    })
}

/// Works as a device should, but never returns from a procedure of its own.
pub fn hanging(stream: TcpStream) -> std::io::Result<()> {
    simulated(stream, |number| match number {
        FIRST_NUMBER.. => Reaction::Hang,
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

/// A device's reaction to a call.
enum Reaction {
    Answer,
    ReturnNothing,
    Hang,
    Vanish,
}

/// Simulates a device that reacts differently to some procedures, by number.
fn simulated(mut stream: TcpStream, react: impl Fn(u8) -> Reaction) -> std::io::Result<()> {
    let device = SimulatedDevice::new();
    let mut reply = [0; 512];
    for_each_frame(stream.try_clone()?, |payload| {
        const CALL: u8 = 2;
        const RETURN: u8 = 3;
        let reaction = match payload {
            [header, number, ..] if header >> 5 == CALL => react(*number),
            _ => Reaction::Answer,
        };
        match reaction {
            Reaction::Answer => {
                device.write(&frame(payload))?;
                let length = device.read(&mut reply, Duration::ZERO)?;
                stream.write_all(&reply[..length])
            }
            Reaction::ReturnNothing => {
                let seq = payload[0] & 0x1f;
                stream.write_all(&frame(&[RETURN << 5 | seq, 0]))
            }
            Reaction::Hang => silent(stream.try_clone()?),
            Reaction::Vanish => stream.shutdown(Shutdown::Both),
        }
    })
}

/// Returns the frame of a payload.
fn frame(payload: &[u8]) -> Vec<u8> {
    let mut buffer = [0; 512];
    let mut encoder = Encoder::new(&mut buffer);
    let full = "a frame is shorter";
    for &byte in payload {
        encoder.push(byte);
    }
    let length = encoder.finish().expect(full);
    buffer[..length].to_vec()
}

/// Calls `take` with the payload of every frame, until the stream ends.
fn for_each_frame(
    mut stream: TcpStream,
    mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut accumulator = Accumulator::<512>::new();
    let mut buffer = [0; 512];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        for &byte in &buffer[..count] {
            if let Some(Ok(payload)) = accumulator.push(byte) {
                take(payload)?;
            }
        }
    }
}
