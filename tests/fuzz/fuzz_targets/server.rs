//! Feeds any bytes, then a good call: the server answers it.
#![no_main]

use firmware::{Demonstration, DemonstrationEvents};
use fuzz::{FRAME, SESSION, frame, pieces, seal};
use libfuzzer_sys::fuzz_target;
use rpc_proto::server::Server;
use rpc_proto::service::MayNotFit;
use rpc_proto::wire::frame::Accumulator;

type Events = &'static DemonstrationEvents;
type Device = Server<MayNotFit<Demonstration<Events>>, FRAME, 2, Events>;

static EVENTS: DemonstrationEvents = DemonstrationEvents::new();

fuzz_target!(|bytes: &[u8]| {
    let mut device: Device = Server::with_events(MayNotFit(Demonstration::new(&EVENTS)), &EVENTS);
    for piece in pieces(bytes) {
        send(&mut device, &piece.to_bytes());
    }

    send(&mut device, &[0]);
    let connect = [0x00, 1, SESSION as u8, 64];
    let accept = send(&mut device, &frame(&connect).expect("it fits"));
    assert_eq!(
        accept.first().map(|payload| payload[..3].to_vec()),
        Some(vec![0x20, 1, SESSION as u8])
    );
    let sum = send(&mut device, &frame(&[0x40, 8, 4, 6]).expect("it fits"));
    assert_eq!(sum, [[0x60, 10]]);
});

/// Sends bytes and returns the payloads of the answer in the session, which must consist of frames.
fn send(device: &mut Device, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    let mut accumulator = Accumulator::<FRAME>::new();
    for &byte in bytes {
        device.receive(byte);
        loop {
            let outgoing = device.outgoing().to_vec();
            if outgoing.is_empty() {
                break;
            }
            for &byte in &outgoing {
                let Some(candidate) = accumulator.push(byte) else {
                    continue;
                };
                let candidate = candidate.expect("a device sends whole frames");
                let header = candidate.header();
                if let Some(body) = candidate.open(seal(header)) {
                    answers.push([&[header.to_byte()], body].concat());
                }
            }
            device.sent(outgoing.len());
        }
    }
    answers
}
