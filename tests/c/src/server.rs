//! The C server, with the methods of the Rust one.
#![allow(unsafe_code, reason = "the C library is called here")]

use crate::events::{EventQueue, Shared};
use crate::procedure;
use crate::sys;
use rpc_proto::describe::DIGEST_OFFSET;
use rpc_proto::device::{FIRST_EVENTS_NUMBER, Statistics};
use rpc_proto::service::{Dispatch, Interface};
use rpc_proto::wire::message::{Fault, Kind};
use std::ffi::c_void;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::ptr;
use std::slice;
use tests::device_end::DeviceEnd;

/// What `phase` is without a session.
const PHASE_NOT_CONNECTED: u8 = 0;
/// What `sending` is when nothing is sent.
const SENDING_NOTHING: u8 = 1;
/// The number of `resolve`.
const RESOLVE: u16 = 1;
/// The most bytes of an argument that is a `u32`.
const LONGEST_KEY: usize = 5;

/// No events.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvents;

/// What a server can have for its events: [`NoEvents`], or a pointer to an [`EventQueue`].
pub trait EventSource {
    /// Returns the memory of the queue that is shared with those who emit.
    fn shared(&self) -> Option<&Shared>;
}

impl EventSource for NoEvents {
    fn shared(&self) -> Option<&Shared> {
        None
    }
}

impl<const BYTES: usize, const TOPICS: usize, P: Deref<Target = EventQueue<BYTES, TOPICS>>>
    EventSource for P
{
    fn shared(&self) -> Option<&Shared> {
        Some((**self).shared())
    }
}

/// Serves the interface `I` as [`rpc_proto::server::Server`] does, by the C library.
#[derive(Clone)]
pub struct Server<I, const FRAME: usize, const WINDOW: usize, Q = NoEvents> {
    session: sys::Session,
    /// A buffer for the received frame, and one for each reply.
    frames: Vec<u8>,
    /// The frame in which an event is sent.
    event_frame: Vec<u8>,
    statistics: Statistics,
    buffer: u16,
    described: Described,
    interface: I,
    events: Q,
}

/// The constants of an interface, as the C library wants them.
#[derive(Clone, Debug)]
struct Described {
    description: Vec<u8>,
    digest: Vec<u8>,
    fingerprint: u32,
}

impl Described {
    fn of(interface: &impl Interface) -> Self {
        let mut description = Vec::new();
        loop {
            let piece = interface.description(description.len() as u32);
            if piece.is_empty() {
                break;
            }
            description.extend(piece);
        }
        Self {
            description,
            digest: interface.description(DIGEST_OFFSET).to_vec(),
            fingerprint: interface.fingerprint(),
        }
    }
}

