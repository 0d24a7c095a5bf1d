//! Keeps events until they are taken.
//!
//! The thread that reads the link puts each event into the inbox of every subscription to it.

use rpc_proto::client::ReceivedEvent;
use std::collections::{HashMap, VecDeque};

/// The most events that wait for a subscriber. Beyond that, the oldest are dropped.
const MOST: usize = 65_536;

/// A waiting event.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) data: Vec<u8>,
    /// The total number of events lost by then.
    pub(super) lost: u32,
    /// The number of the session in which it came.
    pub(super) session: u32,
}

/// The events of one subscription.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    key: u32,
    waiting: VecDeque<Arrival>,
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
        let id = InboxId(self.next);
        self.next += 1;
        let inbox = Inbox {
            key,
            ..Inbox::default()
        };
        self.open.insert(id, inbox);
        id
    }

    pub(super) fn close(&mut self, id: InboxId) {
        self.open.remove(&id);
    }

    /// Takes the oldest event out of an inbox. Dropped events count as lost.
    pub(super) fn take(&mut self, id: InboxId) -> Option<Arrival> {
        let inbox = self.open.get_mut(&id)?;
        let event = inbox.waiting.pop_front()?;
        Some(Arrival {
            lost: event.lost.wrapping_add(inbox.dropped),
            ..event
        })
    }

    /// Puts an event into the inboxes for its key.
    pub(super) fn put(&mut self, event: &ReceivedEvent<'_>) {
        let inboxes = self.open.values_mut();
        for inbox in inboxes.filter(|inbox| inbox.key == event.key) {
            if inbox.waiting.len() == MOST {
                inbox.waiting.pop_front();
                inbox.dropped = inbox.dropped.wrapping_add(1);
            }
            inbox.waiting.push_back(Arrival {
                data: event.data.to_vec(),
                lost: event.lost,
                session: event.session,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_for_those_who_have_subscribed_to_it_by_then() {
        fn event(key: u32, data: &[u8; 1]) -> ReceivedEvent<'_> {
            ReceivedEvent {
                key,
                data,
                lost: 0,
                session: 1,
            }
        }
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
