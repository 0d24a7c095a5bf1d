//! Subscriptions to events: typed, and by key.
//!
//! The client keeps a subscription through resets and lost links, as long as a thread or task waits
//! for it or for a call.

use super::Connection;
use super::inboxes::InboxId;
use super::shared::duration;
use super::waiting::News;
use rpc_proto::client::{self, CallError, Calls, Received, Running, SubscribeResult, Subscribing};
use rpc_proto::service::Event;
use rpc_proto::time::Instant;
use serde::de::{Deserialize, DeserializeOwned};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

/// An event with its data still encoded.
pub type EncodedEvent = Received<Vec<u8>>;

/// Decodes the data of an event, which may borrow from it.
///
/// # Errors
/// Returns [`CallError::BadReply`] if the bytes are not this event.
pub fn read_event<E: Event>(event: &EncodedEvent) -> SubscribeResult<E::Received<'_>> {
    data(&event.data)
}

/// Decodes data that takes up all of `bytes`.
fn data<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> SubscribeResult<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((data, [])) => Ok(data),
        _ => Err(CallError::BadReply),
    }
}

/// The events of one kind that a device sends: an iterator that waits for them; its items can also
/// be awaited.
///
/// It ends when the connection is [cancelled](Connection::cancel). An error does not end it: the
/// next call tries again, so it waits for a device that was reset or unplugged.
///
/// ```
/// use rpc_proto::events::Emit;
/// use rpc_proto::service;
/// use serial_rpc::Connection;
/// use serial_rpc_simulator::{SimulatedDevice, SimulatedEvents};
/// use std::sync::Arc;
///
/// /// A door.
/// #[service]
/// pub trait Door {
///     /// Opens the door.
///     fn open(&mut self);
///     /// Somebody has opened or closed it.
///     #[event]
///     fn moved(open: bool);
/// }
///
/// struct Hinge(Arc<SimulatedEvents>);
/// impl Door for Hinge {
///     fn open(&mut self) {
///         self.0.emit(&DoorMoved { open: true });
///     }
/// }
///
/// let events = Arc::new(SimulatedEvents::new());
/// let door = SimulatedDevice::with_events(DoorService(Hinge(Arc::clone(&events))), events);
/// let device = Connection::to(door);
/// let mut door = DoorClient::new(&device);
/// let mut moved = door.moved()?;
/// door.open()?;
/// let event = moved.next().expect("it is not cancelled")?;
/// assert_eq!(event.data, DoorMoved { open: true });
/// assert_eq!(event.lost, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Subscription<E> {
    encoded: EncodedSubscription,
    event: PhantomData<fn() -> E>,
}

impl<E: Event> Subscription<E> {
    /// Returns the subscription with the data still encoded, for an event whose data borrows from
    /// it, such as a line of a [log](rpc_proto::services::log): see [`read_event`].
    pub fn encoded(self) -> EncodedSubscription {
        self.encoded
    }
}

impl<E: Event> Subscription<E>
where
    E::Received<'static>: DeserializeOwned,
{
    /// Waits for an event for up to that time. None if none came.
    ///
    /// # Errors
    /// Returns the reason for which the device did not answer, or an error if the data is not this
    /// event's.
    pub fn next_within(
        &mut self,
        timeout: Duration,
    ) -> SubscribeResult<Option<Received<E::Received<'static>>>> {
        match self.encoded.next_within(timeout) {
            Ok(event) => event.map(decode::<E>).transpose(),
            Err(error) => {
                let device = &self.encoded.device;
                Err(device.block_on(device.explained::<E>(error)))
            }
        }
    }

    /// Waits for an event. None if the connection was cancelled.
    pub async fn next_async(&mut self) -> Option<SubscribeResult<Received<E::Received<'static>>>> {
        Some(match self.encoded.next_async().await? {
            Ok(event) => decode::<E>(event),
            Err(error) => Err(self.encoded.device.explained::<E>(error).await),
        })
    }
}

impl<E: Event> Iterator for Subscription<E>
where
    E::Received<'static>: DeserializeOwned,
{
    type Item = SubscribeResult<Received<E::Received<'static>>>;

    fn next(&mut self) -> Option<Self::Item> {
        let device = self.encoded.device.clone();
        device.block_on(self.next_async())
    }
}

impl<E: Event> futures_core::Stream for Subscription<E>
where
    E::Received<'static>: DeserializeOwned,
{
    type Item = SubscribeResult<Received<E::Received<'static>>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Waiting keeps nothing in its future; explaining an error would.
        let event = pin!(self.get_mut().encoded.next_async()).poll(context);
        event.map(|event| event.map(|event| event.and_then(decode::<E>)))
    }
}

fn decode<E: Event>(event: EncodedEvent) -> SubscribeResult<Received<E::Received<'static>>>
where
    E::Received<'static>: DeserializeOwned,
{
    Ok(Received {
        // Not by `read_event`, whose data may borrow from the event.
        data: data(&event.data)?,
        lost: event.lost,
        after_gap: event.after_gap,
    })
}

