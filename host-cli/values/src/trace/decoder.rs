//! Follows a conversation: matches answers to calls and shows both in words.

use super::Direction;
use super::event::{Event, Frame, Happening};
use super::pieces::{Piece, Pieces};
use super::seals::Seals;
use crate::arguments::to_json;
use crate::cursor::Cursor;
use crate::description::{Description, MAX_DESCRIPTION, Procedure, ProcedureKind, Shape};
use crate::safe;
use crate::value::{ValueError, decode_all, decode_items, error_in_words, hex, shortened};
use rpc_proto::client::{CallError, Cause};
use rpc_proto::device::{DeviceEventsService, DeviceService, FIRST_EVENTS_NUMBER};
use rpc_proto::service::{Ask, FIRST_NUMBER, StaticInterface};
use rpc_proto::wire::crc::Crc32;
use rpc_proto::wire::message::{Accept, Connect, EVENT_COUNT, Fault, Header, Kind, NakReason, Seq};
use serde_json::Value;
use std::sync::Arc;

/// The number of sequence numbers.
const SEQS: u8 = 32;

/// The number of `describe`: a decoder learns the device's interface from its replies.
const DESCRIBE: u16 = 0;

/// Finds a description by its fingerprint, for example in a cache.
type Descriptions = dyn Fn(u32) -> Option<Arc<Description>> + Send;

/// Decodes a conversation between one caller and one device.
///
/// Calls, values and errors are shown by the device's description once it is known: because it was
/// read in this very conversation, or was found by its fingerprint.
///
/// ```
/// use serial_rpc_values::trace::{Decoder, Direction};
///
/// let mut decoder = Decoder::default();
/// let connect = b"\x01\x0d\x01\xf8\xac\xd1\x91\x01\xa0\x01\x7b\x87\x47\x7a\x00";
/// let call = b"\x09\x40\x08\x04\x06\x2c\x61\x51\xc7\x00";
/// let events = decoder.take(Direction::ToDevice, &[&connect[..], &call[..]].concat());
/// assert_eq!(events[1].to_string(), "> Call     0  procedure 8, arguments 0x0406");
/// ```
pub struct Decoder {
    to_device: Pieces,
    from_device: Pieces,
    seals: Seals,
    descriptions: Box<Descriptions>,
    own: Option<Description>,
    interface: Option<Arc<Description>>,
    fingerprint: Option<u32>,
    /// The part of the description that has been read so far.
    learned: Vec<u8>,
    last_connect: Vec<u8>,
    calls: [Option<Call>; SEQS as usize],
}

/// A call that was sent.
#[derive(Clone, Debug)]
struct Call {
    payload: Vec<u8>,
    number: u16,
    /// The payload of its last answer.
    answer: Option<Vec<u8>>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(|_| None)
    }
}

impl Decoder {
    /// Creates a decoder that asks `descriptions` for a description when it sees its fingerprint.
    pub fn new(descriptions: impl Fn(u32) -> Option<Arc<Description>> + Send + 'static) -> Self {
        Self {
            to_device: Pieces::default(),
            from_device: Pieces::default(),
            seals: Seals::default(),
            descriptions: Box::new(descriptions),
            own: own_description(),
            interface: None,
            fingerprint: None,
            learned: Vec::new(),
            last_connect: Vec::new(),
            calls: [const { None }; SEQS as usize],
        }
    }

    /// Takes bytes that passed, and returns the events that they complete.
    pub fn take(&mut self, direction: Direction, bytes: &[u8]) -> Vec<Event> {
        let pieces = match direction {
            Direction::ToDevice => self.to_device.take(&mut self.seals, bytes),
            Direction::FromDevice => self.from_device.take(&mut self.seals, bytes),
        };
        self.events(direction, pieces)
    }

    /// Returns the remaining events when no more bytes will come.
    pub fn finish(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        let to_device = self.to_device.finish(&mut self.seals);
        events.extend(self.events(Direction::ToDevice, to_device));
        let from_device = self.from_device.finish(&mut self.seals);
        events.extend(self.events(Direction::FromDevice, from_device));
        events
    }

    fn events(&mut self, direction: Direction, pieces: Vec<Piece>) -> Vec<Event> {
        let events = pieces.into_iter().map(|piece| Event {
            direction,
            happening: match piece {
                Piece::Frame {
                    payload,
                    is_checked,
                    spoilt,
                } => self.frame(&payload, is_checked, spoilt),
                Piece::Text(text) => Happening::Text(text),
                Piece::Broken(bytes) => Happening::Broken(bytes),
            },
        });
        events.collect()
    }

    fn frame(&mut self, payload: &[u8], is_checked: bool, spoilt: bool) -> Happening {
        let (&header, body) = payload.split_first().unwrap_or((&0, &[]));
        let Header { kind, seq } = Header::from_byte(header);
        let (words, again) = match kind {
            // Its meaning depends on earlier ones.
            _ if !is_checked => {
                let words = format!("{}, not checked: its session is unknown", hex(body));
                (words, false)
            }
            Kind::Connect => self.connect(body),
            Kind::Accept => (self.accept(body), false),
            Kind::Call => self.call(seq, payload, body),
            Kind::Return | Kind::Error | Kind::Fault => self.answer(kind, seq, payload, body),
            Kind::Nak => (nak(seq, body), false),
            Kind::Event => (self.event(body), false),
        };
        Happening::Frame(Frame {
            kind,
            seq,
            words,
            again,
            spoilt,
        })
    }

