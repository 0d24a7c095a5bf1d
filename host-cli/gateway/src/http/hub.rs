//! The events of one kind of a device, numbered and kept for a while, so that each client reads them at its
//! own pace, and one that comes back learns what it has missed.
//!
//! The gateway is subscribed as long as anyone reads, and some time longer.

use super::problem::Problem;
use crate::device::{Device, Presence, Status};
use rpc_proto::client::{CallError, SubscribeResult};
use serial_rpc::Connection;
use serial_rpc::connection::{EncodedEvent, EncodedSubscription};
use serial_rpc::failure::{Class, Failure};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OnceCell, watch};
use tokio::time::{Instant, sleep};

/// The most events that are kept of a kind, and the most bytes of their data.
const KEPT: usize = 1024;
const KEPT_BYTES: usize = 256 << 10;

/// The time for which events are kept when nobody reads.
const LINGER: Duration = Duration::from_secs(60);

/// The pause after the device did not answer.
const PAUSE: Duration = Duration::from_millis(250);

/// The kinds of events that are read, by the name of the device and the key of the event.
#[derive(Debug, Default)]
pub struct Hubs(Mutex<HashMap<(String, u32), Arc<Hub>>>);

/// The events of a kind.
#[derive(Debug)]
pub struct Hub {
    /// Tells this hub from those that were before.
    epoch: String,
    is_subscribed: OnceCell<()>,
    ring: Mutex<Ring>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<Event>,
    bytes: usize,
    /// The number of the next event. Lost ones count.
    next: u64,
    /// The number of the last event that is not kept any more and had a gap before it.
    forgotten_gap: Option<u64>,
    /// The reason why there are none at the moment.
    away: Option<Arc<Problem>>,
    /// The reason why none will come.
    end: Option<Arc<Problem>>,
}

#[derive(Debug)]
struct Event {
    number: u64,
    has_gap: bool,
    data: Arc<[u8]>,
}

/// A reader of the events of a kind.
#[derive(Debug)]
pub struct Reader {
    hub: Arc<Hub>,
    changed: watch::Receiver<()>,
    /// The number of the event to be read next.
    position: u64,
    /// True if an unknown number of events may have been missed.
    has_gap: bool,
    is_away: bool,
}

/// What a reader reads.
#[derive(Clone, Debug)]
pub enum Told {
    /// An event.
    Event {
        /// The encoded data.
        data: Arc<[u8]>,
        /// The number of events lost before it.
        lost: u64,
        /// True if an unknown number of others may have been lost before it.
        has_gap: bool,
    },
    /// The device does not answer at the moment.
    Away(Arc<Problem>),
    /// No further event will come.
    End(Arc<Problem>),
}

impl Hubs {
    /// Begins to read the events with that key from `since` on, a place that
    /// [`place`](Reader::place) returned before.
    ///
    /// # Errors
    /// Fails if the device does not let the gateway subscribe.
    pub async fn read(
        self: &Arc<Self>,
        device: &Arc<Device>,
        key: u32,
        since: Option<&str>,
    ) -> SubscribeResult<Reader> {
        let name = (device.name().to_owned(), key);
        let (hub, changed) = {
            let mut hubs = self.lock();
            let hub = hubs.entry(name.clone()).or_insert_with(Hub::new);
            (Arc::clone(hub), hub.changed.subscribe())
        };
        let subscribed = hub.is_subscribed.get_or_try_init(|| async {
            let connection = device.connection();
            let subscription = connection.subscribe_by_key_async(key).await?;
            let (hubs, name, hub) = (Arc::clone(self), name.clone(), Arc::clone(&hub));
            let status = device.watch();
            tokio::spawn(async move {
                let leave = || hubs.leave(&name, &hub);
                hub.follow(&connection, subscription, status, leave).await;
                hubs.forget(&name, &hub);
            });
            Ok(())
        });
        if let Err(error) = subscribed.await {
            drop(changed);
            self.leave(&name, &hub);
            return Err(error);
        }
        Ok(Reader::new(hub, changed, since))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, u32), Arc<Hub>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a hub that nobody reads. Returns false if somebody does.
    fn leave(&self, name: &(String, u32), hub: &Arc<Hub>) -> bool {
        let mut hubs = self.lock();
        if hub.changed.receiver_count() > 0 {
            return false;
        }
        hubs.remove(name);
        true
    }

    /// Forgets a hub that has ended, for new readers to begin anew.
    fn forget(&self, name: &(String, u32), hub: &Arc<Hub>) {
        let mut hubs = self.lock();
        if hubs.get(name).is_some_and(|found| Arc::ptr_eq(found, hub)) {
            hubs.remove(name);
        }
    }
}

