//! The queue of events in C, with the methods of the Rust one.
#![allow(unsafe_code, reason = "the C library is called here")]

use crate::sys;
use rpc_proto::events::Emit;
use rpc_proto::service::Event;
use std::cell::UnsafeCell;
use std::fmt;
use std::ptr;

/// Events on their way to the caller, as [`rpc_proto::events::EventQueue`] keeps them.
pub struct EventQueue<const BYTES: usize, const TOPICS: usize = 8> {
    shared: Shared,
}

/// The memory of a queue. It is not `Sync`, so its users take turns.
pub struct Shared(UnsafeCell<Memory>);

struct Memory {
    queue: sys::Queue,
    ring: Vec<u8>,
    topics: Vec<sys::Topic>,
}

impl Shared {
    /// Returns what the C library knows of the queue, which is valid as long as both are borrowed.
    pub(crate) fn descriptor(&self, frame: &mut [u8]) -> sys::Events {
        let memory = self.0.get();
        // SAFETY: nobody else looks at the memory while this does, and the library does so by these pointers.
        unsafe {
            sys::Events {
                operations: (&raw const sys::srpc_queued_events).cast(),
                queue: &raw mut (*memory).queue,
                ring: (*memory).ring.as_mut_ptr(),
                topics: (*memory).topics.as_mut_ptr(),
                sending: frame.as_mut_ptr(),
                size: (*memory).ring.len() as u16,
                frame: frame.len() as u16,
                topic_count: (*memory).topics.len() as u8,
                lock: None,
                unlock: None,
            }
        }
    }
}

impl<const BYTES: usize, const TOPICS: usize> EventQueue<BYTES, TOPICS> {
    /// Creates an empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shared: Shared(UnsafeCell::new(Memory {
                queue: sys::Queue::default(),
                ring: vec![0; BYTES],
                topics: vec![sys::Topic::default(); TOPICS],
            })),
        }
    }

    pub(crate) const fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Emits the event with that key, whose data is encoded already.
    pub fn emit_bytes(&self, key: u32, data: &[u8]) {
        let events = self.shared.descriptor(&mut []);
        let mut event = sys::Event {
            data: sys::Writer {
                at: ptr::null_mut(),
                end: ptr::null_mut(),
                more: ptr::null_mut(),
                more_end: ptr::null_mut(),
            },
            locked: 0,
        };
        // SAFETY: all of them live as long as the calls.
        unsafe {
            if sys::srpc_events_begin(&raw const events, key, &raw mut event) {
                sys::srpc_write_raw(&raw mut event.data, data.as_ptr(), data.len());
                sys::srpc_events_end(&raw const events, &raw const event);
            }
        }
    }

    /// Returns true if there is a subscription to the event with that key.
    #[must_use]
    pub fn is_subscribed(&self, key: u32) -> bool {
        let events = self.shared.descriptor(&mut []);
        // SAFETY: as above.
        unsafe { sys::srpc_events_wanted(&raw const events, key) }
    }
}

impl<const BYTES: usize, const TOPICS: usize> Emit for EventQueue<BYTES, TOPICS> {
    fn emit<E: Event>(&self, event: &E) {
        // Encoded as the data of a call is, by the Rust end.
        let data = tests::wire::encoded(event);
        self.emit_bytes(E::KEY, &data);
    }

    fn is_wanted<E: Event>(&self) -> bool {
        self.is_subscribed(E::KEY)
    }
}

impl<const BYTES: usize, const TOPICS: usize> Default for EventQueue<BYTES, TOPICS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize, const TOPICS: usize> fmt::Debug for EventQueue<BYTES, TOPICS> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EventQueue").finish_non_exhaustive()
    }
}
