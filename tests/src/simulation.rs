//! The real client and the real server, joined by two lines, in virtual time.
//!
//! Time jumps from one event to the next: a byte arrives, a sender is ready for its next byte, a
//! procedure has run, a deadline passes. Nothing depends on the machine, so a seed reproduces
//! everything.

#[path = "simulation/device.rs"]
pub(crate) mod device;

pub use device::Memory;

use crate::clock::VirtualClock;
use crate::counter::{CounterService, Journal, JournaledCounter};
use crate::end::{Client, Subscriptions, Ticket};
use crate::line::{Faults, Line, Pace};
use device::Device;
use rpc_proto::client::{CallError, Number, Target, Timing, read};
use rpc_proto::device::SubscribeError;
use rpc_proto::server::NoEvents;
use rpc_proto::service::{Event, FIRST_NUMBER, Interface, Never, Procedure, StaticInterface};
use rpc_proto::time::{Duration, Instant};
use std::task::Poll;
use std::thread;

/// The most events in a row without any time passing.
const MOST_EVENTS_AT_ONCE: u32 = 100_000;

/// The parameters of a simulation.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The seed of all random choices.
    pub seed: u64,
    /// The faults on the way to the device.
    pub to_device: Faults,
    /// The faults on the way to the caller.
    pub to_caller: Faults,
    /// The speed of both directions.
    pub pace: Pace,
    /// The number of received bytes that the device says it can hold, and holds.
    pub buffer: u16,
    /// The time that a procedure runs.
    pub run_time: Duration,
    /// The memory that holds the counter's total.
    pub memory: Memory,
    /// The caller's resend times.
    pub timing: Timing,
    /// The time limit of a call.
    pub timeout: Duration,
    /// The time after which an operation counts as hanging.
    pub patience: Duration,
}

impl Setup {
    /// Returns a perfect link at 115,200 baud, and a device with room for every window.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            to_device: Faults::NONE,
            to_caller: Faults::NONE,
            pace: Pace::uart(115_200),
            buffer: 1024,
            run_time: Duration::default(),
            memory: Memory::Volatile,
            timing: Timing::default(),
            timeout: Duration::from_secs(2),
            patience: Duration::from_secs(60),
        }
    }

    /// Returns the same setup with those faults in both directions.
    #[must_use]
    pub const fn with_faults(mut self, faults: Faults) -> Self {
        self.to_device = faults;
        self.to_caller = faults;
        self
    }
}

/// A caller with room for `CALLS` calls, and a device that keeps `WINDOW` replies; both have room
/// for frames of `FRAME` bytes.
///
/// If a test fails while one is alive, it prints the values that reproduce the failure.
#[derive(Debug)]
pub struct Simulation<const CALLS: usize, const WINDOW: usize, const FRAME: usize = 64> {
    /// From the caller to the device.
    pub to_device: Line,
    /// From the device to the caller.
    pub to_caller: Line,
    /// The journal of calls that really ran.
    pub journal: Journal,
    setup: Setup,
    clock: VirtualClock,
    client: SimulatedClient<FRAME, CALLS>,
    device: Device<FRAME, WINDOW>,
    received: Vec<ReceivedEvent>,
    events_at_once: u32,
}

/// The client of a simulation, with room for a few subscriptions.
pub type SimulatedClient<const FRAME: usize, const CALLS: usize> =
    Client<FRAME, CALLS, 8, Subscriptions<4, 1024>>;

/// An event that the caller received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedEvent {
    /// Its key.
    pub key: u32,
    /// Its encoded data.
    pub data: Vec<u8>,
    /// The number of events that had been lost when it came.
    pub lost: u32,
}

/// The costs of a simulation so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// The caller's counters of the link.
    pub caller: rpc_proto::client::Counters,
    /// The device's counters of the link since it was reset.
    pub device: rpc_proto::device::Statistics,
    /// Received bytes that the device had no room for.
    pub overruns: u64,
    /// Bytes sent to the device.
    pub bytes_out: u64,
    /// Bytes sent to the caller.
    pub bytes_back: u64,
    /// Virtual time since the beginning.
    pub time: Duration,
}

