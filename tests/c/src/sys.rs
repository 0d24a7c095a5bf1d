//! The types and functions of the C library, as `serial_rpc.h` has them.
#![allow(missing_docs, reason = "the header has the docs")]
#![allow(unsafe_code, reason = "foreign functions are declared here")]

use rpc_proto::device::Statistics;
use std::ffi::c_void;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    pub at: *mut u8,
    pub end: *mut u8,
    pub more: *mut u8,
    pub more_end: *mut u8,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    pub at: *const u8,
    pub left: i32,
}

/// Text or bytes that lie elsewhere.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub at: *const u8,
    pub length: usize,
}

/// An integer of 128 bits.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Wide {
    pub low: u64,
    pub high: u64,
}

impl From<u128> for Wide {
    fn from(value: u128) -> Self {
        Self {
            low: value as u64,
            high: (value >> 64) as u64,
        }
    }
}

impl From<Wide> for u128 {
    fn from(value: Wide) -> Self {
        Self::from(value.high) << 64 | Self::from(value.low)
    }
}

pub type Dispatch = unsafe extern "C" fn(*mut c_void, u16, *mut Reader, *mut Writer) -> u8;
pub type AnswerOwn = unsafe extern "C" fn(*const Server, u16, *mut Reader, *mut Writer) -> u8;

/// The constants in it are there for ever.
#[repr(C)]
#[derive(Debug)]
pub struct Interface {
    pub dispatch: Dispatch,
    pub own: Option<AnswerOwn>,
    pub keys: *const u32,
    pub description: *const u8,
    pub digest: *const u8,
    pub description_length: u32,
    pub fingerprint: u32,
    pub count: u16,
}

// SAFETY: nothing in it ever changes.
unsafe impl Sync for Interface {}

/// The longest Nak.
pub const NAK: usize = 8;

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Session {
    pub statistics: [u32; 6],
    pub seal: u32,
    pub received: u16,
    pub sent: u16,
    pub max_frame: u16,
    pub phase: u8,
    pub next: u8,
    pub calls: u8,
    pub sending: u8,
    pub nak: [u8; NAK],
}

impl Session {
    /// Returns the counters as the Rust end has them.
    pub const fn statistics(&self) -> Statistics {
        let [
            frames,
            corrupt,
            too_long,
            out_of_order,
            duplicates,
            overruns,
        ] = self.statistics;
        Statistics {
            frames,
            corrupt,
            too_long,
            out_of_order,
            duplicates,
            overruns,
        }
    }
}

