//! Events of several kinds in one inbox, in the order in which they came, with one account of the losses:
//! for a program that passes them on.

use super::Connection;
use super::inboxes::InboxId;
use super::waiting::News;
use rpc_proto::client::{Calls, Running, SubscribeResult, Subscribing};
use std::task::Poll;

/// The events of all kinds that were [added](Self::add), with the data encoded.
#[derive(Debug)]
pub struct EncodedEvents {
    device: Connection,
    inbox: InboxId,
    held: Vec<Held>,
    /// The number of lost events that were reported.
    lost: u32,
    /// The session with the device that they are of.
    session: u32,
}

/// A subscription that the device has confirmed. It ends when this is dropped.
#[derive(Debug)]
pub struct Held {
    device: Connection,
    key: u32,
}

/// What has become of the events since before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// An event has come.
    Event {
        /// Its key.
        key: u32,
        /// Its data.
        data: Vec<u8>,
        /// The number of events lost since before, of all kinds that this connection subscribed to.
        lost: u32,
    },
    /// That many were lost, and none has followed them yet.
    Lost(u32),
    /// Another session has begun: the device was reset or the link was lost, and it is unknown how many
    /// events were missed. Those in the inbox before it are gone, too.
    Gap,
}

impl Connection {
    /// Creates an inbox for events of several kinds, which may take that many bytes while they wait. What
    /// finds no room is lost, and counted.
    pub fn events(&self, most: usize) -> EncodedEvents {
        let mut state = self.shared.state();
        EncodedEvents {
            inbox: state.inboxes.open_for_none(most),
            lost: state.client.lost_events(),
            session: state.client.counters().sessions,
            device: self.clone(),
            held: Vec::new(),
        }
    }

    /// Subscribes to the event with that key, for [`EncodedEvents::hold`].
    ///
    /// # Errors
    /// Returns the reason for which the subscription failed.
    pub async fn hold_async(self, key: u32) -> SubscribeResult<Held> {
        let mut subscribing = Running::new(self.clone(), Subscribing::new(key));
        subscribing.wait_async().await?;
        Ok(Held { device: self, key })
    }
}

impl EncodedEvents {
    /// Takes events with that key from now on. This comes before the subscription, because events may follow
    /// the device's answer at once.
    pub fn add(&mut self, key: u32) {
        let mut state = self.device.shared.state();
        state.inboxes.remove(self.inbox, key);
        state.inboxes.add(self.inbox, key);
    }

    /// Keeps a subscription for as long as these events are kept.
    pub fn hold(&mut self, subscription: Held) {
        if self.held.is_empty() {
            // What was lost before the first is no concern of this subscriber.
            let state = self.device.shared.state();
            self.lost = state.lost_by(self.inbox);
            self.session = state.client.counters().sessions;
        }
        self.held.push(subscription);
    }

    /// Ends the subscription to the event with that key.
    pub fn remove(&mut self, key: u32) {
        self.held.retain(|held| held.key != key);
        let mut state = self.device.shared.state();
        state.inboxes.remove(self.inbox, key);
    }

    /// Returns true if there is a subscription to the event with that key.
    pub fn holds(&self, key: u32) -> bool {
        self.held.iter().any(|held| held.key == key)
    }

    /// Returns true if there is no subscription.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Waits for an event, or for the news that some were lost.
    pub async fn next_async(&mut self) -> Arrived {
        let Self {
            device,
            inbox,
            held,
            lost,
            session,
        } = self;
        let next = device.until(News::Event(*inbox), |state, _| {
            let sessions = state.client.counters().sessions;
            if !held.is_empty() && sessions != *session {
                *session = sessions;
                *lost = state.lost_by(*inbox);
                while state.inboxes.take(*inbox).is_some() {}
                return (Poll::Ready(Arrived::Gap), None);
            }
            let arrival = state.inboxes.take(*inbox);
            let total = match &arrival {
                Some(arrival) => arrival.lost,
                None => state.lost_by(*inbox),
            };
            // What came before the first subscription was held was counted before.
            let more = total.wrapping_sub(*lost);
            let more = if more > u32::MAX / 2 { 0 } else { more };
            *lost = lost.wrapping_add(more);
            let arrived = match arrival {
                Some(arrival) => Arrived::Event {
                    key: arrival.key,
                    data: arrival.data,
                    lost: more,
                },
                None if more > 0 && !held.is_empty() => Arrived::Lost(more),
                None => return (Poll::Pending, None),
            };
            (Poll::Ready(arrived), None)
        });
        next.await
    }
}

impl Drop for EncodedEvents {
    fn drop(&mut self) {
        self.device.shared.state().inboxes.close(self.inbox);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let now = self.device.shared.now();
        let mut state = self.device.shared.state();
        state.unsubscribe(now, self.key);
        drop(self.device.shared.send(state));
    }
}
