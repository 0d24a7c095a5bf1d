//! The subscriptions of a client, and the events that wait to be read.
//!
//! A subscription belongs to a session, which ends when the device is reset or the link is lost. The
//! client therefore subscribes again in each session, and asks again after a silence. Asking also opens
//! a session and reveals lost events that no other event followed.

mod buffer;
mod received;

pub use received::{Received, ReceivedEvent, Subscription};

use super::Client;
use super::answer::read;
use super::call_error::{CallError, Cause, SubscribeResult};
use super::calls::Ticket;
use super::target::Target;
use crate::device::{DeviceEventsSubscribe, DeviceEventsUnsubscribe, SubscribeError, Subscribed};
use crate::time::{Duration, Instant};
use crate::wire::frame::encode;
use buffer::EventBuffer;
use core::task::Poll;

/// The silence of a device after which the client checks that it still knows the subscription.
const ASK_AFTER: Duration = Duration::from_millis(500);

/// Memory of a [`Client`] for subscriptions: none, or [`Subscriptions`].
pub trait EventMemory: sealed::EventMemory {}

impl<E: sealed::EventMemory> EventMemory for E {}

pub(super) mod sealed {
    use super::{Entry, ReceivedEvent};

    /// The memory as the client uses it.
    pub trait EventMemory {
        /// The number of events that a caller can subscribe to.
        const TOPICS: usize;

        /// Returns the places for subscriptions.
        fn entries(&mut self) -> &mut [Option<Entry>];

        /// Returns the places for subscriptions, to read.
        fn known(&self) -> &[Option<Entry>];

        /// Keeps an event. Returns false if there is no room.
        fn keep(&mut self, event: &ReceivedEvent<'_>) -> bool;

        /// Returns true if an event waits.
        fn has_event(&self) -> bool;

        /// Takes out the oldest event.
        fn next(&mut self) -> Option<ReceivedEvent<'_>>;
    }
}

/// A client without subscriptions, which then take no memory.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct NoSubscriptions;

impl sealed::EventMemory for NoSubscriptions {
    const TOPICS: usize = 0;

    fn entries(&mut self) -> &mut [Option<Entry>] {
        &mut []
    }

    fn known(&self) -> &[Option<Entry>] {
        &[]
    }

    fn keep(&mut self, _: &ReceivedEvent<'_>) -> bool {
        true
    }

    fn has_event(&self) -> bool {
        false
    }

    fn next(&mut self) -> Option<ReceivedEvent<'_>> {
        None
    }
}

/// Room for subscriptions to `TOPICS` events and `BYTES` for waiting events, each of which takes 14
/// bytes in addition to its data.
#[derive(Clone, Debug)]
pub struct Subscriptions<const TOPICS: usize, const BYTES: usize> {
    entries: [Option<Entry>; TOPICS],
    waiting: EventBuffer<BYTES>,
}

/// It does not affect what a client does next beyond its calls, which are hashed themselves.
impl<const TOPICS: usize, const BYTES: usize> core::hash::Hash for Subscriptions<TOPICS, BYTES> {
    fn hash<H: core::hash::Hasher>(&self, _: &mut H) {}
}

impl<const TOPICS: usize, const BYTES: usize> Subscriptions<TOPICS, BYTES> {
    /// Creates memory without subscriptions.
    pub const fn new() -> Self {
        Self {
            entries: [const { None }; TOPICS],
            waiting: EventBuffer::new(),
        }
    }
}

impl<const TOPICS: usize, const BYTES: usize> Default for Subscriptions<TOPICS, BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const TOPICS: usize, const BYTES: usize> sealed::EventMemory for Subscriptions<TOPICS, BYTES> {
    const TOPICS: usize = TOPICS;

    fn entries(&mut self) -> &mut [Option<Entry>] {
        &mut self.entries
    }

    fn known(&self) -> &[Option<Entry>] {
        &self.entries
    }

    fn keep(&mut self, event: &ReceivedEvent<'_>) -> bool {
        self.waiting.push(event)
    }

    fn has_event(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn next(&mut self) -> Option<ReceivedEvent<'_>> {
        self.waiting.pop()
    }
}

/// A subscription.
#[derive(Clone, Debug)]
pub struct Entry {
    key: u32,
    /// The number of the client's users that subscribe to it.
    users: u16,
    /// The number that the device assigned to the event, and the session in which it did.
    topic: Option<(u16, u32)>,
    /// The pending question.
    asked: Option<Ticket>,
    /// The session in which the device last answered it.
    answered_in: u32,
    /// The time to ask the device if nothing is received before.
    ask_at: Instant,
    /// The reason why the device refused it, until it has been reported.
    error: Option<CallError<SubscribeError>>,
}