/// What a procedure is run with.
struct Context<'a, I> {
    interface: &'a mut I,
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize> Server<I, FRAME, WINDOW> {
    /// Creates a server without a session.
    pub fn new(interface: I) -> Self {
        Self::made_of(interface, NoEvents)
    }

    /// Creates a server that also sends the events from a queue.
    pub fn with_events<Q, const BYTES: usize, const TOPICS: usize>(
        interface: I,
        queue: Q,
    ) -> Server<I, FRAME, WINDOW, Q>
    where
        Q: Deref<Target = EventQueue<BYTES, TOPICS>>,
    {
        Server::made_of(interface, queue)
    }
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize, Q: EventSource>
    Server<I, FRAME, WINDOW, Q>
{
    fn made_of(interface: I, events: Q) -> Self {
        Self {
            session: sys::Session::default(),
            frames: vec![0; FRAME * (WINDOW + 1)],
            event_frame: vec![0; FRAME],
            statistics: Statistics::NONE,
            buffer: 0,
            described: Described::of(&interface),
            interface,
            events,
        }
    }

    /// Returns the same server, with a receive buffer.
    #[must_use]
    pub fn with_buffer(mut self, bytes: u16) -> Self {
        self.buffer = bytes;
        self
    }

    /// Lets the C library do something with this server, which it sees at this place for as long only.
    fn with<T>(&mut self, action: impl FnOnce(*const sys::Server) -> T) -> T {
        let mut context = Context {
            interface: &mut self.interface,
        };
        let pointer = |bytes: &[u8]| match bytes {
            [] => ptr::null(),
            _ => bytes.as_ptr(),
        };
        let interface = sys::Interface {
            dispatch: dispatch::<I, FRAME>,
            own: I::OWN_SERVICE.then_some(answer_own::<I, FRAME>),
            keys: ptr::null(),
            description: pointer(&self.described.description),
            digest: pointer(&self.described.digest),
            description_length: self.described.description.len() as u32,
            fingerprint: self.described.fingerprint,
            count: 0,
        };
        let shared = self.events.shared();
        let events = shared.map(|shared| shared.descriptor(&mut self.event_frame));
        let server = sys::Server {
            interface: &raw const interface,
            context: (&raw mut context).cast(),
            session: &raw mut self.session,
            frames: self.frames.as_mut_ptr(),
            events: events.as_ref().map_or(ptr::null(), ptr::from_ref),
            frame: FRAME as u16,
            buffer: self.buffer,
            window: WINDOW as u8,
        };
        let result = action(&raw const server);
        self.statistics = self.session.statistics();
        result
    }

    /// Takes one received byte.
    pub fn receive(&mut self, byte: u8) {
        // SAFETY: the server and what it points to live as long as the call.
        self.with(|server| unsafe { sys::srpc_server_receive(server, byte) });
    }

    /// Returns the bytes to send, empty if there are none.
    pub fn outgoing(&mut self) -> &[u8] {
        let mut bytes = ptr::null();
        // SAFETY: as above.
        let count =
            self.with(|server| unsafe { sys::srpc_server_outgoing(server, &raw mut bytes) });
        match count {
            0 => &[],
            // SAFETY: they are in the session, the frames or the frame of an event, which are borrowed with this server.
            _ => unsafe { slice::from_raw_parts(bytes, count.into()) },
        }
    }

    /// Notes that the first `count` bytes were sent.
    pub fn sent(&mut self, count: usize) {
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        // SAFETY: as above.
        self.with(|server| unsafe { sys::srpc_server_sent(server, count) });
    }

    /// Notes that all bytes were sent.
    pub fn sent_all(&mut self) {
        // SAFETY: as above.
        self.with(|server| unsafe { sys::srpc_server_sent_all(server) });
    }

    /// Returns true if there is a reply to send.
    pub fn is_replying(&mut self) -> bool {
        // SAFETY: as above.
        self.with(|server| unsafe { sys::srpc_server_is_replying(server) })
    }

    /// Returns the interface.
    pub const fn interface(&mut self) -> &mut I {
        &mut self.interface
    }

    /// Returns the counters of the link.
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Counts bytes lost because the receive buffer was full.
    pub fn note_overruns(&mut self, bytes: u32) {
        // SAFETY: as above.
        self.with(|server| unsafe { sys::srpc_server_note_overruns(server, bytes) });
    }

    /// Returns the buffer of the reply in a slot.
    fn reply(&self, slot: usize) -> &[u8] {
        let begin = FRAME * (1 + slot);
        frame_in(&self.frames[begin..begin + FRAME])
    }
}

/// Returns the frame at the beginning of its buffer. The codes of the frame lead to its end.
fn frame_in(place: &[u8]) -> &[u8] {
    let mut end = 0;
    while place[end] != 0 {
        end += usize::from(place[end]);
    }
    &place[..=end]
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize, Q: EventSource> DeviceEnd
    for Server<I, FRAME, WINDOW, Q>
{
    fn receive(&mut self, byte: u8) {
        self.receive(byte);
    }

    fn outgoing(&mut self) -> &[u8] {
        self.outgoing()
    }

    fn sent(&mut self, count: usize) {
        self.sent(count);
    }
}

impl<I: fmt::Debug, const FRAME: usize, const WINDOW: usize, Q> fmt::Debug
    for Server<I, FRAME, WINDOW, Q>
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = formatter.debug_struct("Server");
        fields.field("session", &self.session);
        fields.field("frames", &self.frames);
        fields
            .field("interface", &self.interface)
            .finish_non_exhaustive()
    }
}