#[repr(C)]
#[derive(Debug)]
pub struct Server {
    pub interface: *const Interface,
    pub context: *mut c_void,
    pub session: *mut Session,
    pub frames: *mut u8,
    pub events: *const Events,
    pub frame: u16,
    pub buffer: u16,
    pub window: u8,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Topic {
    pub key: u32,
    pub number: u16,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Queue {
    pub dropped: u32,
    pub count: u32,
    pub start: u16,
    pub used: u16,
    pub length: u16,
    pub sent: u16,
    pub count_due: bool,
}

#[repr(C)]
#[derive(Debug)]
pub struct Events {
    pub operations: *const c_void,
    pub queue: *mut Queue,
    pub ring: *mut u8,
    pub topics: *mut Topic,
    pub sending: *mut u8,
    pub size: u16,
    pub frame: u16,
    pub topic_count: u8,
    pub lock: Option<extern "C" fn() -> u32>,
    pub unlock: Option<extern "C" fn(u32)>,
}

#[repr(C)]
#[derive(Debug)]
pub struct Event {
    pub data: Writer,
    pub locked: u32,
}

/// Returns the sizes of types of the library, as they are here and as they are in C.
pub fn sizes() -> [(usize, usize); 8] {
    let here = [
        size_of::<Writer>(),
        size_of::<Reader>(),
        size_of::<Interface>(),
        size_of::<Session>(),
        size_of::<Server>(),
        size_of::<Queue>(),
        size_of::<Events>(),
        size_of::<Event>(),
    ];
    // SAFETY: it is a constant.
    let there = unsafe { layout };
    std::array::from_fn(|index| (here[index], there[index]))
}

/// Returns the size of the state of the demonstration device.
pub fn size_of_demonstration() -> usize {
    // SAFETY: it is a constant.
    unsafe { layout_demonstration }
}

unsafe extern "C" {
    static layout: [usize; 8];
    static layout_demonstration: usize;

    pub static calculator_interface: Interface;
    pub static sequences_counter: Interface;
    pub static sequences_ring: Interface;
    pub fn demonstration_init(device: *mut c_void, events: *const Events);
    /// A constant whose content is the library's own business.
    pub static srpc_queued_events: u8;

    pub fn srpc_server_receive(server: *const Server, byte: u8);
    pub fn srpc_server_sent_all(server: *const Server);
    pub fn srpc_server_outgoing(server: *const Server, bytes: *mut *const u8) -> u16;
    pub fn srpc_server_sent(server: *const Server, count: u16);
    pub fn srpc_server_is_replying(server: *const Server) -> bool;
    pub fn srpc_server_note_overruns(server: *const Server, bytes: u32);
    pub fn srpc_own_service(
        server: *const Server,
        number: u16,
        arguments: *mut Reader,
        reply: *mut Writer,
    ) -> u8;

    pub fn srpc_events_wanted(events: *const Events, key: u32) -> bool;
    pub fn srpc_events_begin(events: *const Events, key: u32, event: *mut Event) -> bool;
    pub fn srpc_events_end(events: *const Events, event: *const Event);

    pub fn srpc_frame_close(frame: *mut u8, end: u16, size: u16, seal: u32) -> u16;
    pub fn srpc_frame_open(frame: *mut u8, length: u16) -> u16;
    pub fn srpc_crc(crc: u32, bytes: *const u8, count: usize) -> u32;
    pub fn srpc_session_seal(nonce: u32) -> u32;
    pub fn srpc_seal_checks(seal: u32, payload: *const u8, length: u16) -> bool;
    pub fn srpc_trailer(payload: *const u8, length: u16) -> u32;

    pub fn srpc_write_u8(writer: *mut Writer, value: u8);
    pub fn srpc_write_u32(writer: *mut Writer, value: u32);
    pub fn srpc_write_i32(writer: *mut Writer, value: i32);
    pub fn srpc_write_u64(writer: *mut Writer, value: u64);
    pub fn srpc_write_i64(writer: *mut Writer, value: i64);
    pub fn srpc_write_u128(writer: *mut Writer, value: Wide);
    pub fn srpc_write_i128(writer: *mut Writer, value: Wide);
    pub fn srpc_write_f32(writer: *mut Writer, value: f32);
    pub fn srpc_write_f64(writer: *mut Writer, value: f64);
    pub fn srpc_write_char(writer: *mut Writer, value: u32);
    pub fn srpc_write_bytes(writer: *mut Writer, value: Run);

    pub fn srpc_read_u8(reader: *mut Reader) -> u8;
    pub fn srpc_read_varint(reader: *mut Reader, bits: u8) -> u32;
    pub fn srpc_read_signed(reader: *mut Reader, bits: u8) -> i32;
    pub fn srpc_read_u64(reader: *mut Reader) -> u64;
    pub fn srpc_read_i64(reader: *mut Reader) -> i64;
    pub fn srpc_read_u128(reader: *mut Reader) -> Wide;
    pub fn srpc_read_i128(reader: *mut Reader) -> Wide;
    pub fn srpc_read_f32(reader: *mut Reader) -> f32;
    pub fn srpc_read_f64(reader: *mut Reader) -> f64;
    pub fn srpc_read_bool(reader: *mut Reader) -> bool;
    pub fn srpc_read_char(reader: *mut Reader) -> u32;
    pub fn srpc_read_string(reader: *mut Reader, most: u32) -> Run;
    pub fn srpc_read_bytes(reader: *mut Reader, most: u32) -> Run;

    pub fn srpc_widened_bits(value: f32) -> u64;
    pub fn srpc_narrowed(bits: u64) -> f32;

    pub fn srpc_writer_fail(writer: *mut Writer);
    pub fn srpc_write_raw(writer: *mut Writer, bytes: *const u8, count: usize);
}
