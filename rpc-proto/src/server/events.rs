//! The frames in which a server sends events.
//!
//! A server without events has [`NoEvents`], which has no size and does nothing, so all of this is left
//! out of its image.

use crate::events::{EventQueue, Next, NoEvents};
use crate::wire::crc::Engine;
use crate::wire::encode::Sink;
use crate::wire::frame::{Encoder, close};
use crate::wire::message::{EVENT_COUNT, Header, Kind, Seq};
use crate::wire::seal::Seal;
use core::future::poll_fn;
use core::mem;
use core::ops::Deref;

/// The number of events lost in a row from which on sequence numbers no longer count them.
const UNTOLD: u32 = 32;

/// The events of a server: [`NoEvents`], or a pointer to an [`EventQueue`].
#[diagnostic::on_unimplemented(
    message = "a server cannot take events from `{Self}`",
    label = "neither `NoEvents` nor a pointer to an `EventQueue`",
    note = "the last parameter of a server is the pointer to its queue, such as `&'static EventQueue<256>`"
)]
pub trait EventSource: sealed::Sealed {
    /// Sends the events, in frames of up to `FRAME` bytes.
    #[doc(hidden)]
    type Sender<const FRAME: usize>: Sender;
}

impl EventSource for NoEvents {
    type Sender<const FRAME: usize> = Self;
}

#[diagnostic::do_not_recommend]
impl<Q, const BYTES: usize, const TOPICS: usize> EventSource for Q
where
    Q: Deref<Target = EventQueue<BYTES, TOPICS>>,
{
    type Sender<const FRAME: usize> = QueuedEvents<Q, FRAME>;
}

mod sealed {
    use super::{Deref, EventQueue, NoEvents};

    /// Nothing else can be a source of events.
    pub trait Sealed {}

    impl Sealed for NoEvents {}

    impl<Q, const BYTES: usize, const TOPICS: usize> Sealed for Q where
        Q: Deref<Target = EventQueue<BYTES, TOPICS>>
    {
    }
}

/// Makes frames of events and sends them.
pub trait Sender {
    /// True if there can be events.
    const ENABLED: bool;

    /// Forgets subscriptions and events, because a session has begun.
    fn clear(&mut self);

    /// Accepts events with that key, and returns how many events were sent in the session. Returns None
    /// if there are too many subscriptions.
    fn subscribe(&mut self, key: u32, number: u16) -> Option<u32>;

    /// Stops accepting events with that key.
    fn unsubscribe(&mut self, key: u32);

    /// Returns true if a frame was partly sent, which must be completed before anything else is sent.
    fn is_sending(&self) -> bool;

    /// Returns the bytes to send, empty if there are none. A new frame is sealed with `seal`.
    fn outgoing(&mut self, seal: Seal<impl Engine + Copy>) -> &[u8];

    /// Notes that the first `count` bytes of [`outgoing`](Self::outgoing) were sent.
    fn sent(&mut self, count: usize);

    /// Waits until there is something to send.
    fn wait(&mut self) -> impl Future<Output = ()>;
}
impl Sender for NoEvents {
    const ENABLED: bool = false;

    fn clear(&mut self) {}

    fn subscribe(&mut self, _: u32, _: u16) -> Option<u32> {
        None
    }

    fn unsubscribe(&mut self, _: u32) {}

    fn is_sending(&self) -> bool {
        false
    }

    fn outgoing(&mut self, _: Seal<impl Engine + Copy>) -> &[u8] {
        &[]
    }

    fn sent(&mut self, _: usize) {}

    fn wait(&mut self) -> impl Future<Output = ()> {
        core::future::pending()
    }
}

/// The events of the queue that `Q` points to, in frames of up to `FRAME` bytes.
#[derive(Debug)]
pub struct QueuedEvents<Q, const FRAME: usize> {
    queue: Q,
    frame: [u8; FRAME],
    /// The length of the frame that is being sent, 0 without one.
    len: usize,
    sent: usize,
    /// The number of events in this session, sent or dropped.
    count: u32,
    /// True if the caller needs `count`, because it cannot infer it from its events.
    count_due: bool,
}

impl<Q, const FRAME: usize> QueuedEvents<Q, FRAME> {
    pub(super) const fn new(queue: Q) -> Self {
        Self {
            queue,
            frame: [0; FRAME],
            len: 0,
            sent: 0,
            count: 0,
            count_due: false,
        }
    }
}

