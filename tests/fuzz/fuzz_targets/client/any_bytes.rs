//! Feeds any bytes from the device during a call: the call ends by its deadline, and everything
//! that is sent is a frame.

use crate::end::Client;
use fuzz::{FRAME, SESSION, pieces};
use rpc_proto::client::{Target, Timing};
use rpc_proto::time::{Duration, Instant};
use rpc_proto::wire::frame::Accumulator;

/// Makes three calls to a device that says these bytes.
pub fn check(bytes: &[u8]) {
    let mut client = Client::<FRAME, 3>::new(SESSION - 1, Timing::default());
    let mut sent = Accumulator::<FRAME>::new();
    let mut now = Instant::from_micros(0);
    let deadline = now + Duration::from_secs(1);
    let tickets = [true, false, true].map(|idempotent| {
        client
            .start(Target::fixed(8, idempotent), deadline, &(2, 3))
            .expect("there is room")
    });

    for piece in pieces(bytes) {
        for byte in piece.to_bytes() {
            client.receive(now, byte);
        }
        if piece.then_wait {
            now = client.deadline().unwrap_or(now).max(now);
            client.advance(now);
        }
        exchange(&mut client, &mut sent, now);
    }

    now = now.max(deadline);
    client.advance(now);
    for ticket in tickets {
        assert!(client.is_ended(ticket));
        assert!(client.take(ticket).is_some());
    }
    assert_eq!(client.deadline(), None);
}

/// Sends the waiting bytes.
fn exchange(client: &mut Client<FRAME, 3>, sent: &mut Accumulator<FRAME>, now: Instant) {
    // Each received piece can make the client send a few frames, but not without end.
    for _ in 0..100 {
        let outgoing = client.outgoing(now).to_vec();
        if outgoing.is_empty() {
            return;
        }
        for &byte in &outgoing {
            assert!(
                !matches!(sent.push(byte), Some(Err(_))),
                "a caller sends whole frames"
            );
        }
        client.sent(now, outgoing.len());
    }
    panic!("the client does not stop sending");
}
