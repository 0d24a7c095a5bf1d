//! The queue between the code that emits events and the server that sends them.

use super::Emit;
use super::ring::Ring;
use crate::service::{Encoded, Event};
use crate::wire::frame::Encoder;
use core::cell::RefCell;
use core::task::{Context, Poll, Waker};
use critical_section::Mutex;
use serde::Serialize;

/// Events on their way to the caller.
///
/// `BYTES` is the memory for waiting events, each with 4 or 5 bytes in addition to its data; `TOPICS`
/// is the number of events that a caller can subscribe to at once. It is meant to be a `static` that
/// procedures, tasks and interrupts share. It is locked, with interrupts masked, while an event is
/// encoded.
///
/// ```
/// use rpc_proto::events::{Emit, EventQueue};
/// use rpc_proto::server::Server;
/// use rpc_proto::service;
///
/// /// A door.
/// #[service]
/// trait Door {
///     /// Locks it.
///     fn lock(&mut self);
///     /// Somebody has opened or closed it.
///     #[event]
///     fn moved(open: bool);
/// }
/// # struct Bolt;
/// # impl Door for Bolt { fn lock(&mut self) {} }
///
/// static EVENTS: EventQueue<256> = EventQueue::new();
///
/// let mut server = Server::<_, 64, 1>::with_events(DoorService(Bolt), &EVENTS);
/// // Anywhere else, at any time:
/// EVENTS.emit(&DoorMoved { open: true });
/// # server.sent_all();
/// # assert!(server.outgoing().is_empty());
/// ```
#[derive(Debug)]
pub struct EventQueue<const BYTES: usize, const TOPICS: usize = 8> {
    state: Mutex<RefCell<State<BYTES, TOPICS>>>,
}

#[derive(Debug)]
struct State<const BYTES: usize, const TOPICS: usize> {
    subscribed: [Option<Topic>; TOPICS],
    /// The records: the number of events dropped before the event, its topic, and its data.
    waiting: Ring<BYTES>,
    /// The number of events dropped after the last one that waits.
    dropped: u32,
    server: Option<Waker>,
}

/// An event that the caller has subscribed to.
#[derive(Clone, Copy, Debug)]
struct Topic {
    key: u32,
    number: u16,
}

/// The next item for the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// An event, and the number of those before it that found no room.
    Event { dropped: u8 },
    /// The number of events that found no room.
    Dropped(u32),
}

/// The error if there are too many subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl<const BYTES: usize, const TOPICS: usize> State<BYTES, TOPICS> {
    /// Returns the subscription to the event with that key.
    fn topic(&self, key: u32) -> Option<Topic> {
        let mut topics = self.subscribed.iter().flatten();
        topics.find(|topic| topic.key == key).copied()
    }
}

impl<const BYTES: usize, const TOPICS: usize> EventQueue<BYTES, TOPICS> {
    /// Creates an empty queue.
    pub const fn new() -> Self {
        const {
            assert!(BYTES > 0, "a queue has room for something");
            assert!(BYTES <= u16::MAX as usize, "a queue has up to 65,535 bytes");
        }
        Self {
            state: Mutex::new(RefCell::new(State {
                subscribed: [None; TOPICS],
                waiting: Ring::new(),
                dropped: 0,
                server: None,
            })),
        }
    }

    /// Clears everything because a new session has begun.
    pub(crate) fn clear(&self) {
        self.with(|state| {
            state.subscribed = [None; TOPICS];
            state.waiting.clear();
            state.dropped = 0;
            Some(())
        });
    }

    /// Accepts events with that key, which are sent with that number.
    pub(crate) fn subscribe(&self, key: u32, number: u16) -> Result<(), TooMany> {
        self.with(|state| {
            if state.topic(key).is_some() {
                return Some(());
            }
            let mut places = state.subscribed.iter_mut();
            *places.find(|place| place.is_none())? = Some(Topic { key, number });
            Some(())
        })
        .ok_or(TooMany)
    }

    /// Stops accepting events with that key.
    pub(crate) fn unsubscribe(&self, key: u32) {
        self.with(|state| {
            for place in &mut state.subscribed {
                if place.is_some_and(|topic| topic.key == key) {
                    *place = None;
                }
            }
            Some(())
        });
    }

    /// Takes out the next item to send: puts the topic and the data of an event into a frame.
    pub(crate) fn next(&self, frame: &mut Encoder<'_>) -> Option<Next> {
        self.with(|state| {
            let waiting = &mut state.waiting;
            let Some(length) = waiting.pop_length() else {
                let dropped = core::mem::take(&mut state.dropped);
                return (dropped > 0).then_some(Next::Dropped(dropped));
            };
            let dropped = waiting.pop();
            for _ in 1..length {
                frame.push(waiting.pop());
            }
            Some(Next::Event { dropped })
        })
    }

    /// Waits until there is something to send.
    pub(crate) fn poll_waiting(&self, context: &mut Context<'_>) -> Poll<()> {
        self.with(|state| {
            if state.waiting.is_empty() && state.dropped == 0 {
                state.server = Some(context.waker().clone());
                None
            } else {
                Some(Poll::Ready(()))
            }
        })
        .unwrap_or(Poll::Pending)
    }

    /// Runs `action` on the state. Does nothing if it is called recursively, by an event whose encoding
    /// emits an event.
    fn with<T>(&self, action: impl FnOnce(&mut State<BYTES, TOPICS>) -> Option<T>) -> Option<T> {
        critical_section::with(|section| {
            let mut state = self.state.borrow(section).try_borrow_mut().ok()?;
            action(&mut state)
        })
    }
}

impl<const BYTES: usize, const TOPICS: usize> EventQueue<BYTES, TOPICS> {
    /// Emits the event with that key, whose data is encoded already: for events that are known only at
    /// run time, such as those of another device.
    pub fn emit_bytes(&self, key: u32, data: &[u8]) {
        self.put(key, &Encoded(data));
    }

    /// Counts events of another device that were lost on their way here, so that the caller learns of them.
    pub fn note_lost(&self, events: u32) {
        let server = self.with(|state| {
            state.subscribed.iter().flatten().next()?;
            state.dropped = state.dropped.saturating_add(events);
            state.server.take()
        });
        if let Some(server) = server {
            server.wake();
        }
    }

    /// Returns true if there is a subscription to the event with that key.
    pub fn is_subscribed(&self, key: u32) -> bool {
        self.with(|state| state.topic(key)).is_some()
    }

    fn put<T: Serialize>(&self, key: u32, data: &T) {
        let server = self.with(|state| {
            let topic = state.topic(key)?;
            // With more before it than a byte counts, an event is dropped as well, until none waits and the
            // number is sent by itself.
            let dropped = u8::try_from(state.dropped).ok();
            let pushed = dropped.map(|dropped| state.waiting.push(&(dropped, topic.number, data)));
            match pushed {
                Some(Ok(())) => state.dropped = 0,
                _ => state.dropped = state.dropped.saturating_add(1),
            }
            state.server.take()
        });
        if let Some(server) = server {
            server.wake();
        }
    }
}

impl<const BYTES: usize, const TOPICS: usize> Emit for EventQueue<BYTES, TOPICS> {
    fn emit<E: Event>(&self, event: &E) {
        self.put(E::KEY, event);
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
