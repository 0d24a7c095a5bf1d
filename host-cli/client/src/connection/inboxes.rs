//! Keeps events until they are taken.
//!
//! The thread that reads the link puts each event into the inbox of every subscription to it.

use rpc_proto::client::ReceivedEvent;
use rpc_proto::time::Instant;
use std::collections::{HashMap, VecDeque};
use std::task::Waker;

/// The most memory that the events of one subscriber take while they wait, in bytes. Beyond that, the oldest are
/// dropped.
const MOST: usize = 8 << 20;

/// A waiting event.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) key: u32,
    pub(super) data: Vec<u8>,
    /// The total number of events lost by then.
    pub(super) lost: u32,
    /// The number of the session in which it came.
    pub(super) session: u32,
}

/// The events of one subscriber.
#[derive(Debug)]
pub(super) struct Inbox {
    keys: Vec<u32>,
    /// The most memory that they may take.
    most: usize,
    /// The task that waits for one, which must be woken at that time at the latest.
    task: Option<(Waker, Option<Instant>)>,
    waiting: VecDeque<Arrival>,
    /// The memory that they take.
    memory: usize,
    /// The number of events that were dropped because nobody took them.
    dropped: u32,
}

/// Identifies an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct InboxId(u64);

/// The inboxes of a connection.
#[derive(Debug, Default)]
pub(super) struct Inboxes {
    open: HashMap<InboxId, Inbox>,
    next: u64,
}

impl Inboxes {
    /// Opens an inbox for the event with that key.
    pub(super) fn open(&mut self, key: u32) -> InboxId {
        let id = self.open_for_none(MOST);
        self.add(id, key);
        id
    }

    /// Opens an inbox for no event yet, with room for that many bytes.
    pub(super) fn open_for_none(&mut self, most: usize) -> InboxId {
        let id = InboxId(self.next);
        self.next += 1;
        let inbox = Inbox {
            keys: Vec::new(),
            most,
            task: None,
            waiting: VecDeque::new(),
            memory: 0,
            dropped: 0,
        };
        self.open.insert(id, inbox);
        id
    }

    /// Puts events with that key into an inbox from now on.
    pub(super) fn add(&mut self, id: InboxId, key: u32) {
        if let Some(inbox) = self.open.get_mut(&id) {
            inbox.keys.push(key);
        }
    }

    /// Puts no more events with that key into an inbox.
    pub(super) fn remove(&mut self, id: InboxId, key: u32) {
        if let Some(inbox) = self.open.get_mut(&id) {
            inbox.keys.retain(|&kept| kept != key);
        }
    }

    /// Returns the number of events that an inbox has dropped.
    pub(super) fn dropped(&self, id: InboxId) -> u32 {
        self.open.get(&id).map_or(0, |inbox| inbox.dropped)
    }

    /// Lets a task wait for an event, until that time at the latest.
    pub(super) fn wait(&mut self, id: InboxId, task: &Waker, limit: Option<Instant>) {
        if let Some(inbox) = self.open.get_mut(&id) {
            inbox.task = Some((task.clone(), limit));
        }
    }

    /// Returns true if a task waits for an event.
    pub(super) fn have_tasks(&self) -> bool {
        self.open.values().any(|inbox| inbox.task.is_some())
    }

    /// Returns the latest time at which one of them must be woken.
    pub(super) fn limit(&self) -> Option<Instant> {
        let tasks = self.open.values().filter_map(|inbox| inbox.task.as_ref());
        tasks.filter_map(|(_, limit)| *limit).min()
    }

    /// Wakes the tasks whose time has come.
    pub(super) fn wake_due(&mut self, now: Instant) {
        let is_due = |limit: &Option<Instant>| limit.is_some_and(|limit| now >= limit);
        for inbox in self.open.values_mut() {
            if inbox.task.as_ref().is_some_and(|(_, limit)| is_due(limit)) {
                inbox.wake();
            }
        }
    }

    /// Wakes all tasks that wait for an event.
    pub(super) fn wake(&mut self) {
        self.open.values_mut().for_each(Inbox::wake);
    }

    pub(super) fn close(&mut self, id: InboxId) {
        self.open.remove(&id);
    }

    /// Takes the oldest event out of an inbox. Dropped events count as lost.
    pub(super) fn take(&mut self, id: InboxId) -> Option<Arrival> {
        let inbox = self.open.get_mut(&id)?;
        let event = inbox.pop()?;
        Some(Arrival {
            lost: event.lost.wrapping_add(inbox.dropped),
            ..event
        })
    }

    /// Puts an event into the inboxes for its key.
    pub(super) fn put(&mut self, event: &ReceivedEvent<'_>) {
        let inboxes = self.open.values_mut();
        for inbox in inboxes.filter(|inbox| inbox.keys.contains(&event.key)) {
            inbox.push(Arrival {
                key: event.key,
                data: event.data.to_vec(),
                lost: event.lost,
                session: event.session,
            });
        }
    }
}

impl Inbox {
    fn push(&mut self, event: Arrival) {
        self.memory += event.memory();
        self.waiting.push_back(event);
        self.wake();
        while self.memory > self.most && self.pop().is_some() {
            self.dropped = self.dropped.wrapping_add(1);
        }
    }

    fn wake(&mut self) {
        if let Some((task, _)) = self.task.take() {
            task.wake();
        }
    }

    fn pop(&mut self) -> Option<Arrival> {
        let event = self.waiting.pop_front()?;
        self.memory -= event.memory();
        Some(event)
    }
}

impl Arrival {
    /// Returns the memory that it takes, about.
    fn memory(&self) -> usize {
        size_of::<Self>() + self.data.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(key: u32, data: &[u8]) -> ReceivedEvent<'_> {
        ReceivedEvent {
            key,
            data,
            lost: 0,
            session: 1,
        }
    }

    #[test]
    fn events_that_nobody_takes_cost_no_more_than_so_much_memory_and_are_counted() {
        let mut inboxes = Inboxes::default();
        let inbox = inboxes.open(7);
        let sent = 2 * MOST / 4096;
        for _ in 0..sent {
            inboxes.put(&event(7, &[0; 4096]));
        }
        let first = inboxes.take(inbox).unwrap();
        let taken = std::iter::from_fn(|| inboxes.take(inbox)).count() + 1;
        assert!(taken * 4096 <= MOST && taken * 4096 > MOST / 2, "{taken}");
        assert_eq!(first.lost as usize, sent - taken);
    }

    #[test]
    fn an_event_is_for_those_who_have_subscribed_to_it_by_then() {
        let mut inboxes = Inboxes::default();
        let first = inboxes.open(7);
        inboxes.put(&event(7, &[1]));
        inboxes.put(&event(8, &[2]));
        let second = inboxes.open(7);
        inboxes.put(&event(7, &[3]));
        let mut data = |id| {
            let taken = std::iter::from_fn(|| inboxes.take(id));
            taken.flat_map(|event| event.data).collect::<Vec<u8>>()
        };
        assert_eq!(data(first), [1, 3]);
        assert_eq!(data(second), [3]);
    }
}
