//! Subscriptions to events: typed, and by key.
//!
//! A subscription belongs to a session, which ends when the device is reset or the port is lost. So
//! whoever waits for events also asks the device from time to time whether it still knows of the
//! subscription; that renews it, opens a lost port again, and tells of events that were lost without
//! another following them.

use super::inboxes::InboxId;
use super::{Connection, ConnectionCaller, State};
use rpc_proto::client::{self, CallError, Subscriber};
use rpc_proto::device::{DeviceEventsSubscribe, DeviceEventsUnsubscribe, SubscribeError};
use rpc_proto::service::Event;
use rpc_proto::time::{Duration, Instant};
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use std::time;

/// How long a device may be silent before it is asked whether it still knows of the subscription.
const ASK_AFTER: Duration = Duration::from_millis(500);

/// An event that a subscription received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received<T> {
    /// What the device told.
    pub data: T,
    /// How many events were lost before it, since the last that the subscription received. They may
    /// be of any event that this connection has subscribed to. What happened between two sessions is not counted.
    pub lost: u32,
    /// Whether the session is another than that of the event before: the device was reset, or the
    /// link was lost, and nobody knows what happened meanwhile.
    pub after_gap: bool,
}

/// An event with its data still encoded.
pub type EncodedEvent = Received<Vec<u8>>;

impl EncodedEvent {
    /// The data, which may borrow from what was received.
    ///
    /// # Errors
    /// [`CallError::BadReply`] if what was received is not this event.
    pub fn read<E: Event>(&self) -> Result<E::Received<'_>, CallError<SubscribeError>> {
        match postcard::take_from_bytes(&self.data) {
            Ok((data, [])) => Ok(data),
            _ => Err(CallError::BadReply),
        }
    }
}

/// The events of one kind that a device sends, as an iterator that waits for them.
///
/// It ends when the connection is [cancelled](Connection::cancel). An error does not end it: the
/// next turn tries again, so a device that was reset or unplugged is waited for.
///
/// ```
/// use rpc_proto::service;
/// use serial_rpc::Connection;
/// use serial_rpc_simulator::{SimulatedDevice, SimulatedEvents};
/// use rpc_proto::events::Emit;
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
pub struct Subscription<'d, E> {
    encoded: EncodedSubscription<'d>,
    event: PhantomData<fn() -> E>,
}

impl<'d, E: Event> Subscription<'d, E> {
    /// The same with the data still encoded, for an event whose data borrows from what was received,
    /// such as a line of a [log](rpc_proto::services::log): see [`EncodedEvent::read`].
    pub fn encoded(self) -> EncodedSubscription<'d> {
        self.encoded
    }
}

impl<E: Event> Subscription<'_, E>
where
    E::Received<'static>: DeserializeOwned,
{
    /// Waits for an event, but not for longer than that. None if none came.
    ///
    /// # Errors
    /// Why the device did not answer, or that what it sent is not this event.
    pub fn next_within(
        &mut self,
        timeout: time::Duration,
    ) -> Result<Option<Received<E::Received<'static>>>, CallError<SubscribeError>> {
        match self.encoded.next_within(timeout)? {
            Some(event) => decode::<E>(&event).map(Some),
            None => Ok(None),
        }
    }
}

impl<E: Event> Iterator for Subscription<'_, E>
where
    E::Received<'static>: DeserializeOwned,
{
    type Item = Result<Received<E::Received<'static>>, CallError<SubscribeError>>;

    fn next(&mut self) -> Option<Self::Item> {
        let event = self.encoded.next()?;
        Some(event.and_then(|event| decode::<E>(&event)))
    }
}

fn decode<E: Event>(
    event: &EncodedEvent,
) -> Result<Received<E::Received<'static>>, CallError<SubscribeError>>
where
    E::Received<'static>: DeserializeOwned,
{
    // Not `read`, whose data may borrow from the event.
    let Ok((data, [])) = postcard::take_from_bytes(&event.data) else {
        return Err(CallError::BadReply);
    };
    Ok(Received {
        data,
        lost: event.lost,
        after_gap: event.after_gap,
    })
}

/// As [`Subscription`], by key and with the data encoded, for a caller without the event's type.
#[derive(Debug)]
pub struct EncodedSubscription<'d> {
    device: &'d Connection,
    inbox: InboxId,
    key: u32,
    /// The session in which the device was told.
    session: u32,
    /// When the device is to be asked, if nothing comes.
    ask_at: Instant,
    /// How many events had been lost when the last one came that was handed out.
    lost: u32,
    dropped: u32,
    /// The session of that one.
    last_session: Option<u32>,
    cancellations: u32,
}

