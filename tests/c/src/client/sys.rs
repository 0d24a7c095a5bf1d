//! The types and functions of the C library's caller, as `serial_rpc.h` has them.
#![allow(missing_docs, reason = "the header has the docs")]
#![allow(unsafe_code, reason = "foreign functions are declared here")]

use crate::sys::Writer;
use std::ffi::c_void;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub key: u32,
    pub fingerprint: u32,
    pub number: u16,
    pub number_of: u8,
    pub flags: u8,
}

pub const NUMBER_UNKNOWN: u8 = 0;
pub const NUMBER_FIXED: u8 = 1;
pub const NUMBER_IN: u8 = 2;

pub const IDEMPOTENT: u8 = 1;
pub const FALLIBLE: u8 = 2;

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Timing {
    pub initial: u32,
    pub min: u32,
    pub max: u32,
    pub max_patient: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Patience {
    pub deadline: u32,
    pub retries: u32,
    pub timeout: u32,
}

#[repr(C)]
#[derive(Debug)]
pub struct Answer {
    pub status: u32,
    pub bytes: *const u8,
    pub length: usize,
    pub detail: u8,
}

#[repr(C)]
#[derive(Debug)]
pub struct ReceivedEvent {
    pub key: u32,
    pub lost: u32,
    pub session: u32,
    pub data: *const u8,
    pub length: usize,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    pub sent: u32,
    pub resent: u32,
    pub received: u32,
    pub broken: u32,
    pub sessions: u32,
    pub refused: u32,
    pub lost_links: u32,
    pub taken_over: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Accepted {
    pub max_frame: u16,
    pub buffer: u16,
    pub window: u8,
    pub fingerprint: u32,
}

pub const FREE: u8 = 0;
pub const WAITING: u8 = 1;
pub const IN_FLIGHT: u8 = 2;
pub const ENDED: u8 = 3;

pub const PHASE_OPEN: u8 = 3;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub target: *const Target,
    pub patience: Patience,
    pub ticket: u32,
    pub first_order: u32,
    pub last_order: u32,
    pub sent_at: u32,
    pub length: u16,
    pub number: u16,
    pub state: u8,
    pub status: u8,
    pub seq: u8,
    pub is_due: bool,
    pub is_question: bool,
    pub may_have_run: bool,
    pub is_abandoned: bool,
    pub is_own: bool,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Number {
    pub key: u32,
    pub number: u16,
    pub is_known: bool,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Topic {
    pub key: u32,
    pub asked: u32,
    pub known_in: u32,
    pub answered_in: u32,
    pub asked_at: u32,
    pub users: u16,
    pub topic: u16,
    pub status: u8,
    pub is_due: bool,
}

pub type EventTaker = unsafe extern "C" fn(*mut c_void, *const ReceivedEvent);

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct State {
    pub timing: Timing,
    pub counters: Counters,
    pub take_event: Option<EventTaker>,
    pub event_context: *mut c_void,
    pub timeout: u32,
    pub retries: u32,
    pub next_slot: u8,
    pub used: u8,
    pub last_ticket: u32,
    pub numbers_of: u32,
    pub phase: u8,
    pub next_seq: u8,
    pub nonce: u32,
    pub device: Accepted,
    pub order: u32,
    pub strange: u8,
    pub too_long: u8,
    pub received: u16,
    pub outgoing_length: u16,
    pub outgoing_sent: u16,
    pub outgoing_seq: u8,
    pub outgoing_has_call: bool,
    pub flush: bool,
    pub is_offered: bool,
    pub is_measured: bool,
    pub is_armed: bool,
    pub has_heard: bool,
    pub doublings: u8,
    pub round_trip: u32,
    pub deviation: u32,
    pub left: u32,
    pub due: u32,
    pub planned: u32,
    pub heard_at: u32,
    pub events_passed: u32,
    pub events_lost: u32,
    pub events_dropped: u32,
    pub events_start: u16,
    pub events_end: u16,
}

#[repr(C)]
#[derive(Debug)]
pub struct Client {
    pub state: *mut State,
    pub bytes: *mut u8,
    pub calls: *mut Call,
    pub numbers: *mut Number,
    pub topics: *mut Topic,
    pub events: *mut u8,
    pub subscriptions: *const c_void,
    pub frame: u16,
    pub events_size: u16,
    pub call_count: u8,
    pub number_count: u8,
    pub topic_count: u8,
}

/// What waits for nothing waits for that long.
pub const LONGEST: u32 = 0x7FFF_FFFF;

/// Returns the sizes of types of the library, as they are here and as they are in C.
pub fn sizes() -> [(usize, usize); 8] {
    let here = [
        size_of::<Target>(),
        size_of::<Answer>(),
        size_of::<ReceivedEvent>(),
        size_of::<Call>(),
        size_of::<Number>(),
        size_of::<Topic>(),
        size_of::<State>(),
        size_of::<Client>(),
    ];
    // SAFETY: it is a constant.
    let there = unsafe { client_layout };
    std::array::from_fn(|index| (here[index], there[index]))
}

unsafe extern "C" {
    static client_layout: [usize; 8];
    /// A constant whose content is the library's own business.
    pub static srpc_client_subscriptions: u8;

    pub fn srpc_client_init(client: *const Client, nonce: u32);
    pub fn srpc_client_set_patience(client: *const Client, timeout: u32, retries: u32);
    pub fn srpc_client_has_room(client: *const Client) -> bool;
    pub fn srpc_client_begin(client: *const Client, arguments: *mut Writer) -> bool;
    pub fn srpc_client_start(
        client: *const Client,
        arguments: *const Writer,
        target: *const Target,
        patience: *const Patience,
        ticket: *mut u32,
    ) -> u32;
    pub fn srpc_client_ended(client: *const Client, ticket: u32, answer: *mut Answer) -> bool;
    pub fn srpc_client_take(client: *const Client, ticket: u32, answer: *mut Answer) -> bool;
    pub fn srpc_client_forget(client: *const Client, ticket: u32);
    pub fn srpc_client_cancel(client: *const Client);
    pub fn srpc_client_outgoing(client: *const Client, now: u32, count: *mut usize) -> *const u8;
    pub fn srpc_client_sent(client: *const Client, now: u32, count: usize);
    pub fn srpc_client_receive(client: *const Client, now: u32, bytes: *const u8, count: usize);
    pub fn srpc_client_wait(client: *const Client, now: u32) -> u32;
    pub fn srpc_client_advance(client: *const Client, now: u32);
    pub fn srpc_client_link_lost(client: *const Client);
    pub fn srpc_client_give_up(client: *const Client);
    pub fn srpc_client_subscribe(client: *const Client, now: u32, key: u32) -> bool;
    pub fn srpc_client_unsubscribe(client: *const Client, now: u32, key: u32);
    pub fn srpc_client_subscribed(client: *const Client, key: u32) -> u32;
    pub fn srpc_client_next_event(client: *const Client, event: *mut ReceivedEvent) -> bool;
}