    fn connect(&mut self, body: &[u8]) -> (String, bool) {
        let again = self.last_connect == body;
        self.last_connect = body.to_vec();
        self.calls = [const { None }; SEQS as usize];
        let words = match postcard::take_from_bytes::<Connect>(body) {
            Ok((connect, _)) => format!(
                "version {}, session {:#010x}, frames of up to {} bytes",
                connect.version, connect.nonce, connect.max_frame
            ),
            Err(_) => hex(body),
        };
        (words, again)
    }

    fn accept(&mut self, body: &[u8]) -> String {
        let Ok((accept, _)) = postcard::take_from_bytes::<Accept>(body) else {
            return hex(body);
        };
        let Accept {
            version,
            nonce,
            window,
            max_frame,
            buffer,
            fingerprint,
        } = accept;
        if self.fingerprint != Some(fingerprint) {
            self.fingerprint = Some(fingerprint);
            self.interface = (self.descriptions)(fingerprint);
        }
        format!(
            "version {version}, session {nonce:#010x}, window {window}, \
             frames of up to {max_frame} bytes, buffer of {buffer}, interface {fingerprint:#010x}"
        )
    }

    fn call(&mut self, seq: Seq, payload: &[u8], body: &[u8]) -> (String, bool) {
        let Ok((number, arguments)) = postcard::take_from_bytes::<u16>(body) else {
            return (hex(body), false);
        };
        let known = self.calls[usize::from(seq.number())].as_ref();
        let again = known.is_some_and(|call| call.payload == payload);
        if !again {
            self.calls[usize::from(seq.number())] = Some(Call {
                payload: payload.to_vec(),
                number,
                answer: None,
            });
            // The window is smaller than half of all numbers: by now this one is free again.
            let old = Seq::new(seq.number() + SEQS / 2);
            self.calls[usize::from(old.number())] = None;
        }
        (self.call_in_words(number, arguments), again)
    }

    fn call_in_words(&self, number: u16, arguments: &[u8]) -> String {
        let Some(procedure) = self.procedure(number) else {
            return format!("procedure {number}, arguments {}", hex(arguments));
        };
        let (ask, arguments) = match procedure.kind {
            kind if kind.is_stream() => split_ask(arguments),
            _ => (String::new(), arguments),
        };
        match in_words(procedure, arguments, "arguments") {
            Ok(words) => words + &ask,
            Err(words) => words,
        }
    }

    fn event(&self, body: &[u8]) -> String {
        let Ok((topic, data)) = postcard::take_from_bytes::<u16>(body) else {
            return hex(body);
        };
        if topic == EVENT_COUNT {
            return match postcard::take_from_bytes::<u32>(data) {
                Ok((1, _)) => "1 event so far".to_owned(),
                Ok((count, _)) => format!("{count} events so far"),
                Err(_) => hex(body),
            };
        }
        let Some(event) = self.procedure(topic) else {
            return format!("event {topic}, data {}", hex(data));
        };
        in_words(event, data, "data").unwrap_or_else(|words| words)
    }

    fn answer(&mut self, kind: Kind, seq: Seq, payload: &[u8], body: &[u8]) -> (String, bool) {
        let Some(call) = &mut self.calls[usize::from(seq.number())] else {
            return (untyped(kind, body), false);
        };
        let before = call.answer.replace(payload.to_vec());
        let again = before.as_deref() == Some(payload);
        let (number, called) = (call.number, call.payload.clone());
        if kind == Kind::Return && number == DESCRIBE {
            self.learn(&called, body);
        }
        (self.answer_in_words(kind, number, body), again)
    }

    fn answer_in_words(&self, kind: Kind, number: u16, body: &[u8]) -> String {
        let Some(procedure) = self.procedure(number) else {
            return format!("procedure {number}: {}", untyped(kind, body));
        };
        let path = &procedure.path;
        let words = match (kind, &procedure.error) {
            (Kind::Return, _) if procedure.kind.is_stream() => batch_in_words(procedure, body),
            (Kind::Return, _) => {
                decode_all(&procedure.value, body).map(|value| match procedure.value.shape {
                    Shape::Unit => "done".to_owned(),
                    _ => shown(&value),
                })
            }
            (Kind::Error, Some(ty)) => decode_all(ty, body).map(|error| error_in_words(ty, &error)),
            _ => Ok(untyped(kind, body)),
        };
        match words {
            Ok(words) => format!("{path}: {words}"),
            Err(error) => format!("{path}: {}, which makes no sense: {error}", hex(body)),
        }
    }