impl<const FRAME: usize, const WINDOW: usize, const NUMBERS: usize, E: EventMemory>
    Client<FRAME, WINDOW, NUMBERS, E>
{
    /// Subscribes to the event with that key, in this session and all later ones. Each subscription
    /// is ended by one [`unsubscribe`](Self::unsubscribe).
    ///
    /// # Errors
    /// [`SubscribeError::TooMany`] if the client has no room for it.
    pub fn subscribe(&mut self, now: Instant, key: u32) -> SubscribeResult<()> {
        let entries = self.events.entries();
        if let Some(entry) = entries.iter_mut().flatten().find(|entry| entry.key == key) {
            entry.users = entry.users.saturating_add(1);
            return Ok(());
        }
        let place = entries.iter_mut().find(|entry| entry.is_none());
        *place.ok_or(CallError::Error(SubscribeError::TooMany))? = Some(Entry {
            key,
            users: 1,
            topic: None,
            asked: None,
            answered_in: 0,
            ask_at: now,
            error: None,
        });
        self.tend_subscriptions(now);
        Ok(())
    }

    /// Ends one subscription to the event with that key. If it was the last, the client sends an
    /// unsubscription if there is room. Events that still arrive are ignored.
    pub fn unsubscribe(&mut self, now: Instant, key: u32) {
        let entries = self.events.entries();
        let mut places = entries.iter_mut();
        let Some(place) = places.find(|entry| entry.as_ref().is_some_and(|entry| entry.key == key))
        else {
            return;
        };
        let Some(entry) = place else { return };
        entry.users -= 1;
        if entry.users > 0 {
            return;
        }
        let (asked, told) = (entry.asked, entry.topic.is_some());
        *place = None;
        if let Some(question) = asked {
            self.abandon(question);
        }
        if told && self.session.device().is_some() {
            let target = Target::of::<DeviceEventsUnsubscribe>();
            let patience = (now + ASK_AFTER).into();
            let calls = &mut self.session.calls;
            let told = calls.add(target, patience, true, |place| encode(&(key,), place));
            // It is sent even though nobody waits for the result.
            if let Some(call) = told.ok().and_then(|told| calls.by_ticket(told)) {
                call.abandoned = true;
            }
        }
    }

    /// Returns whether the device has accepted the subscription to the event with that key in this
    /// session, or why it did not. An error is returned once; the client keeps asking.
    pub fn poll_subscribed(&mut self, key: u32) -> Poll<SubscribeResult<()>> {
        let session = self.session.counters().sessions;
        let mut entries = self.events.entries().iter_mut().flatten();
        let Some(entry) = entries.find(|entry| entry.key == key) else {
            return Poll::Ready(Err(CallError::Error(SubscribeError::NoSuchEvent)));
        };
        match (entry.error.take(), entry.topic) {
            (Some(error), _) => Poll::Ready(Err(error)),
            (None, Some((_, known))) if known == session => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    }

    /// Returns true if an event waits to be read.
    pub fn has_event(&self) -> bool {
        self.events.has_event()
    }

    /// Takes out the oldest waiting event. Events that found no room count as lost.
    pub fn next_event(&mut self) -> Option<ReceivedEvent<'_>> {
        self.events.next()
    }

    /// Keeps a received event if there is a subscription to it. Returns false if there is no room.
    pub(super) fn keep_event(
        events: &mut E,
        now: Instant,
        session: u32,
        lost: u32,
        (topic, data): (u16, &[u8]),
    ) -> bool {
        let mut entries = events.entries().iter_mut().flatten();
        let Some(entry) = entries.find(|entry| entry.topic == Some((topic, session))) else {
            return true;
        };
        entry.ask_at = now + ASK_AFTER;
        let key = entry.key;
        events.keep(&ReceivedEvent {
            key,
            data,
            lost,
            session,
        })
    }

    /// Takes the device's answers to subscriptions, and asks again when due.
    pub(super) fn tend_subscriptions(&mut self, now: Instant) {
        if E::TOPICS == 0 {
            return;
        }
        let sessions = self.session.counters().sessions;
        let is_open = self.session.device().is_some();
        for entry in self.events.entries().iter_mut().flatten() {
            if let Some(question) = entry.asked {
                let Some(end) = self.session.calls.take(question) else {
                    continue;
                };
                entry.asked = None;
                entry.answered_in = sessions;
                entry.ask_at = now + ASK_AFTER;
                let answer = end.map_err(CallError::widen);
                match answer.and_then(read::<DeviceEventsSubscribe>) {
                    Ok(Subscribed { topic, count }) => {
                        self.session.events.reckon(count);
                        entry.topic = Some((topic, sessions));
                        entry.error = None;
                    }
                    // The caller cancelled this one, not the device.
                    Err(CallError::Cancelled | CallError::OutcomeUnknown(Cause::Cancelled)) => {
                        entry.ask_at = now;
                    }
                    Err(error) => entry.error = Some(error),
                }
            }
            if now >= entry.ask_at || is_open && entry.answered_in != sessions {
                let target = Target::of::<DeviceEventsSubscribe>();
                let calls = &mut self.session.calls;
                // It has as long as the calls before it, since it is answered after them.
                let mut patience = self.patience.from(now);
                let before = calls.iter().filter(|call| call.is_open());
                let deadlines = before.map(|call| call.patience.deadline);
                patience.deadline = deadlines.fold(patience.deadline, Instant::max);
                let key = entry.key;
                let asked = calls.add(target, patience, true, |place| encode(&(key,), place));
                entry.asked = asked.ok();
                // If there was no room, there may be later.
                entry.ask_at = now + ASK_AFTER;
            }
        }
    }

    /// Returns when the device is to be asked next.
    pub(super) fn subscriptions_due(&self) -> Option<Instant> {
        let entries = self.events.known().iter().flatten();
        let idle = entries.filter(|entry| entry.asked.is_none());
        idle.map(|entry| entry.ask_at).min()
    }
}