impl<const CALLS: usize, const WINDOW: usize, const FRAME: usize> Simulation<CALLS, WINDOW, FRAME> {
    /// Creates a caller and a device that have just been switched on.
    pub fn new(setup: Setup) -> Self {
        let faults = [setup.to_device, setup.to_caller];
        let [to_device, to_caller] = Line::pair(setup.pace, faults, setup.seed);
        let journal = Journal::default();
        Self {
            to_device,
            to_caller,
            journal: journal.clone(),
            clock: VirtualClock::default(),
            client: Client::new(setup.seed as u32, setup.timing).with_subscriptions(),
            device: Device::new(setup.buffer, setup.run_time, setup.memory, journal),
            received: Vec::new(),
            events_at_once: 0,
            setup,
        }
    }

    /// Makes a call and waits for its end.
    ///
    /// # Errors
    /// Returns the reason for which the call failed.
    pub fn call<P>(&mut self, amount: i64) -> Result<i64, CallError>
    where
        P: for<'a> Procedure<Arguments<'a> = (i64,), Value<'a> = i64, Error = Never>,
    {
        let ticket = self.start::<P>(amount)?;
        self.run_until_ended(ticket);
        self.take::<P>(ticket).expect("the call has ended")
    }

    /// Starts a call.
    ///
    /// # Errors
    /// Returns the reason for which the call cannot be made.
    pub fn start<P>(&mut self, amount: i64) -> Result<Ticket, CallError>
    where
        P: for<'a> Procedure<Arguments<'a> = (i64,)>,
    {
        let index = CounterService(JournaledCounter::<NoEvents>::default()).resolve(P::KEY);
        let target = Target {
            key: P::KEY,
            number: Number::In {
                number: FIRST_NUMBER + index.ok_or(CallError::NoSuchProcedure)?,
                fingerprint: CounterService::<()>::FINGERPRINT,
            },
            idempotent: P::IDEMPOTENT,
        };
        let deadline = self.now() + self.setup.timeout;
        self.client.start(target, deadline, &(amount,))
    }

    /// Subscribes to an event, and waits until the device has taken it.
    ///
    /// # Errors
    /// Returns the reason for which the subscription failed.
    pub fn subscribe<E: Event>(&mut self) -> Result<(), CallError<SubscribeError>> {
        let now = self.now();
        self.client.subscribe(now, E::KEY)?;
        let limit = now + self.setup.patience;
        loop {
            if let Poll::Ready(subscribed) = self.client.poll_subscribed(E::KEY) {
                return subscribed;
            }
            assert!(self.step() && self.now() < limit, "it is never taken");
        }
    }

    /// Keeps the device silent until the client asks for the number of events.
    pub fn learn_losses(&mut self) {
        self.run_for(Duration::from_secs(2));
    }

    /// Emits an event, as an interrupt of the device may do at any time.
    pub fn emit<E: Event>(&self, event: &E) {
        self.device.emit(event);
    }

    /// Returns the events that have come in since the last time.
    pub fn take_events(&mut self) -> Vec<ReceivedEvent> {
        std::mem::take(&mut self.received)
    }

    /// Returns the result of a call, if it has ended.
    pub fn take<P>(&mut self, ticket: Ticket) -> Option<Result<i64, CallError>>
    where
        P: for<'a> Procedure<Value<'a> = i64, Error = Never>,
    {
        let end = self.client.take(ticket)?;
        Some(end.and_then(read::<P>))
    }

    /// Returns true if a call has ended.
    pub fn is_ended(&self, ticket: Ticket) -> bool {
        self.client.is_ended(ticket)
    }

    /// Returns the caller, for any use that a driver may make of it.
    pub const fn client(&mut self) -> &mut SimulatedClient<FRAME, CALLS> {
        &mut self.client
    }

    /// Replaces the caller, which disappears without notice.
    pub fn replace_caller(&mut self, nonce: u32) {
        self.client = Client::new(nonce, self.setup.timing).with_subscriptions();
    }

