//! The C library's client behind the interface of `rpc_proto`'s.
//!
//! The state is one block without pointers into itself, so it is copied as it is; each call of the library gets a
//! description of where it is at that moment.
#![allow(unsafe_code, reason = "it calls foreign functions")]

mod identity;
pub mod sys;

use crate::sys::Writer;
use rpc_proto::client::{
    Answer, CallError, Cause, Counters, Number, Patience, ReceivedEvent, SubscribeResult, Timing,
};
use rpc_proto::device::SubscribeError;
use rpc_proto::time::{Duration, Instant};
use rpc_proto::wire::message::{Accept, VERSION};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ptr;
use std::slice;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::task::Poll;

/// The name of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(u32);

/// Memory for no subscriptions.
pub type NoSubscriptions = Subscriptions<0, 0>;

/// Memory for subscriptions to `TOPICS` events, and `BYTES` for those that wait.
#[derive(Clone, Debug)]
pub struct Subscriptions<const TOPICS: usize, const BYTES: usize> {
    topics: [sys::Topic; TOPICS],
    events: [u8; BYTES],
}

/// Memory of a client for events.
pub trait EventMemory: Clone {
    /// Memory without subscriptions.
    fn new() -> Self;

    /// The topics and the bytes.
    fn parts(&mut self) -> (&mut [sys::Topic], &mut [u8]);
}

impl<const TOPICS: usize, const BYTES: usize> EventMemory for Subscriptions<TOPICS, BYTES> {
    fn new() -> Self {
        Self {
            topics: [sys::Topic::default(); TOPICS],
            events: [0; BYTES],
        }
    }

    fn parts(&mut self) -> (&mut [sys::Topic], &mut [u8]) {
        (&mut self.topics, &mut self.events)
    }
}

/// The bytes of calls and frames, end to end.
#[repr(C)]
#[derive(Clone, Debug)]
struct Bytes<const FRAME: usize, const ROOM: usize> {
    calls: [[u8; FRAME]; ROOM],
    outgoing: [u8; FRAME],
    received: [u8; FRAME],
}

#[derive(Clone, Debug)]
struct Memory<const FRAME: usize, const ROOM: usize, const NUMBERS: usize, E> {
    state: sys::State,
    calls: [sys::Call; ROOM],
    numbers: [sys::Number; NUMBERS],
    bytes: Bytes<FRAME, ROOM>,
    events: E,
}

impl<const FRAME: usize, const ROOM: usize, const NUMBERS: usize, E: EventMemory>
    Memory<FRAME, ROOM, NUMBERS, E>
{
    /// Calls the library with the place of everything.
    fn with<T>(&mut self, action: impl FnOnce(*const sys::Client) -> T) -> T {
        let (topics, events) = self.events.parts();
        let client = sys::Client {
            state: &raw mut self.state,
            bytes: (&raw mut self.bytes).cast(),
            calls: self.calls.as_mut_ptr(),
            numbers: self.numbers.as_mut_ptr(),
            topics: topics.as_mut_ptr(),
            events: events.as_mut_ptr(),
            subscriptions: match topics {
                [] => ptr::null(),
                _ => (&raw const sys::srpc_client_subscriptions).cast(),
            },
            frame: FRAME as u16,
            events_size: events.len() as u16,
            call_count: ROOM as u8,
            number_count: NUMBERS as u8,
            topic_count: topics.len() as u8,
        };
        action(&raw const client)
    }
}

/// A client in C.
#[derive(Clone, Debug)]
pub struct Client<
    const FRAME: usize,
    const ROOM: usize = 1,
    const NUMBERS: usize = 8,
    E: EventMemory = NoSubscriptions,
> {
    memory: RefCell<Memory<FRAME, ROOM, NUMBERS, E>>,
    /// The time as the library knows it.
    now: Instant,
    /// The microseconds in a unit of the library's time: a thousand, or one where a test has no longer times.
    unit: u64,
    counters: Counters,
    device: Option<Accept>,
}

impl<const FRAME: usize, const ROOM: usize, const NUMBERS: usize> Client<FRAME, ROOM, NUMBERS> {
    /// Creates a client that has no session yet.
    #[must_use]
    pub fn new(nonce: u32, timing: Timing) -> Self {
        Self::made(nonce, timing)
    }