impl Hub {
    fn new() -> Arc<Self> {
        let epoch = RandomState::new().hash_one(()) as u32;
        Arc::new(Self {
            epoch: format!("{epoch:08x}"),
            is_subscribed: OnceCell::new(),
            ring: Mutex::default(),
            changed: watch::Sender::new(()),
        })
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the ring, and tells the readers.
    fn change(&self, change: impl FnOnce(&mut Ring)) {
        change(&mut self.ring());
        self.changed.send_replace(());
    }

    /// Keeps the events that come until no more can come, or `leave` agrees that nobody reads.
    async fn follow(
        &self,
        connection: &Connection,
        mut subscription: EncodedSubscription,
        mut status: watch::Receiver<Status>,
        leave: impl Fn() -> bool,
    ) {
        let mut unused = pin!(self.until_unused());
        loop {
            let next = tokio::select! {
                next = subscription.next_async() => next,
                Ok(()) = status.changed() => {
                    let presence = status.borrow_and_update().presence;
                    self.note_presence(connection, presence);
                    continue;
                }
                () = &mut unused => match leave() {
                    true => return,
                    false => {
                        unused.set(self.until_unused());
                        continue;
                    }
                },
            };
            match self.note(connection, next) {
                Noted::Event => {}
                Noted::Away => sleep(PAUSE).await,
                Noted::End => return,
            }
        }
    }

    fn note(&self, connection: &Connection, next: Option<SubscribeResult<EncodedEvent>>) -> Noted {
        let failure = match next {
            Some(Ok(event)) => {
                self.change(|ring| ring.push(event));
                return Noted::Event;
            }
            Some(Err(error)) => Failure::subscription(connection, error),
            None => Failure::new(
                Class::Interrupted,
                "the connection to the device was closed",
            ),
        };
        let may_pass = matches!(failure.class, Class::Port | Class::Timeout);
        let problem = Arc::new(Problem::from(failure));
        self.change(|ring| match may_pass {
            true => ring.away = Some(problem),
            false => ring.end = Some(problem),
        });
        if may_pass { Noted::Away } else { Noted::End }
    }

    /// Notes that the device is away, or back: a subscription would wait for it for long.
    fn note_presence(&self, connection: &Connection, presence: Presence) {
        let error = match presence {
            Presence::Present => None,
            Presence::Absent => Some(CallError::Disconnected),
            Presence::Unknown => Some(CallError::Timeout),
        };
        let problem = error.map(|error| Failure::call(connection, true, error).into());
        self.change(|ring| ring.away = problem.map(Arc::new));
    }

    /// Waits until nobody has read for a while.
    async fn until_unused(&self) {
        loop {
            self.changed.closed().await;
            let begun = Instant::now();
            while self.changed.receiver_count() == 0 {
                if begun.elapsed() >= LINGER {
                    return;
                }
                sleep(LINGER / 60).await;
            }
        }
    }
}

/// How following goes on.
enum Noted {
    Event,
    Away,
    End,
}

impl Ring {
    fn push(&mut self, event: EncodedEvent) {
        let number = self.next + u64::from(event.lost);
        self.next = number + 1;
        self.away = None;
        self.bytes += event.data.len();
        self.events.push_back(Event {
            number,
            has_gap: event.after_gap,
            data: event.data.into(),
        });
        while self.events.len() > KEPT || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.events.pop_front() else {
                return;
            };
            self.bytes -= oldest.data.len();
            if oldest.has_gap {
                self.forgotten_gap = Some(oldest.number);
            }
        }
    }

    /// Returns the first event from that number on.
    fn from(&self, position: u64) -> Option<&Event> {
        let index = self.events.partition_point(|event| event.number < position);
        self.events.get(index)
    }
}

impl Reader {
    fn new(hub: Arc<Hub>, changed: watch::Receiver<()>, since: Option<&str>) -> Self {
        let next = hub.ring().next;
        let position = since.and_then(|since| {
            let (epoch, position) = since.split_once('-')?;
            let position = position.parse().ok().filter(|position| *position <= next)?;
            (epoch == hub.epoch).then_some(position)
        });
        Self {
            hub,
            changed,
            position: position.unwrap_or(next),
            has_gap: since.is_some() && position.is_none(),
            is_away: false,
        }
    }

    /// Returns the place up to which events were read.
    pub fn place(&self) -> String {
        format!("{}-{}", self.hub.epoch, self.position)
    }

    /// Returns true if it is not known what was missed since the place from which reading went on.
    pub const fn has_gap(&self) -> bool {
        self.has_gap
    }

    /// Waits for something to tell. Nothing is missed if that is cancelled.
    pub async fn next(&mut self) -> Told {
        loop {
            self.changed.mark_unchanged();
            if let Some(told) = self.read() {
                return told;
            }
            // The sender is in the hub, which this keeps.
            let _ = self.changed.changed().await;
        }
    }

