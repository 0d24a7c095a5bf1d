//! The frames that a client sends: a Connect, a call, or the question for the number of a call's
//! procedure (PROTOCOL.md, "Messages" and "Keys"). When each is sent is up to the session.

use super::call_error::CallError;
use super::calls::{Call, Flight, State, encode};
use crate::device::DeviceResolve;
use crate::service::Member;
use crate::wire::frame::{Encoder, max_encoded_len};
use crate::wire::message::{Connect, Header, Kind, Seq, VERSION};
use crate::wire::seal::{Seal, TRAILER_LEN};

/// The number of the procedure that resolves a key.
pub(super) const RESOLVE: u16 = match DeviceResolve::NUMBER {
    Some(number) => number,
    None => 0,
};

/// The longest frame of a question for a number: header, number and key.
pub(super) const QUESTION: usize = max_encoded_len(1 + 1 + 5);

/// The frame that is being sent.
#[derive(Clone, Debug)]
pub(super) struct Outgoing<const FRAME: usize> {
    /// True if a delimiter goes first, to end a partial frame that the device may have received.
    pub(super) flush: bool,
    pub(super) bytes: [u8; FRAME],
    pub(super) sent: usize,
    pub(super) len: usize,
    /// The call it carries, by sequence number.
    pub(super) call: Option<Seq>,
    /// True while the link has the bytes and may have accepted some.
    pub(super) is_offered: bool,
}

impl<const FRAME: usize> Outgoing<FRAME> {
    pub(super) const fn new() -> Self {
        Self {
            flush: false,
            bytes: [0; FRAME],
            sent: 0,
            len: 0,
            call: None,
            is_offered: false,
        }
    }

    /// Drops the rest of the frame.
    pub(super) fn clear(&mut self) {
        self.flush = false;
        self.sent = 0;
        self.len = 0;
        self.call = None;
        self.is_offered = false;
    }

    /// Returns the call in the frame if the link has accepted no byte of it.
    pub(super) fn unsent_call(&self) -> Option<Seq> {
        self.call.filter(|_| self.sent == 0 && !self.is_offered)
    }

    /// Puts a Connect into a frame, after a delimiter.
    pub(super) fn make_connect(&mut self, nonce: u32) {
        let header = Header {
            kind: Kind::Connect,
            seq: Seq::FIRST,
        };
        let connect = Connect {
            version: VERSION,
            nonce,
            max_frame: FRAME as u16,
        };
        let mut encoder = Encoder::new(&mut self.bytes, header, Seal::NONE);
        encoder.value(&connect);
        self.len = encoder.finish().unwrap_or(0);
        self.flush = true;
        self.call = None;
    }

    /// Puts a call, or the question for its number, into a frame. The length was checked before, so it
    /// fits.
    pub(super) fn make_call(&mut self, call: &Call<FRAME>, flight: &Flight, seal: Seal) {
        let mut place = [0; MAX_START];
        let (header, [start, rest]) = parts(call, flight, &mut place);
        let mut encoder = Encoder::new(&mut self.bytes, header, seal);
        encoder.extend(start);
        encoder.extend(rest);
        self.len = encoder.finish().unwrap_or(0);
        self.call = Some(flight.seq);
    }
}

/// Returns the number in the answer to a question for it. A device answers with anything else only if
/// it has none.
pub(super) fn number_in(state: State, body: &[u8]) -> Result<u16, CallError> {
    match state {
        State::Returned => match postcard::take_from_bytes::<Option<u16>>(body) {
            Ok((Some(number), [])) => Ok(number),
            _ => Err(CallError::NoSuchProcedure),
        },
        // A relay refused to forward this call.
        State::Failed(error @ (CallError::Unreachable | CallError::Refused)) => Err(error),
        _ => Err(CallError::NoSuchProcedure),
    }
}

/// Returns the trailer of the frame that carries a call.
pub(super) fn trailer<const FRAME: usize>(
    call: &Call<FRAME>,
    flight: &Flight,
    seal: Seal,
) -> [u8; TRAILER_LEN] {
    let mut place = [0; MAX_START];
    let (header, [start, rest]) = parts(call, flight, &mut place);
    seal.then(&[header.to_byte()])
        .then(start)
        .then(rest)
        .trailer()
}

/// The longest start of a body: a number and, in a question, a key.
const MAX_START: usize = 3 + 5;

/// Returns header and body of the frame that carries a call, or the question for its number. The body
/// is in two parts: a start, which is written to `place`, and the call's arguments.
fn parts<'a, const FRAME: usize>(
    call: &'a Call<FRAME>,
    flight: &Flight,
    place: &'a mut [u8; MAX_START],
) -> (Header, [&'a [u8]; 2]) {
    let header = Header {
        kind: Kind::Call,
        seq: flight.seq,
    };
    let (len, arguments) = match flight.is_question {
        true => (encode(&(flight.number, call.target.key), place), &[][..]),
        false => (encode(&flight.number, place), call.bytes()),
    };
    let start = place.get(..len.unwrap_or(0)).unwrap_or_default();
    (header, [start, arguments])
}