    /// Gives it room for events.
    #[must_use]
    pub fn with_subscriptions<const TOPICS: usize, const BYTES: usize>(
        self,
    ) -> Client<FRAME, ROOM, NUMBERS, Subscriptions<TOPICS, BYTES>> {
        let Memory {
            state,
            calls,
            numbers,
            bytes,
            ..
        } = self.memory.into_inner();
        Client {
            memory: RefCell::new(Memory {
                state,
                calls,
                numbers,
                bytes,
                events: Subscriptions::new(),
            }),
            now: self.now,
            unit: self.unit,
            counters: self.counters,
            device: self.device,
        }
    }
}

impl<const FRAME: usize, const ROOM: usize, const NUMBERS: usize, E: EventMemory>
    Client<FRAME, ROOM, NUMBERS, E>
{
    fn made(nonce: u32, timing: Timing) -> Self {
        // SAFETY: all of it is numbers, flags and pointers that may be null; `init` makes them what they have to be.
        let (state, call) = unsafe { std::mem::zeroed::<(sys::State, sys::Call)>() };
        let memory = Memory {
            state,
            calls: [call; ROOM],
            numbers: [sys::Number::default(); NUMBERS],
            bytes: Bytes {
                calls: [[0; FRAME]; ROOM],
                outgoing: [0; FRAME],
                received: [0; FRAME],
            },
            events: E::new(),
        };
        let unit = if timing.min.as_micros() < 1000 {
            1
        } else {
            1000
        };
        let mut client = Self {
            memory: RefCell::new(memory),
            now: Instant::from_micros(0),
            unit,
            counters: Counters::default(),
            device: None,
        };
        client.with(|this| unsafe { sys::srpc_client_init(this, nonce) });
        let units = |time: Duration| (time.as_micros() / unit) as u32;
        client.memory.get_mut().state.timing = sys::Timing {
            initial: units(timing.initial),
            min: units(timing.min),
            max: units(timing.max),
            max_patient: units(timing.max_patient),
        };
        client
    }

    /// Calls the library, and takes over what callers look at.
    pub(crate) fn with<T>(&mut self, action: impl FnOnce(*const sys::Client) -> T) -> T {
        let memory = self.memory.get_mut();
        let result = memory.with(action);
        let sys::State {
            counters,
            device,
            phase,
            nonce,
            ..
        } = memory.state;
        self.counters = Counters {
            sent: counters.sent,
            resent: counters.resent,
            received: counters.received,
            broken: counters.broken,
            sessions: counters.sessions,
            refused: counters.refused,
            lost_links: counters.lost_links,
            taken_over: counters.taken_over,
        };
        self.device = (phase == sys::PHASE_OPEN).then_some(Accept {
            version: VERSION,
            nonce,
            window: device.window,
            max_frame: device.max_frame,
            buffer: device.buffer,
            fingerprint: device.fingerprint,
        });
        result
    }

    /// Returns a time as the library counts it.
    const fn units(&self, time: Instant) -> u32 {
        (time.as_micros() / self.unit) as u32
    }

    fn at(&mut self, now: Instant) -> u32 {
        self.now = now;
        self.units(now)
    }

    /// Sets the time limit of calls and the number of retries.
    pub fn set_patience(&mut self, timeout: Duration, retries: u32) {
        let timeout = (timeout.as_micros() / self.unit) as u32;
        self.with(|this| unsafe { sys::srpc_client_set_patience(this, timeout, retries) });
    }

    /// Starts a call.
    ///
    /// # Errors
    /// As that of `rpc_proto`.
    pub fn start<A: Serialize + ?Sized>(
        &mut self,
        target: rpc_proto::client::Target,
        patience: impl Into<Patience>,
        arguments: &A,
    ) -> Result<Ticket, CallError> {
        let bytes = tests::wire::encoded(arguments);
        let patience: Patience = patience.into();
        // The library's time is too short for deadlines that never pass.
        let deadline = (patience.deadline.as_micros() / self.unit).min(0x7FFF_0000) as u32;
        let patience = sys::Patience {
            deadline,
            retries: patience.retries,
            timeout: (patience.timeout.as_micros() / self.unit) as u32,
        };
        let target = interned(target);
        let mut ticket = 0;
        let status = self.with(|this| unsafe {
            let mut writer = Writer {
                at: ptr::null_mut(),
                end: ptr::null_mut(),
                more: ptr::null_mut(),
                more_end: ptr::null_mut(),
            };
            if sys::srpc_client_begin(this, &raw mut writer) {
                crate::sys::srpc_write_raw(&raw mut writer, bytes.as_ptr(), bytes.len());
            }
            sys::srpc_client_start(
                this,
                &raw const writer,
                target,
                &raw const patience,
                &raw mut ticket,
            )
        });
        match error(status, 0) {
            None => Ok(Ticket(ticket)),
            Some(error) => Err(error),
        }
    }

    /// Returns true if another call can be made.
    pub fn has_room(&self) -> bool {
        self.memory
            .borrow_mut()
            .with(|this| unsafe { sys::srpc_client_has_room(this) })
    }

    /// Returns the bytes to send.
    pub fn outgoing(&mut self, now: Instant) -> &[u8] {
        let now = self.at(now);
        let mut count = 0;
        self.with(|this| unsafe {
            let bytes = sys::srpc_client_outgoing(this, now, &raw mut count);
            slice::from_raw_parts(bytes, count)
        })
    }

    /// Notes what was sent.
    pub fn sent(&mut self, now: Instant, count: usize) {
        let now = self.at(now);
        self.with(|this| unsafe { sys::srpc_client_sent(this, now, count) });
    }

    /// Takes a byte.
    pub fn receive(&mut self, now: Instant, byte: u8) {
        let now = self.at(now);
        self.with(|this| unsafe { sys::srpc_client_receive(this, now, &raw const byte, 1) });
    }

    /// Returns when to advance.
    pub fn deadline(&self) -> Option<Instant> {
        // Time stands still in a model, and may go back.
        let now = if self.unit == 1 {
            0
        } else {
            self.now.as_micros() / self.unit
        };
        let mut memory = self.memory.borrow_mut();
        let wait = memory.with(|this| unsafe { sys::srpc_client_wait(this, now as u32) });
        let units = now + u64::from(wait);
        (wait < sys::LONGEST).then(|| Instant::from_micros(units * self.unit))
    }

    /// Does what is due.
    pub fn advance(&mut self, now: Instant) {
        let now = self.at(now);
        self.with(|this| unsafe { sys::srpc_client_advance(this, now) });
    }

    /// Ends the session.
    pub fn link_lost(&mut self) {
        self.with(|this| unsafe { sys::srpc_client_link_lost(this) });
    }

    /// Ends every call that waits to be sent, because the link is gone.
    pub fn give_up(&mut self) {
        self.with(|this| unsafe { sys::srpc_client_give_up(this) });
    }

    /// Ends every call.
    pub fn cancel(&mut self) {
        self.with(|this| unsafe { sys::srpc_client_cancel(this) });
    }

    /// Returns true if the call has ended.
    pub fn is_ended(&self, ticket: Ticket) -> bool {
        let mut answer = NO_ANSWER;
        let mut memory = self.memory.borrow_mut();
        memory.with(|this| unsafe { sys::srpc_client_ended(this, ticket.0, &raw mut answer) })
    }

    /// Takes the result of a call.
    pub fn take(&mut self, ticket: Ticket) -> Option<Result<Answer<'_>, CallError>> {
        let mut answer = NO_ANSWER;
        let has_ended =
            self.with(|this| unsafe { sys::srpc_client_take(this, ticket.0, &raw mut answer) });
        if !has_ended {
            return None;
        }
        // SAFETY: the bytes lie in the memory that is borrowed with `self`.
        let bytes = unsafe { slice::from_raw_parts(answer.bytes, answer.length) };
        Some(match answer.status {
            OK => Ok(Answer::Return(bytes)),
            OWN_ERROR => Ok(Answer::Error(bytes)),
            status => Err(error(status, answer.detail).expect("it is one")),
        })
    }

    /// Stops waiting for a call.
    pub fn abandon(&mut self, ticket: Ticket) {
        self.with(|this| unsafe { sys::srpc_client_forget(this, ticket.0) });
    }

    /// Returns the device's Accept.
    pub const fn device(&self) -> Option<&Accept> {
        self.device.as_ref()
    }

    /// Returns the counters of the link.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Returns how many events were lost.
    pub fn lost_events(&self) -> u32 {
        self.memory.borrow().state.events_lost
    }

    /// Subscribes to an event.
    ///
    /// # Errors
    /// As that of `rpc_proto`.
    pub fn subscribe(&mut self, now: Instant, key: u32) -> SubscribeResult<()> {
        let now = self.at(now);
        match self.with(|this| unsafe { sys::srpc_client_subscribe(this, now, key) }) {
            true => Ok(()),
            false => Err(CallError::Error(SubscribeError::TooMany)),
        }
    }

    /// Ends a subscription.
    pub fn unsubscribe(&mut self, now: Instant, key: u32) {
        let now = self.at(now);
        self.with(|this| unsafe { sys::srpc_client_unsubscribe(this, now, key) });
    }

    /// Asks about a subscription.
    pub fn poll_subscribed(&mut self, key: u32) -> Poll<SubscribeResult<()>> {
        match self.with(|this| unsafe { sys::srpc_client_subscribed(this, key) }) {
            OK => Poll::Ready(Ok(())),
            PENDING => Poll::Pending,
            NO_SUCH_PROCEDURE => Poll::Ready(Err(CallError::Error(SubscribeError::NoSuchEvent))),
            TOO_MANY => Poll::Ready(Err(CallError::Error(SubscribeError::TooMany))),
            status => Poll::Ready(Err(error(status, 0).expect("it is one").widen())),
        }
    }

    /// Takes out the oldest waiting event.
    pub fn next_event(&mut self) -> Option<ReceivedEvent<'_>> {
        let mut event = sys::ReceivedEvent {
            key: 0,
            lost: 0,
            session: 0,
            data: ptr::null(),
            length: 0,
        };
        let has_one =
            self.with(|this| unsafe { sys::srpc_client_next_event(this, &raw mut event) });
        has_one.then(|| ReceivedEvent {
            key: event.key,
            // SAFETY: the bytes lie in the memory that is borrowed with `self`.
            data: unsafe { slice::from_raw_parts(event.data, event.length) },
            lost: event.lost,
            session: event.session,
        })
    }
}

