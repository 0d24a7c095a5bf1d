//! Simulates a device of which only the description is known: its procedures are served by a function
//! that takes and returns JSON.

use crate::board::SimulatedEvents;
use rpc_proto::server::{RawReply, RawServer, Server};
use rpc_proto::service::{Ask, BatchEnd, MAX_BATCH};
use rpc_proto::wire::frame::max_payload_len;
use rpc_proto::wire::message::Fault;
use serde_json::{Map, Value};
use serial_rpc::arguments::to_json;
use serial_rpc::description::{Mirror, Procedure, ProcedureKind, ReadError};
use serial_rpc::link::Link;
use serial_rpc::value::{ValueError, encode};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest frame, in bytes, the number of calls in flight, and the receive buffer.
const FRAME: usize = 256;
const WINDOW: usize = 8;
const BUFFER: u16 = 1024;

/// The most bytes of a value: what a frame has room for beside the header of a reply.
const ROOM: usize = max_payload_len(FRAME) - 1;

/// The length of the end of a batch.
const END: usize = 1;

/// The interval at which a reader checks for events.
const LOOK_FOR_EVENTS: Duration = Duration::from_millis(1);

/// The end of a call, as the function that serves it reports it.
#[derive(Clone, Debug, PartialEq)]
pub enum Served {
    /// The value. That of a stream is an array of all its items.
    Value(Value),
    /// The procedure's own error.
    Error(Value),
    /// It failed in a way that the interface does not provide for.
    Failed,
    /// Nothing serves this procedure. It did not run.
    Missing,
}

/// Serves a call: gets the procedure, and its arguments by name.
pub type Serve = Box<dyn FnMut(&Procedure, Map<String, Value>) -> Served + Send>;

/// A device with a described interface: a server like that of a board, over memory. It is a
/// [`Link`], and in an `Arc` its own connector.
///
/// ```
/// use serde_json::json;
/// use serial_rpc::Connection;
/// use serial_rpc::description::Procedure;
/// use serial_rpc_simulator::{DescribedDevice, Served, SimulatedDevice};
///
/// let description = Connection::to(SimulatedDevice::new()).description_bytes()?;
/// let serve = Box::new(|procedure: &Procedure, arguments| {
///     assert_eq!(procedure.path, "calculator.add");
///     assert_eq!(arguments, *json!({"x": 2, "y": 3}).as_object().unwrap());
///     Served::Value(json!(5))
/// });
/// let device = Connection::to(DescribedDevice::new(description, serve)?);
/// assert_eq!(device.call("calculator.add", &json!([2, 3]))?, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DescribedDevice {
    state: Mutex<State>,
    replied: Condvar,
    events: Arc<SimulatedEvents>,
}

struct State {
    server: RawServer<Mirror, FRAME, WINDOW, Arc<SimulatedEvents>>,
    serve: Serve,
    unread: VecDeque<u8>,
    stream: Option<Items>,
}

/// The items of the stream that was asked for last, so that it is served once for all its batches.
struct Items {
    index: u16,
    arguments: Vec<u8>,
    encoded: Vec<Vec<u8>>,
}

impl DescribedDevice {
    /// Creates a device that was just switched on, with the interface of a description, in the form that
    /// a device sends.
    ///
    /// # Errors
    /// Fails if it is not a description.
    pub fn new(description: Vec<u8>, serve: Serve) -> Result<Arc<Self>, ReadError> {
        let events = Arc::new(SimulatedEvents::new());
        let mirror = Mirror::new(description)?;
        Ok(Arc::new(Self {
            state: Mutex::new(State {
                server: server(mirror, &events),
                serve,
                unread: VecDeque::new(),
                stream: None,
            }),
            replied: Condvar::new(),
            events,
        }))
    }

    /// Sends an event, if a caller has subscribed to it.
    ///
    /// # Errors
    /// Fails if the data is not the event's.
    pub fn emit(&self, event: &Procedure, data: &Map<String, Value>) -> Result<(), ValueError> {
        let mut bytes = Vec::new();
        for argument in &event.arguments {
            let value = data.get(&argument.name).unwrap_or(&Value::Null);
            encode(&argument.ty, value, &mut bytes)
                .map_err(|error| error.in_field(&argument.name))?;
        }
        self.events.emit_bytes(event.key, &bytes);
        self.replied.notify_all();
        Ok(())
    }