    /// Appends a piece of the description to those before it.
    fn learn(&mut self, called: &[u8], body: &[u8]) {
        let offset = called
            .get(2..)
            .and_then(|rest| postcard::from_bytes::<u32>(rest).ok());
        let Ok(chunk) = postcard::from_bytes::<&[u8]>(body) else {
            return;
        };
        if offset == Some(0) {
            self.learned.clear();
        }
        let end = u32::try_from(self.learned.len()).ok();
        if offset.is_none() || offset != end || self.learned.len() > MAX_DESCRIPTION {
            return;
        }
        self.learned.extend_from_slice(chunk);
        if chunk.is_empty() && Some(Crc32::of(&self.learned).value()) == self.fingerprint {
            self.interface = Description::read(&self.learned).ok().map(Arc::new);
        }
    }

    fn procedure(&self, number: u16) -> Option<&Procedure> {
        let (description, number) = match number {
            // The device's own service is described like any other, as if it began at the first
            // number.
            0..FIRST_NUMBER => (self.own.as_ref()?, number + FIRST_NUMBER),
            _ => (self.interface.as_deref()?, number),
        };
        description
            .procedures()
            .find(|procedure| procedure.number == number)
    }
}

/// Returns the description of the device's own service, with its events.
fn own_description() -> Option<Description> {
    let read = |pieces: &[&[u8]]| Description::read(&pieces.concat()).ok();
    let mut own = read(<DeviceService<()> as StaticInterface>::DESCRIPTION)?;
    let events = read(<DeviceEventsService<()> as StaticInterface>::DESCRIPTION)?;
    let service = own.services.first_mut()?;
    for procedure in events.procedures() {
        service.procedures.push(Procedure {
            number: procedure.number + FIRST_EVENTS_NUMBER,
            path: format!("{}.{}", service.name, procedure.name()),
            ..procedure.clone()
        });
    }
    Some(own)
}

/// Shows a call with its arguments or an event with its data, or says what is wrong with those.
fn in_words(procedure: &Procedure, bytes: &[u8], what: &str) -> Result<String, String> {
    let path = &procedure.path;
    match to_json(procedure, bytes) {
        Ok(values) => {
            let values = values.iter();
            let words = values.map(|(name, value)| format!("{name}: {}", shown(value)));
            Ok(format!("{path}({})", words.collect::<Vec<_>>().join(", ")))
        }
        Err(error) => Err(format!("{path} with bad {what} {}: {error}", hex(bytes))),
    }
}

/// Takes the request for a batch off the arguments of a stream, and returns it in words.
fn split_ask(bytes: &[u8]) -> (String, &[u8]) {
    match postcard::take_from_bytes::<Ask>(bytes) {
        Ok((Ask { position, limit }, rest)) => (
            format!(", up to {limit} items from item {position} on"),
            rest,
        ),
        Err(_) => (String::new(), bytes),
    }
}

/// Shows the items of a batch, and the meaning of its last byte.
fn batch_in_words(procedure: &Procedure, body: &[u8]) -> Result<String, ValueError> {
    const LAST: u8 = 0x80;
    let (&end, mut items) = body.split_last().unwrap_or((&0, &[]));
    let mut from = String::new();
    if procedure.kind == ProcedureKind::MovingStream {
        let mut cursor = Cursor::new(items);
        from = format!("from {}: ", cursor.varint(32)?);
        items = cursor.rest();
    }
    let count = end & !LAST;
    let values = Value::Array(decode_items(&procedure.value, count, items)?);
    Ok(match (count, end & LAST) {
        (0, 0) => "the stream is shorter than that".to_owned(),
        (_, 0) => from + &shown(&values),
        _ => format!("{from}{}, and no more", shown(&values)),
    })
}

/// Shows a value on one line, cut short if it is long.
fn shown(value: &Value) -> String {
    shortened(&safe::line(&value.to_string()))
}

/// Shows the body of an answer to an unknown call.
fn untyped(kind: Kind, body: &[u8]) -> String {
    match kind {
        Kind::Fault => fault(body),
        _ => hex(body),
    }
}

fn fault(body: &[u8]) -> String {
    let code = body.first().copied().unwrap_or_default();
    let error: CallError = match Fault::from_code(code) {
        Some(Fault::UnknownProcedure) => CallError::NoSuchProcedure,
        Some(Fault::BadArguments) => CallError::BadArguments,
        Some(Fault::ReplyTooLarge) => CallError::ReplyTooLarge,
        Some(Fault::OutcomeUnknown) => CallError::OutcomeUnknown(Cause::Relay),
        Some(Fault::Unreachable) => CallError::Unreachable,
        Some(Fault::Refused) => CallError::Refused,
        None => CallError::UnknownFault(code),
    };
    error.to_string()
}

fn nak(seq: Seq, body: &[u8]) -> String {
    let seq = seq.number();
    match body.first().copied().and_then(NakReason::from_code) {
        Some(NakReason::Corrupt) => format!("a frame arrived damaged; call {seq} is next"),
        Some(NakReason::TooLong) => {
            format!("a frame was longer than the device takes; call {seq} is next")
        }
        Some(NakReason::OutOfOrder) => format!("a call is missing; call {seq} is next"),
        Some(NakReason::NotConnected) => {
            format!("call {seq} came without a session: the device was reset")
        }
        None => format!("for a reason of another version: {}", hex(body)),
    }
}
