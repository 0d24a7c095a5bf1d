//! Where events wait until somebody asks for them.
//!
//! Whoever reads the link puts each event into the inbox of every subscription to it. One that comes
//! while a subscription does not know its topic yet is kept until it does: the device sends events
//! right behind its answer to the subscription, and another thread may read them.

use super::{MAX_FRAME, MAX_WINDOW};
use rpc_proto::client::{Client, ReceivedEvent};
use std::collections::{HashMap, VecDeque};

/// How many events wait for a subscriber at most. From then on the oldest are dropped.
const MOST: usize = 65_536;

/// How many events wait for a subscription that is being made.
const MOST_UNCLAIMED: usize = 1_024;

/// An event as it came in.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    topic: u16,
    pub(super) data: Vec<u8>,
    /// How many events had been lost by then, of all topics.
    pub(super) lost: u32,
    /// The session in which it came.
    pub(super) session: u32,
    /// How many had come before it, of all topics.
    position: u64,
}

impl From<ReceivedEvent<'_>> for Arrival {
    fn from(event: ReceivedEvent<'_>) -> Self {
        Self {
            topic: event.topic,
            data: event.data.to_vec(),
            lost: 0,
            session: 0,
            position: 0,
        }
    }
}

/// The events of one subscription.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    pub(super) key: u32,
    /// The number of the event, and the session in which the device said so.
    topic: Option<(u16, u32)>,
    pub(super) waiting: VecDeque<Arrival>,
    /// How many were dropped because nobody asked for them.
    pub(super) dropped: u32,
    /// How many events had come when it was opened. None of those is for it.
    since: u64,
}

/// Names an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct InboxId(u64);

/// The inboxes of a connection.
#[derive(Debug, Default)]
pub(super) struct Inboxes {
    open: HashMap<InboxId, Inbox>,
    next: u64,
    unclaimed: VecDeque<Arrival>,
    /// How many events have come.
    arrived: u64,
}

impl Inboxes {
    /// Opens an inbox for the event with that key.
    pub(super) fn open(&mut self, key: u32) -> InboxId {
        let id = InboxId(self.next);
        self.next += 1;
        let inbox = Inbox {
            key,
            since: self.arrived,
            ..Inbox::default()
        };
        self.open.insert(id, inbox);
        id
    }

    /// Closes an inbox, and tells whether no other is for the same event.
    pub(super) fn close(&mut self, id: InboxId) -> bool {
        let closed = self.open.remove(&id);
        let mut left = self.open.values();
        closed.is_some_and(|closed| left.all(|inbox| inbox.key != closed.key))
    }

    pub(super) fn get(&mut self, id: InboxId) -> &mut Inbox {
        self.open.entry(id).or_default()
    }

    /// Notes the number that the event of an inbox has in a session, and gives it those that have
    /// come in already.
    pub(super) fn assign(&mut self, id: InboxId, topic: u16, session: u32) {
        let inbox = self.open.entry(id).or_default();
        if inbox.topic == Some((topic, session)) {
            return;
        }
        inbox.topic = Some((topic, session));
        for event in &self.unclaimed {
            if (event.topic, event.session) == (topic, session) && event.position >= inbox.since {
                inbox.put(event.clone());
            }
        }
    }

    /// Puts an event where it belongs.
    pub(super) fn put(&mut self, event: Arrival, client: &Client<MAX_FRAME, MAX_WINDOW>) {
        self.deliver(Arrival {
            lost: client.lost_events(),
            session: client.statistics().sessions,
            ..event
        });
    }

    fn deliver(&mut self, event: Arrival) {
        let event = Arrival {
            position: self.arrived,
            ..event
        };
        self.arrived += 1;
        let mut some_wait = false;
        for inbox in self.open.values_mut() {
            match inbox.topic {
                Some(topic) if topic == (event.topic, event.session) => inbox.put(event.clone()),
                Some((_, session)) if session == event.session => {}
                _ => some_wait = true,
            }
        }
        if some_wait {
            if self.unclaimed.len() == MOST_UNCLAIMED {
                self.unclaimed.pop_front();
            }
            self.unclaimed.push_back(event);
        } else {
            self.unclaimed.clear();
        }
    }
}

impl Inbox {
    fn put(&mut self, event: Arrival) {
        if self.waiting.len() == MOST {
            self.waiting.pop_front();
            self.dropped = self.dropped.wrapping_add(1);
        }
        self.waiting.push_back(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event of a session that lost none.
    fn event(topic: u16, data: u8) -> Arrival {
        Arrival {
            session: 1,
            ..Arrival::from(ReceivedEvent {
                topic,
                data: &[data],
            })
        }
    }

    fn data(inboxes: &mut Inboxes, id: InboxId) -> Vec<u8> {
        let waiting = inboxes.get(id).waiting.drain(..);
        waiting.flat_map(|event| event.data).collect()
    }

    #[test]
    fn an_event_that_comes_before_its_subscription_is_made_waits_for_it() {
        let mut inboxes = Inboxes::default();
        let id = inboxes.open(7);
        inboxes.deliver(event(8, 1));
        inboxes.deliver(event(9, 2));
        inboxes.assign(id, 8, 1);
        inboxes.deliver(event(8, 3));
        assert_eq!(data(&mut inboxes, id), [1, 3]);
    }

    #[test]
    fn an_event_from_before_a_subscription_was_asked_for_is_not_for_it() {
        let mut inboxes = Inboxes::default();
        let first = inboxes.open(7);
        inboxes.deliver(event(8, 1));
        inboxes.assign(first, 8, 1);
        let second = inboxes.open(7);
        inboxes.deliver(event(8, 2));
        inboxes.assign(second, 8, 1);
        assert_eq!(data(&mut inboxes, first), [1, 2]);
        assert_eq!(data(&mut inboxes, second), [2]);
    }
}