impl<Q, const BYTES: usize, const TOPICS: usize, const FRAME: usize> QueuedEvents<Q, FRAME>
where
    Q: Deref<Target = EventQueue<BYTES, TOPICS>>,
{
    /// Makes the next frame, if there is an event or a count to send.
    #[inline(never)]
    fn make_next(&mut self, seal: Seal<impl Engine + Copy>) {
        while self.len == 0 {
            let mut encoder = Encoder::new(&mut self.frame);
            if mem::take(&mut self.count_due) {
                encoder.varint(EVENT_COUNT.into());
                encoder.varint(self.count);
                let end = encoder.end();
                return self.close(end, seal);
            }
            match self.queue.next(&mut encoder) {
                None => return,
                Some(Next::Dropped(dropped)) => {
                    self.count = self.count.wrapping_add(dropped);
                    // The next event may not follow soon, so send the count.
                    self.count_due = true;
                }
                Some(Next::Event { dropped }) => {
                    self.count = self.count.wrapping_add(dropped.into());
                    let end = encoder.end();
                    self.close(end, seal);
                    self.count = self.count.wrapping_add(1);
                    // Send the count if this event did not fit, if so many were dropped that its number is
                    // ambiguous, and regularly, in case so many get lost on the way.
                    self.count_due = self.len == 0
                        || u32::from(dropped) >= UNTOLD
                        || self.count.is_multiple_of(UNTOLD);
                }
            }
        }
    }

    /// Ends a frame that comes after `count` events. Without one that fits, `len` stays 0.
    fn close(&mut self, end: usize, seal: Seal<impl Engine + Copy>) {
        let header = Header {
            kind: Kind::Event,
            seq: Seq::new(self.count as u8),
        };
        self.len = close::<FRAME, _>(&mut self.frame, end, header, seal).unwrap_or(0);
    }
}

impl<Q, const BYTES: usize, const TOPICS: usize, const FRAME: usize> Sender
    for QueuedEvents<Q, FRAME>
where
    Q: Deref<Target = EventQueue<BYTES, TOPICS>>,
{
    const ENABLED: bool = true;

    fn clear(&mut self) {
        self.queue.clear();
        self.count = 0;
        self.count_due = false;
        if !self.is_sending() {
            self.len = 0;
        }
    }

    fn subscribe(&mut self, key: u32, number: u16) -> Option<u32> {
        self.queue.subscribe(key, number).ok()?;
        // The waiting event is sent after the answer to this call.
        let waits = u32::from(self.len > 0 && !self.is_sending());
        Some(self.count.wrapping_sub(waits))
    }

    fn unsubscribe(&mut self, key: u32) {
        self.queue.unsubscribe(key);
    }

    fn is_sending(&self) -> bool {
        self.sent > 0
    }

    fn outgoing(&mut self, seal: Seal<impl Engine + Copy>) -> &[u8] {
        if self.len == 0 {
            self.make_next(seal);
        }
        self.frame.get(self.sent..self.len).unwrap_or_default()
    }

    fn sent(&mut self, count: usize) {
        if count < self.len - self.sent {
            self.sent += count;
        } else {
            (self.len, self.sent) = (0, 0);
        }
    }

    async fn wait(&mut self) {
        if self.len > 0 {
            return;
        }
        poll_fn(|context| self.queue.poll_waiting(context)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Emit;
    use crate::service::Member;
    use crate::services::log::{Level, LogRecord};

    const RECORD: LogRecord<'_> = LogRecord {
        level: Level::Info,
        target: "test",
        text: "",
    };

    #[test]
    fn a_session_that_begins_right_behind_an_event_has_events_too() {
        let queue = EventQueue::<64>::new();
        let mut events = QueuedEvents::<_, 64>::new(&queue);
        for _ in 0..2 {
            events.clear();
            assert_eq!(events.subscribe(LogRecord::KEY, 8), Some(0));
            queue.emit(&RECORD);
            let len = events.outgoing(Seal::NONE).len();
            assert!(len > 0);
            // Does not ask for more events before the next session begins.
            events.sent(len);
        }
    }

    #[test]
    fn events_that_are_dropped_are_counted_however_many_they_are() {
        let queue = EventQueue::<32>::new();
        let mut events = QueuedEvents::<_, 64>::new(&queue);
        events.subscribe(LogRecord::KEY, 8);
        let mut emitted = 0;
        // Miri would take minutes for so many.
        let many = if cfg!(miri) { 700 } else { 70_000 };
        for burst in [1, 20, 300, many, 1] {
            for _ in 0..burst {
                queue.emit(&RECORD);
            }
            // One is sent while others wait, and then one is emitted behind those that were dropped.
            let len = events.outgoing(Seal::NONE).len();
            events.sent(len);
            queue.emit_bytes(LogRecord::KEY, &[]);
            while !events.outgoing(Seal::NONE).is_empty() {
                events.sent(usize::MAX);
            }
            emitted += burst + 1;
            assert_eq!(events.count, emitted);
        }
    }
}