    fn read(&mut self) -> Option<Told> {
        let ring = self.hub.ring();
        if let Some(event) = ring.from(self.position) {
            let is_new = |gap: u64| gap >= self.position;
            let told = Told::Event {
                data: Arc::clone(&event.data),
                lost: event.number - self.position,
                has_gap: self.has_gap || event.has_gap || ring.forgotten_gap.is_some_and(is_new),
            };
            self.position = event.number + 1;
            (self.has_gap, self.is_away) = (false, false);
            return Some(told);
        }
        if let Some(end) = &ring.end {
            return Some(Told::End(Arc::clone(end)));
        }
        let was_away = std::mem::replace(&mut self.is_away, ring.away.is_some());
        let away = ring.away.as_ref().filter(|_| !was_away)?;
        Some(Told::Away(Arc::clone(away)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    fn event(number: u8, lost: u32) -> EncodedEvent {
        EncodedEvent {
            data: vec![number],
            lost,
            after_gap: false,
        }
    }

    fn reader(hub: &Arc<Hub>, since: Option<&str>) -> Reader {
        Reader::new(Arc::clone(hub), hub.changed.subscribe(), since)
    }

    /// Returns the data, the losses and the gap of the next event.
    fn next(reader: &mut Reader) -> Option<(u8, u64, bool)> {
        match reader.read()? {
            Told::Event {
                data,
                lost,
                has_gap,
            } => Some((data[0], lost, has_gap)),
            told => panic!("{told:?}"),
        }
    }

    #[test]
    fn each_reader_reads_at_its_own_pace_and_knows_what_the_device_lost() {
        let hub = Hub::new();
        let mut fast = reader(&hub, None);
        let mut slow = reader(&hub, None);
        hub.change(|ring| ring.push(event(0, 0)));
        assert_eq!(next(&mut fast), Some((0, 0, false)));
        assert_eq!(next(&mut fast), None);
        hub.change(|ring| ring.push(event(1, 2)));
        assert_eq!(next(&mut fast), Some((1, 2, false)));
        assert_eq!(next(&mut slow), Some((0, 0, false)));
        assert_eq!(next(&mut slow), Some((1, 2, false)));
        assert_eq!(next(&mut reader(&hub, None)), None, "it has come too late");
    }

    #[test]
    fn a_reader_that_comes_back_reads_on_where_it_was() {
        let hub = Hub::new();
        let mut first = reader(&hub, None);
        hub.change(|ring| ring.push(event(0, 0)));
        hub.change(|ring| ring.push(event(1, 0)));
        assert_eq!(next(&mut first), Some((0, 0, false)));
        let mut back = reader(&hub, Some(&first.place()));
        assert_eq!(next(&mut back), Some((1, 0, false)));
    }

    #[test]
    fn a_reader_that_comes_back_too_late_knows_how_many_it_has_missed() {
        let hub = Hub::new();
        let place = reader(&hub, None).place();
        for number in 0..KEPT + 10 {
            hub.change(|ring| ring.push(event(number as u8, 1)));
        }
        let mut back = reader(&hub, Some(&place));
        // Ten are not kept any more, and before each of eleven the device lost one.
        assert_eq!(next(&mut back), Some((10, 21, false)));
        assert_eq!(next(&mut back), Some((11, 1, false)));
    }

    #[test]
    fn a_gap_is_told_even_if_its_event_is_not_kept_any_more() {
        let hub = Hub::new();
        let place = reader(&hub, None).place();
        hub.change(|ring| {
            ring.push(EncodedEvent {
                after_gap: true,
                ..event(0, 0)
            });
        });
        for number in 0..=KEPT {
            hub.change(|ring| ring.push(event(number as u8, 0)));
        }
        let mut back = reader(&hub, Some(&place));
        assert!(matches!(next(&mut back), Some((_, 2, true))));
        assert!(matches!(next(&mut back), Some((_, 0, false))));
    }

    #[test]
    fn a_place_of_another_time_or_out_of_nowhere_is_a_gap() {
        let hub = Hub::new();
        hub.change(|ring| ring.push(event(0, 0)));
        let ahead = format!("{}-7", hub.epoch);
        for since in ["", "7", "00000000-0", &ahead, "\u{e4}-\u{e4}"] {
            let mut back = reader(&hub, Some(since));
            assert!(back.has_gap(), "{since}");
            hub.change(|ring| ring.push(event(1, 0)));
            assert_eq!(next(&mut back), Some((1, 0, true)), "{since}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded_by_its_bytes() {
        let hub = Hub::new();
        let mut slow = reader(&hub, None);
        for _ in 0..100 {
            let large = EncodedEvent {
                data: vec![7; KEPT_BYTES / 4],
                ..event(0, 0)
            };
            hub.change(|ring| ring.push(large));
        }
        assert_eq!(hub.ring().events.len(), 4);
        assert_eq!(next(&mut slow), Some((7, 96, false)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hub_is_unused_when_nobody_has_read_for_a_while() {
        let hub = Hub::new();
        let reader = reader(&hub, None);
        assert!(timeout(LINGER * 3, hub.until_unused()).await.is_err());
        drop(reader);
        assert!(timeout(LINGER / 2, hub.until_unused()).await.is_err());
        assert!(timeout(LINGER * 2, hub.until_unused()).await.is_ok());
    }
}