impl Connection {
    /// Subscribes to an event. The typed clients have a method for each of theirs that does this.
    ///
    /// # Errors
    /// Why the device did not take the subscription.
    pub fn subscribe<E: Event>(&self) -> Result<Subscription<'_, E>, CallError<SubscribeError>> {
        Ok(Subscription {
            encoded: self.subscribe_by_key(E::KEY)?,
            event: PhantomData,
        })
    }

    /// Subscribes to the event with that key.
    ///
    /// # Errors
    /// Why the device did not take the subscription.
    pub fn subscribe_by_key(
        &self,
        key: u32,
    ) -> Result<EncodedSubscription<'_>, CallError<SubscribeError>> {
        let (inbox, lost, cancellations) = {
            let mut state = self.state();
            let inbox = state.inboxes.open(key);
            (inbox, state.client.lost_events(), state.cancellations)
        };
        let mut subscription = EncodedSubscription {
            device: self,
            inbox,
            key,
            session: 0,
            ask_at: self.now(),
            lost,
            dropped: 0,
            last_session: None,
            cancellations,
        };
        subscription.renew()?;
        Ok(subscription)
    }
}

impl EncodedSubscription<'_> {
    /// Waits for an event, but not for longer than that. None if none came.
    ///
    /// # Errors
    /// Why the device did not answer.
    pub fn next_within(
        &mut self,
        timeout: time::Duration,
    ) -> Result<Option<EncodedEvent>, CallError<SubscribeError>> {
        let timeout = u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX);
        let until = self.device.now() + Duration::from_micros(timeout);
        self.next_until(until)
    }

    /// How many events of all kinds that this connection subscribed to were lost.
    pub fn lost(&self) -> u32 {
        self.device.state().client.lost_events()
    }

    /// How many were lost after the event that was received last, as far as is known by now.
    pub fn lost_since(&self) -> u32 {
        self.lost().wrapping_sub(self.lost)
    }

    fn next_until(
        &mut self,
        until: Instant,
    ) -> Result<Option<EncodedEvent>, CallError<SubscribeError>> {
        loop {
            let mut state = self.device.state();
            // First, because events may come faster than they are asked for.
            if state.cancellations != self.cancellations {
                self.cancellations = state.cancellations;
                return Ok(None);
            }
            let inbox = state.inboxes.get(self.inbox);
            if let Some(event) = inbox.waiting.pop_front() {
                let dropped = inbox.dropped;
                drop(state);
                return Ok(Some(self.hand_out(event, dropped)));
            }
            let now = self.device.now();
            if state.client.statistics().sessions != self.session || now >= self.ask_at {
                drop(state);
                self.renew()?;
            } else if now >= until {
                return Ok(None);
            } else {
                drop(self.device.exchange(state, Some(until.min(self.ask_at))));
            }
        }
    }

    fn hand_out(&mut self, event: super::inboxes::Arrival, dropped: u32) -> EncodedEvent {
        self.ask_at = self.device.now() + ASK_AFTER;
        let lost = event.lost.wrapping_sub(self.lost);
        let dropped_since = dropped.wrapping_sub(self.dropped);
        let last_session = self.last_session.replace(event.session);
        self.lost = event.lost;
        self.dropped = dropped;
        Received {
            data: event.data,
            lost: lost.wrapping_add(dropped_since),
            after_gap: last_session.is_some_and(|session| session != event.session),
        }
    }

    /// Tells the device of the subscription, or asks it whether it still knows.
    fn renew(&mut self) -> Result<(), CallError<SubscribeError>> {
        loop {
            // If this fails, the next try is not to come at once.
            self.ask_at = self.device.now() + ASK_AFTER;
            self.device.announced().map_err(CallError::widen)?;
            let before = self.device.statistics().sessions;
            let reply = self
                .device
                .call_typed::<DeviceEventsSubscribe>(&(self.key,))
                .map_err(CallError::widen)?;
            let subscribed = client::read::<DeviceEventsSubscribe>(reply.answer())?;
            let mut state = self.device.state();
            // If a session has ended meanwhile, nobody knows which one this answer is from.
            if state.client.statistics().sessions == before {
                self.session = before;
                state.client.reckon_events(subscribed.count);
                state.inboxes.assign(self.inbox, subscribed.topic, before);
                self.ask_at = self.device.now() + ASK_AFTER;
                return Ok(());
            }
        }
    }
}

impl Iterator for EncodedSubscription<'_> {
    type Item = Result<EncodedEvent, CallError<SubscribeError>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_until(Instant::from_micros(u64::MAX)).transpose()
    }
}

impl Drop for EncodedSubscription<'_> {
    fn drop(&mut self) {
        // In one go, lest another thread subscribes anew in between and is unsubscribed.
        let mut state = self.device.state();
        if state.inboxes.close(self.inbox) {
            self.device.unsubscribe(&mut state, self.key);
        }
    }
}

impl Connection {
    /// Tells the device, if there is room for it, and does not wait: a device that does not hear
    /// of it sends events that nobody takes, which does no harm.
    fn unsubscribe(&self, state: &mut State, key: u32) {
        let now = self.now();
        if state.client.device().is_some()
            && let Some(target) = client::Target::known::<DeviceEventsUnsubscribe>(None)
            && let Ok(ticket) = state.client.start(target, now + ASK_AFTER, &(key,))
        {
            self.send(state, now);
            state.client.abandon(ticket);
        }
    }
}

impl<'d> Subscriber for ConnectionCaller<'d> {
    type Subscription<E: Event> = Subscription<'d, E>;

    fn subscribe<E: Event>(&mut self) -> Result<Subscription<'d, E>, CallError<SubscribeError>> {
        self.device().subscribe()
    }
}