    /// Resets the device: its current work is lost, the bytes that it had sent arrive.
    pub fn reset_device(&mut self) {
        self.device.reset(self.clock.time());
    }

    /// Runs until that call has ended.
    ///
    /// # Panics
    /// Panics if that takes longer than the setup's patience.
    pub fn run_until_ended(&mut self, ticket: Ticket) {
        self.run_until(|simulation| simulation.is_ended(ticket));
    }

    /// Runs until nothing happens any more.
    ///
    /// # Panics
    /// Panics if that takes longer than the setup's patience.
    pub fn run_until_idle(&mut self) {
        /// Everything except asking about subscriptions happens sooner.
        const SOON: Duration = Duration::from_millis(400);
        let limit = self.now() + self.setup.patience;
        while self
            .next_event()
            .is_some_and(|next| next < self.now() + SOON)
        {
            self.step();
            assert!(self.now() < limit, "it never gets idle");
        }
    }

    /// Runs until `condition` holds, which is checked after every event.
    ///
    /// # Panics
    /// Panics if that takes longer than the setup's patience.
    pub fn run_until(&mut self, mut condition: impl FnMut(&Self) -> bool) {
        let limit = self.now() + self.setup.patience;
        while !condition(self) {
            assert!(self.step(), "nothing is left to happen");
            assert!(self.now() < limit, "it hangs");
        }
    }

    /// Runs for that long, or until nothing happens any more, and lets that time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let then = self.now() + duration;
        while self.next_event().is_some_and(|event| event <= then) {
            self.step();
        }
        self.clock.advance_to(then);
    }

    /// Goes to the next event. Returns true if there was one.
    pub fn step(&mut self) -> bool {
        let Some(event) = self.next_event() else {
            return false;
        };
        if self.now() < event {
            self.events_at_once = 0;
            self.clock.advance_to(event);
        }
        self.events_at_once += 1;
        assert!(
            self.events_at_once < MOST_EVENTS_AT_ONCE,
            "time stands still"
        );
        let now = self.now();
        while let Some(byte) = self.to_caller.receive(now) {
            self.client.receive(now, byte);
            self.received
                .extend(self.client.next_event().map(|event| ReceivedEvent {
                    key: event.key,
                    data: event.data.to_vec(),
                    lost: event.lost,
                }));
        }
        self.client.advance(now);
        self.send(now);
        self.device
            .work(now, &mut self.to_device, &mut self.to_caller);
        true
    }

    /// Sends the caller's bytes that the line takes without waiting.
    fn send(&mut self, now: Instant) {
        while self.to_device.ready_at() <= now {
            let Some(&byte) = self.client.outgoing(now).first() else {
                return;
            };
            self.to_device.send(now, byte);
            self.client.sent(now, 1);
        }
    }

    fn next_event(&mut self) -> Option<Instant> {
        let now = self.now();
        let to_send = !self.client.outgoing(now).is_empty();
        [
            to_send.then(|| self.to_device.ready_at()),
            self.to_device.next_arrival(),
            self.to_caller.next_arrival(),
            self.device.next_event(now, &self.to_caller),
            self.client.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Returns the virtual time.
    pub fn now(&self) -> Instant {
        self.clock.time()
    }

    /// Returns the costs so far.
    pub fn counters(&self) -> Counters {
        Counters {
            caller: *self.client.counters(),
            device: *self.device.statistics(),
            overruns: self.device.overruns(),
            bytes_out: self.to_device.sent(),
            bytes_back: self.to_caller.sent(),
            time: self.now().since(Instant::default()),
        }
    }
}

impl<const CALLS: usize, const WINDOW: usize, const FRAME: usize> Drop
    for Simulation<CALLS, WINDOW, FRAME>
{
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!(
                "in the simulation with seed {:#x}, {CALLS} calls, window {WINDOW}, after {:?}: {:?}",
                self.setup.seed,
                self.counters(),
                self.setup,
            );
        }
    }
}