const NO_ANSWER: sys::Answer = sys::Answer {
    status: OK,
    bytes: ptr::null(),
    length: 0,
    detail: 0,
};

// The values of `srpc_status`, in its order.
const OK: u32 = 0;
const OWN_ERROR: u32 = 1;
const PENDING: u32 = 3;
const NO_SUCH_PROCEDURE: u32 = 7;
const TOO_MANY: u32 = 14;

/// Returns the error that a status stands for.
fn error(status: u32, detail: u8) -> Option<CallError> {
    let unknown = CallError::OutcomeUnknown;
    Some(match status {
        OK => return None,
        4 => CallError::ReplyTooLarge,
        5 => CallError::BadReply,
        6 => CallError::StreamChanged,
        NO_SUCH_PROCEDURE => CallError::NoSuchProcedure,
        8 => CallError::BadArguments,
        9 => CallError::Refused,
        10 => CallError::OtherVersion(detail),
        11 => CallError::Unreachable,
        12 => CallError::ArgumentsTooLarge,
        13 => CallError::Busy,
        15 => CallError::Timeout,
        16 => CallError::Disconnected,
        17 => CallError::Cancelled,
        18 => unknown(Cause::Timeout),
        19 => unknown(Cause::Reset),
        20 => unknown(Cause::Disconnected),
        21 => unknown(Cause::Cancelled),
        22 => unknown(Cause::OtherCaller),
        23 => unknown(Cause::Relay),
        24 => CallError::UnknownFault(detail),
        _ => unreachable!("a call does not end with {status}"),
    })
}

/// Returns the target as a constant, which the library asks for.
fn interned(target: rpc_proto::client::Target) -> *const sys::Target {
    /// A static, from which a leak checker sees that they are still used.
    static TARGETS: LazyLock<Mutex<HashMap<sys::Target, &'static sys::Target>>> =
        LazyLock::new(Mutex::default);
    let (fingerprint, number, number_of) = match target.number {
        Number::Fixed(number) => (0, number, sys::NUMBER_FIXED),
        Number::In {
            fingerprint,
            number,
        } => (fingerprint, number, sys::NUMBER_IN),
        Number::Unknown => (0, 0, sys::NUMBER_UNKNOWN),
    };
    let idempotent = if target.idempotent {
        sys::IDEMPOTENT
    } else {
        0
    };
    let target = sys::Target {
        key: target.key,
        fingerprint,
        number,
        number_of,
        flags: sys::FALLIBLE | idempotent,
    };
    let mut targets = TARGETS.lock().unwrap_or_else(PoisonError::into_inner);
    let place = targets.entry(target);
    *place.or_insert_with(|| Box::leak(Box::new(target)))
}