/// The events with one key, with the data encoded, for a caller without the event's type.
#[derive(Debug)]
pub struct EncodedSubscription {
    device: Connection,
    key: u32,
    inbox: InboxId,
    account: client::Subscription<()>,
    cancellations: u32,
    /// True if the client holds the subscription, which must then be ended there.
    is_taken: bool,
}

impl Connection {
    /// Subscribes to an event. Typed clients have a method for each of their events that does this.
    ///
    /// # Errors
    /// Returns the reason for which the subscription failed.
    pub fn subscribe<E: Event>(&self) -> SubscribeResult<Subscription<E>> {
        self.block_on(self.subscribe_async())
    }

    /// Subscribes as [`subscribe`](Self::subscribe) does, and lets other tasks run meanwhile.
    ///
    /// # Errors
    /// Returns the reason for which the subscription failed.
    pub async fn subscribe_async<E: Event>(&self) -> SubscribeResult<Subscription<E>> {
        match self.subscribe_by_key_async(E::KEY).await {
            Ok(encoded) => Ok(Subscription {
                encoded,
                event: PhantomData,
            }),
            Err(error) => Err(self.explained::<E>(error).await),
        }
    }

    /// Subscribes to the event with that key.
    ///
    /// # Errors
    /// Returns the reason for which the subscription failed.
    pub fn subscribe_by_key(&self, key: u32) -> SubscribeResult<EncodedSubscription> {
        self.block_on(self.subscribe_by_key_async(key))
    }

    /// Subscribes as [`subscribe_by_key`](Self::subscribe_by_key) does, and lets other tasks run
    /// meanwhile.
    ///
    /// # Errors
    /// Returns the reason for which the subscription failed.
    pub async fn subscribe_by_key_async(&self, key: u32) -> SubscribeResult<EncodedSubscription> {
        // This comes first, because events may follow the device's answer at once.
        let mut subscription = EncodedSubscription::open(self, key);
        let mut subscribing = Running::new(self.clone(), Subscribing::new(key));
        subscribing.wait_async().await?;
        subscription.is_taken = true;
        Ok(subscription)
    }
}

impl EncodedSubscription {
    /// Creates a subscription that the device does not know yet.
    pub(super) fn open(device: &Connection, key: u32) -> Self {
        let mut state = device.shared.state();
        Self {
            inbox: state.inboxes.open(key),
            account: client::Subscription::new(state.client.lost_events()),
            cancellations: state.cancellations,
            device: device.clone(),
            key,
            is_taken: false,
        }
    }

    /// Waits for an event for up to that time. None if none came.
    ///
    /// # Errors
    /// Returns the reason for which the device did not answer.
    pub fn next_within(&mut self, timeout: Duration) -> SubscribeResult<Option<EncodedEvent>> {
        let shared = std::sync::Arc::clone(&self.device.shared);
        shared.block_on(self.next_within_async(timeout))
    }

    /// Waits as [`next_within`](Self::next_within) does, and lets other tasks run meanwhile.
    ///
    /// # Errors
    /// Fails as [`next_within`](Self::next_within) does.
    pub async fn next_within_async(
        &mut self,
        timeout: Duration,
    ) -> SubscribeResult<Option<EncodedEvent>> {
        let limit = self.device.shared.now() + duration(timeout);
        self.next_until(Some(limit)).await
    }

    /// Waits for an event. None if the connection was cancelled.
    pub async fn next_async(&mut self) -> Option<SubscribeResult<EncodedEvent>> {
        self.next_until(None).await.transpose()
    }

    /// Returns the number of lost events, of all kinds that this connection subscribed to.
    pub fn lost(&self) -> u32 {
        self.device.shared.state().client.lost_events()
    }

    /// Returns the number of events that are known to be lost since the last one that was received.
    pub fn lost_since(&self) -> u32 {
        self.account.lost_since(self.lost())
    }

    async fn next_until(
        &mut self,
        limit: Option<Instant>,
    ) -> SubscribeResult<Option<EncodedEvent>> {
        let next = self.device.until(News::Event(self.inbox), |state, now| {
            let polled = if state.cancellations != self.cancellations {
                // This comes first, because events may come faster than they are taken.
                self.cancellations = state.cancellations;
                Poll::Ready(Ok(None))
            } else if let Some(event) = state.inboxes.take(self.inbox) {
                let event = self.account.note(event.data, event.lost, event.session);
                Poll::Ready(Ok(Some(event)))
            } else if let Poll::Ready(Err(error)) = state.poll_subscribed(self.key) {
                Poll::Ready(Err(error))
            } else if limit.is_some_and(|limit| now >= limit) {
                Poll::Ready(Ok(None))
            } else {
                Poll::Pending
            };
            (polled, limit)
        });
        next.await
    }
}

impl Iterator for EncodedSubscription {
    type Item = SubscribeResult<EncodedEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        let shared = std::sync::Arc::clone(&self.device.shared);
        shared.block_on(self.next_async())
    }
}

impl Drop for EncodedSubscription {
    fn drop(&mut self) {
        let now = self.device.shared.now();
        let mut state = self.device.shared.state();
        state.inboxes.close(self.inbox);
        if self.is_taken {
            state.unsubscribe(now, self.key);
            drop(self.device.shared.send(state));
        }
    }
}