    /// Switches the device off and on again: its session is lost, and so are the bytes in transit.
    pub fn power_cycle(&self) {
        let mut state = self.state();
        let mirror = state.server.interface().clone();
        state.server = server(mirror, &self.events);
        state.unread.clear();
        state.stream = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn server(
    mirror: Mirror,
    events: &Arc<SimulatedEvents>,
) -> RawServer<Mirror, FRAME, WINDOW, Arc<SimulatedEvents>> {
    RawServer::of(Server::with_events(mirror, Arc::clone(events))).with_buffer(BUFFER)
}

/// The encoded end of a call.
enum Reply {
    Return(Vec<u8>),
    Error(Vec<u8>),
    Fault(Fault),
}

impl State {
    fn receive(&mut self, byte: u8) {
        if let Some(call) = self.server.receive(byte) {
            let (token, index) = (call.token, call.index);
            let arguments = call.arguments.to_vec();
            let reply = match self.server.interface().procedure(index).cloned() {
                Some(procedure) => self.reply(index, &procedure, &arguments),
                None => Reply::Fault(Fault::UnknownProcedure),
            };
            self.server.answer(
                token,
                match &reply {
                    Reply::Return(value) => RawReply::Return(value),
                    Reply::Error(error) => RawReply::Error(error),
                    Reply::Fault(fault) => RawReply::Fault(*fault),
                },
            );
        }
        self.send();
    }

    /// Sends what is to be sent: a server that has something takes no further call.
    fn send(&mut self) {
        while let count @ 1.. = self.server.outgoing().len() {
            self.unread.extend(self.server.outgoing());
            self.server.sent(count);
        }
    }

    fn reply(&mut self, index: u16, procedure: &Procedure, arguments: &[u8]) -> Reply {
        match procedure.kind {
            ProcedureKind::Event => Reply::Fault(Fault::UnknownProcedure),
            kind if kind.is_stream() => self.batch(index, procedure, arguments),
            _ => match to_json(procedure, arguments) {
                Ok(arguments) => self.serve(procedure, arguments, |value| {
                    let mut bytes = Vec::new();
                    encode(&procedure.value, value, &mut bytes).map(|()| bytes)
                }),
                Err(_) => Reply::Fault(Fault::BadArguments),
            },
        }
    }

    /// Serves a call, and encodes its value with `encoded`.
    fn serve(
        &mut self,
        procedure: &Procedure,
        arguments: Map<String, Value>,
        encoded: impl FnOnce(&Value) -> Result<Vec<u8>, ValueError>,
    ) -> Reply {
        // What the function returns is a program's mistake if it does not fit the type.
        match (self.serve)(procedure, arguments) {
            Served::Value(value) => encoded(&value).map_or(FAILED, Reply::Return),
            Served::Error(error) => {
                let mut bytes = Vec::new();
                match &procedure.error {
                    Some(ty) if encode(ty, &error, &mut bytes).is_ok() => Reply::Error(bytes),
                    _ => FAILED,
                }
            }
            Served::Failed => FAILED,
            Served::Missing => Reply::Fault(Fault::UnknownProcedure),
        }
    }

    /// Returns a batch of a stream (PROTOCOL.md, "Streams").
    fn batch(&mut self, index: u16, procedure: &Procedure, mut arguments: &[u8]) -> Reply {
        let Ok((ask, rest)) = postcard::take_from_bytes::<Ask>(arguments) else {
            return Reply::Fault(Fault::BadArguments);
        };
        arguments = rest;
        let known = self.stream.as_ref().is_some_and(|items| {
            ask.position > 0 && items.index == index && items.arguments == arguments
        });
        if !known {
            let Ok(values) = to_json(procedure, arguments) else {
                return Reply::Fault(Fault::BadArguments);
            };
            let mut all = Vec::new();
            let served = self.serve(procedure, values, |items| {
                all = Items::encode(procedure, items)?;
                Ok(Vec::new())
            });
            if !matches!(served, Reply::Return(_)) {
                return served;
            }
            self.stream = Some(Items {
                index,
                arguments: arguments.to_vec(),
                encoded: all,
            });
        }
        let moves = procedure.kind == ProcedureKind::MovingStream;
        self.stream
            .as_ref()
            .map_or(FAILED, |items| items.batch(ask, moves))
    }
}

/// A call that failed has run, as far as anybody can tell.
const FAILED: Reply = Reply::Fault(Fault::OutcomeUnknown);

impl Items {
    /// Encodes the items of a stream.
    fn encode(procedure: &Procedure, items: &Value) -> Result<Vec<Vec<u8>>, ValueError> {
        let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
        let encode = |item| {
            let mut bytes = Vec::new();
            encode(&procedure.value, item, &mut bytes).map(|()| bytes)
        };
        items.iter().map(encode).collect()
    }

    /// Returns the items that were asked for, as many as fit.
    fn batch(&self, ask: Ask, moves: bool) -> Reply {
        let mut bytes = Vec::new();
        if moves {
            // All its items are there from the first on, so it starts where it was asked to.
            bytes = postcard::to_stdvec(&ask.position).unwrap_or_default();
        }
        let mut end = BatchEnd::BEYOND;
        if let Some(left) = self.encoded.get(ask.position as usize..) {
            for item in left.iter().take(ask.limit.min(MAX_BATCH).into()) {
                if bytes.len() + item.len() + END > ROOM {
                    break;
                }
                bytes.extend(item);
                end.count += 1;
            }
            end.is_last = usize::from(end.count) == left.len();
            if end.count == 0 && !end.is_last {
                return Reply::Fault(Fault::ReplyTooLarge);
            }
        }
        bytes.push(end.to_byte());
        Reply::Return(bytes)
    }
}

impl Link for DescribedDevice {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let mut state = self.state();
        let until = Instant::now() + timeout;
        loop {
            state.send();
            let left = until.saturating_duration_since(Instant::now());
            if !state.unread.is_empty() || left.is_zero() {
                return state.unread.read(buffer);
            }
            (state, _) = self
                .replied
                .wait_timeout(state, left.min(LOOK_FOR_EVENTS))
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn write(&self, bytes: &[u8], _: Duration) -> io::Result<usize> {
        let mut state = self.state();
        for &byte in bytes {
            state.receive(byte);
        }
        self.replied.notify_all();
        Ok(bytes.len())
    }
}
