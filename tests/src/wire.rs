//! Messages made by hand, to put on a device's line and read off it, one frame at a time.

use rpc_proto::server::{EventSource, Server};
use rpc_proto::service::Dispatch;
use rpc_proto::wire::frame::{Accumulator, Broken, Encoder, max_encoded_len};
use rpc_proto::wire::message::{Connect, Fault, Header, Kind, NakReason, Seq, VERSION};
use serde::Serialize;

/// A frame's payload, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The kind of the frame.
    pub kind: Kind,
    /// Its sequence number, 0 to 31.
    pub seq: u8,
    /// The bytes after the header.
    pub body: Vec<u8>,
}

impl Message {
    /// Creates a message with the encoding of `body`.
    ///
    /// # Panics
    /// Panics if `body` cannot be serialised.
    pub fn new<B: Serialize + ?Sized>(kind: Kind, seq: u8, body: &B) -> Self {
        Self {
            kind,
            seq,
            body: postcard::to_stdvec(body).expect("a serialisable body"),
        }
    }

    /// Creates a Connect of this version.
    pub fn connect(nonce: u32) -> Self {
        let version = VERSION;
        Self::new(Kind::Connect, 0, &Connect { version, nonce })
    }

    /// Creates a Call of a procedure with a tuple of arguments.
    pub fn call<A: Serialize>(seq: u8, number: u16, arguments: A) -> Self {
        Self::new(Kind::Call, seq, &(number, arguments))
    }

    /// Creates the answer with a value.
    pub fn value<V: Serialize>(seq: u8, value: V) -> Self {
        Self::new(Kind::Return, seq, &value)
    }

    /// Creates the answer with the procedure's own error.
    pub fn error<E: Serialize>(seq: u8, error: E) -> Self {
        Self::new(Kind::Error, seq, &error)
    }

    /// Creates the answer to a call that could not be carried out.
    pub fn fault(seq: u8, fault: Fault) -> Self {
        Self::new(Kind::Fault, seq, &(fault as u8))
    }

    /// Creates the answer to a frame that was not accepted.
    pub fn nak(reason: NakReason, seq: u8) -> Self {
        Self::new(Kind::Nak, seq, &(reason as u8))
    }

    /// Returns header and body.
    pub fn payload(&self) -> Vec<u8> {
        let (kind, seq) = (self.kind, Seq::new(self.seq));
        let header = Header { kind, seq }.to_byte();
        [&[header], &self.body[..]].concat()
    }

    /// Returns the bytes on the wire.
    ///
    /// # Panics
    /// Never: the buffer is made for the frame.
    pub fn frame(&self) -> Vec<u8> {
        let payload = self.payload();
        let mut frame = vec![0; max_encoded_len(payload.len())];
        let mut encoder = Encoder::new(&mut frame);
        for byte in payload {
            encoder.push(byte);
        }
        let len = encoder.finish().expect("room for the frame");
        frame.truncate(len);
        frame
    }

    /// Returns everything that an accumulator finds in a stream.
    pub fn found_in(stream: &[u8]) -> Vec<Result<Self, Broken>> {
        let mut accumulator = Accumulator::<4096>::new();
        let mut found = Vec::new();
        for &byte in stream {
            if let Some(candidate) = accumulator.push(byte) {
                found.push(candidate.map(Self::of_payload));
            }
        }
        found
    }

    /// Returns the messages in a stream of whole frames.
    ///
    /// # Panics
    /// Panics if anything in it is broken or unfinished.
    pub fn all_in(stream: &[u8]) -> Vec<Self> {
        assert!(stream.last().is_none_or(|&last| last == 0), "unfinished");
        let found = Self::found_in(stream).into_iter();
        found.map(|found| found.expect("a whole frame")).collect()
    }

    fn of_payload(payload: &[u8]) -> Self {
        let header = Header::from_byte(payload[0]);
        Self {
            kind: header.kind,
            seq: header.seq.number(),
            body: payload[1..].to_vec(),
        }
    }
}

/// Passes bytes to a server, which sends its answers at once, and returns them.
pub fn hand<I: Dispatch, const FRAME: usize, const WINDOW: usize, E: EventSource>(
    server: &mut Server<I, FRAME, WINDOW, E>,
    bytes: &[u8],
) -> Vec<Message> {
    let mut said = drain(server);
    for &byte in bytes {
        server.receive(byte);
        said.extend(drain(server));
    }
    Message::all_in(&said)
}

/// Sends all waiting bytes of a server.
pub fn drain<I: Dispatch, const FRAME: usize, const WINDOW: usize, E: EventSource>(
    server: &mut Server<I, FRAME, WINDOW, E>,
) -> Vec<u8> {
    let said = server.outgoing().to_vec();
    server.sent(said.len());
    said
}
