//! Feeds any bytes, then a good call: the server answers it.
#![no_main]

use firmware::{Demonstration, DemonstrationEvents};
use fuzz::{FRAME, frame, pieces};
use libfuzzer_sys::fuzz_target;
use rpc_proto::wire::frame::Accumulator;
use rpc_proto::server::Server;

type Events = &'static DemonstrationEvents;
type Device = Server<Demonstration<Events>, FRAME, 2, Events>;

static EVENTS: DemonstrationEvents = DemonstrationEvents::new();

fuzz_target!(|bytes: &[u8]| {
    let mut device: Device = Server::with_events(Demonstration::new(&EVENTS), &EVENTS);
    for piece in pieces(bytes) {
        send(&mut device, &piece.to_bytes());
    }

    send(&mut device, &[0]);
    let accept = send(&mut device, &frame(&[0x00, 1, 7]).expect("it fits"));
    assert_eq!(
        accept.first().map(|payload| payload[..3].to_vec()),
        Some(vec![0x20, 1, 7])
    );
    let sum = send(&mut device, &frame(&[0x40, 8, 4, 6]).expect("it fits"));
    assert_eq!(sum, [[0x60, 10]]);
});

/// Sends bytes and returns the payloads of the answer, which must consist of frames.
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
                if let Some(frame) = accumulator.push(byte) {
                    answers.push(frame.expect("a device sends whole frames").to_vec());
                }
            }
            device.sent(outgoing.len());
        }
    }
    answers
}
