//! Messages made by hand, to put on a device's line and read off it, one frame at a time.

use crate::device_end::DeviceEnd;
use rpc_proto::wire::frame::{Accumulator, Broken, Candidate, Encoder, max_encoded_len};
use rpc_proto::wire::message::{Connect, Fault, Header, Kind, NakReason, Seq, VERSION};
use rpc_proto::wire::seal::Seal;
use serde::Serialize;

/// The nonce of the session that messages belong to where no other is named.
pub const SESSION: u32 = 1;

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
            body: encoded(body),
        }
    }

    /// Creates a Connect of this version, from a caller that takes frames of any length.
    pub fn connect(nonce: u32) -> Self {
        Self::connect_with(nonce, u16::MAX)
    }

    /// A Connect of this version, from a caller that takes frames of up to `max_frame` bytes.
    pub fn connect_with(nonce: u32, max_frame: u16) -> Self {
        let connect = Connect {
            version: VERSION,
            nonce,
            max_frame,
        };
        Self::new(Kind::Connect, 0, &connect)
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

    fn header(&self) -> Header {
        let (kind, seq) = (self.kind, Seq::new(self.seq));
        Header { kind, seq }
    }

    /// Returns header and body.
    pub fn payload(&self) -> Vec<u8> {
        [&[self.header().to_byte()], &self.body[..]].concat()
    }

    /// Returns the bytes on the wire, in the session with that nonce if they belong to one.
    pub fn frame_in(&self, session: u32) -> Vec<u8> {
        self.sealed(seal(self.header(), session))
    }

    /// Returns the bytes on the wire, in [`SESSION`] if they belong to one.
    pub fn frame(&self) -> Vec<u8> {
        self.frame_in(SESSION)
    }

    /// Returns the bytes on the wire with that seal.
    ///
    /// # Panics
    /// Never: the buffer is made for the frame.
    pub fn sealed(&self, seal: Seal) -> Vec<u8> {
        let mut frame = vec![0; max_encoded_len(1 + self.body.len())];
        let mut encoder = Encoder::new(&mut frame);
        encoder.extend(&self.body);
        let len = encoder
            .finish(self.header(), seal)
            .expect("room for the frame");
        frame.truncate(len);
        frame
    }

    /// Returns the bytes with which a device without a session refuses `call`, sent in that session.
    pub fn refusal(call: &Self, session: u32) -> Vec<u8> {
        let trailer = Seal::of_session(session).then(&call.payload()).trailer();
        Self::nak(NakReason::NotConnected, call.seq).sealed(Seal::of_trailer(trailer))
    }

    /// Returns everything that an accumulator finds in a stream, in the session with that nonce.
    pub fn found_in_session(session: u32, stream: &[u8]) -> Vec<Result<Self, Broken>> {
        let mut accumulator = Accumulator::<4096>::new();
        let mut found = Vec::new();
        for &byte in stream {
            if let Some(candidate) = accumulator.push(byte) {
                let message = candidate
                    .map(|candidate| Self::of(candidate, seal(candidate.header(), session)));
                found.push(message.and_then(|message| message.ok_or(Broken::Corrupt)));
            }
        }
        found
    }

    /// Returns everything that an accumulator finds in a stream, in [`SESSION`].
    pub fn found_in(stream: &[u8]) -> Vec<Result<Self, Broken>> {
        Self::found_in_session(SESSION, stream)
    }

    /// Returns the messages in a stream of whole frames in [`SESSION`].
    ///
    /// # Panics
    /// Panics if anything in it is broken or unfinished.
    pub fn all_in(stream: &[u8]) -> Vec<Self> {
        assert!(stream.last().is_none_or(|&last| last == 0), "unfinished");
        let found = Self::found_in(stream).into_iter();
        found.map(|found| found.expect("a whole frame")).collect()
    }

    /// The message that a candidate is, if it has that seal.
    pub fn of(candidate: Candidate<'_>, seal: Seal) -> Option<Self> {
        let header = candidate.header();
        Some(Self {
            kind: header.kind,
            seq: header.seq.number(),
            body: candidate.open(seal)?.to_vec(),
        })
    }
}

/// The seal of a frame with that header in the session with that nonce.
pub fn seal(header: Header, session: u32) -> Seal {
    match header.kind {
        Kind::Connect | Kind::Accept => Seal::NONE,
        _ => Seal::of_session(session),
    }
}

/// Returns the encoding of a value.
///
/// # Panics
/// Panics if it cannot be serialised.
pub fn encoded<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("a serialisable value")
}

/// Passes bytes to a device, which sends its answers at once, and returns them.
pub fn hand(device: &mut impl DeviceEnd, bytes: &[u8]) -> Vec<Message> {
    Message::all_in(&answer(device, bytes))
}

/// Hands bytes to a device, which sends what it has to say at once, and tells its bytes.
pub fn answer(device: &mut impl DeviceEnd, bytes: &[u8]) -> Vec<u8> {
    let mut said = drain(device);
    for &byte in bytes {
        device.receive(byte);
        said.extend(drain(device));
    }
    said
}

/// Sends all waiting bytes of a device.
pub fn drain(device: &mut impl DeviceEnd) -> Vec<u8> {
    let said = device.outgoing().to_vec();
    device.sent(said.len());
    said
}

/// Returns a device's answer to its first call, with that body, in a session of its own.
///
/// # Panics
/// Panics if it is not a value.
pub fn answer_to(device: &mut impl DeviceEnd, body: &[u8]) -> Vec<u8> {
    hand(device, &Message::connect(SESSION).frame());
    let call = Message {
        kind: Kind::Call,
        seq: 0,
        body: body.to_vec(),
    };
    let said = hand(device, &call.frame());
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].kind, Kind::Return);
    said[0].body.clone()
}