/// Two servers are equal if they behave the same from here on, as those in Rust.
impl<I: Dispatch + Hash, const FRAME: usize, const WINDOW: usize> Hash
    for Server<I, FRAME, WINDOW>
{
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let session = &self.session;
        session.phase.hash(hasher);
        // Without a session, only a Connect matters, and it sets all of these.
        if session.phase != PHASE_NOT_CONNECTED {
            (session.next, session.max_frame, session.seal).hash(hasher);
            let calls = usize::from(session.calls);
            for behind in 1..=calls.min(WINDOW) {
                self.reply((calls - behind) % WINDOW).hash(hasher);
            }
        }
        if session.sending != SENDING_NOTHING {
            session.sent.hash(hasher);
            match session.sending.checked_sub(SENDING_NOTHING + 1) {
                None => frame_in(&session.nak).hash(hasher),
                Some(slot) => self.reply(slot.into()).hash(hasher),
            }
        }
        let received = usize::from(session.received);
        let candidate = (received < FRAME).then(|| &self.frames[..received]);
        candidate.hash(hasher);
        (self.buffer, &self.interface).hash(hasher);
    }
}

/// Returns the bytes that a reader has not read.
///
/// # Safety
/// The reader must be one that the C library hands out.
unsafe fn rest<'a>(reader: *mut sys::Reader) -> &'a [u8] {
    // SAFETY: the library's readers point to so many bytes of the received frame.
    unsafe {
        let count = usize::try_from((*reader).left).expect("the number was read");
        slice::from_raw_parts((*reader).at, count)
    }
}

/// Runs a procedure: what the C library calls.
unsafe extern "C" fn dispatch<I: Dispatch, const FRAME: usize>(
    context: *mut c_void,
    index: u16,
    arguments: *mut sys::Reader,
    reply: *mut sys::Writer,
) -> u8 {
    // SAFETY: `with` has put the context there; reader and writer are the library's, and its frames are not borrowed.
    unsafe {
        let context = &mut *context.cast::<Context<'_, I>>();
        let around = (*reply).end.offset_from((*reply).at) + 2;
        let room = u16::try_from(around).expect("a frame is not longer");
        match procedure::run::<FRAME>(context.interface, index, rest(arguments), room) {
            Ok((kind, body)) => {
                sys::srpc_write_raw(reply, body.as_ptr(), body.len());
                match kind {
                    Kind::Error => 0x80,
                    _ => 0x60,
                }
            }
            Err(Fault::ReplyTooLarge) => {
                sys::srpc_writer_fail(reply);
                0x60
            }
            Err(fault) => 0xA0 | fault as u8,
        }
    }
}

/// Answers a call of the device's own service, after giving the C library the key that it will look for: a Rust
/// interface has no list of them.
unsafe extern "C" fn answer_own<I: Dispatch, const FRAME: usize>(
    server: *const sys::Server,
    number: u16,
    arguments: *mut sys::Reader,
    reply: *mut sys::Writer,
) -> u8 {
    // SAFETY: as above. The copies live as long as the call.
    unsafe {
        let context = &mut *(*server).context.cast::<Context<'_, I>>();
        let mut keys = Vec::new();
        if matches!(number, RESOLVE | FIRST_EVENTS_NUMBER)
            && let Some(key) = number_in(rest(arguments))
            && let Some(index) = context.interface.resolve(key)
        {
            keys = vec![!key; index.into()];
            keys.push(key);
        }
        let interface = sys::Interface {
            keys: keys.as_ptr(),
            count: keys.len() as u16,
            ..ptr::read((*server).interface)
        };
        let with_keys = sys::Server {
            interface: &raw const interface,
            ..ptr::read(server)
        };
        sys::srpc_own_service(&raw const with_keys, number, arguments, reply)
    }
}

/// Returns the varint at the beginning of these bytes.
fn number_in(bytes: &[u8]) -> Option<u32> {
    let mut value = 0_u64;
    for (place, &byte) in bytes.iter().take(LONGEST_KEY).enumerate() {
        value |= u64::from(byte & 0x7F) << (7 * place);
        if byte < 0x80 {
            return u32::try_from(value).ok();
        }
    }
    None
}
