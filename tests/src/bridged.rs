//! A caller, a bridge and a device, joined by two lines each, in virtual time.
//!
//! Time jumps from one event to the next, as in a [`simulation`](crate::simulation) without a bridge.

use crate::bridge::Bridge;
use crate::clock::VirtualClock;
use crate::counter::{CounterAccumulate, CounterService, Journal};
use crate::line::Line;
use crate::simulation::Setup;
use crate::simulation::device::Device;
use crate::workload::Tally;
use rpc_proto::client::{CallError, Client, Number, Target, Ticket, read};
use rpc_proto::service::{FIRST_NUMBER, Member, StaticInterface};
use rpc_proto::time::{Duration, Instant};
use serial_rpc::description::Mirror;
use std::collections::VecDeque;

/// The longest frame on both links.
const FRAME: usize = 64;

/// The most events without an end of any call.
const MOST_EVENTS: u32 = 1_000_000;

/// A caller with room for `WINDOW` calls, a bridge, and a device that keeps as many replies.
///
/// Both links have the pace and the faults of the setup; its time-out is that of the caller.
#[derive(Debug)]
pub struct BridgedSimulation<const WINDOW: usize> {
    /// The journal of calls that really ran.
    pub journal: Journal,
    /// The number of times that the bridge was switched on.
    pub bridges: u32,
    setup: Setup,
    clock: VirtualClock,
    caller: Client<FRAME, WINDOW>,
    near: [Line; 2],
    bridge: Bridge<FRAME, WINDOW>,
    /// The bytes that the bridge has received from the near link but not read.
    unread: VecDeque<u8>,
    far: [Line; 2],
    device: Device<FRAME, WINDOW>,
}

impl<const WINDOW: usize> BridgedSimulation<WINDOW> {
    /// Creates all three, just switched on.
    pub fn new(setup: Setup) -> Self {
        let faults = [setup.to_device, setup.to_caller];
        let journal = Journal::default();
        Self {
            near: Line::pair(setup.pace, faults, setup.seed),
            far: Line::pair(setup.pace, faults, !setup.seed),
            clock: VirtualClock::default(),
            caller: Client::new(setup.seed as u32, setup.timing),
            bridge: Self::new_bridge(&setup, 0),
            bridges: 1,
            unread: VecDeque::new(),
            device: Device::new(setup.buffer, setup.run_time, setup.memory, journal.clone()),
            journal,
            setup,
        }
    }

    fn new_bridge(setup: &Setup, bridges: u32) -> Bridge<FRAME, WINDOW> {
        let description = CounterService::<()>::DESCRIPTION.concat();
        let mirror = Mirror::new(description).expect("a description");
        // Each has its own sessions.
        let nonce = (setup.seed as u32).wrapping_add(bridges << 16);
        let timeout = Duration::from_micros(setup.timeout.as_micros() / 2);
        Bridge::new(mirror, setup.buffer, nonce, setup.timing, timeout)
    }

    /// Resets the device: its current work is lost, the bytes that it had sent arrive.
    pub fn reset_device(&mut self) {
        self.device.reset(self.now());
    }

    /// Resets the bridge: it forgets all calls and sessions.
    pub fn reset_bridge(&mut self) {
        self.bridge = Self::new_bridge(&self.setup, self.bridges);
        self.bridges += 1;
        self.unread.clear();
    }

    /// Replaces the caller, which disappears without notice.
    pub fn replace_caller(&mut self) {
        self.caller = Client::new(!self.setup.seed as u32, self.setup.timing);
    }

    /// Cuts the far link, or mends it.
    pub fn set_far_cut(&mut self, cut: bool) {
        for line in &mut self.far {
            match cut {
                true => line.cut(),
                false => line.mend(),
            }
        }
    }

    /// Accumulates the amounts from 1 to `count`, as many at a time as the caller has room for.
    ///
    /// `between` is called whenever a call has ended, with the number of those that have.
    pub fn accumulate(&mut self, count: i64, mut between: impl FnMut(&mut Self, usize)) -> Tally {
        let mut outcomes = Vec::new();
        let mut started = VecDeque::new();
        for amount in 1..=count {
            if started.len() == WINDOW {
                let oldest = started.pop_front().expect("a call was started");
                outcomes.push(self.finish(oldest));
                between(self, outcomes.len());
            }
            started.push_back(self.start(amount));
        }
        for call in started {
            outcomes.push(self.finish(call));
        }
        // Nothing that is still in transit may run anything.
        let limit = self.now() + self.setup.patience;
        while self.step() {
            assert!(self.now() < limit, "it never gets idle");
        }
        Tally::of(&outcomes, &self.journal)
    }

    /// Starts a call with that amount.
    ///
    /// # Panics
    /// Panics if the caller has no room for another call.
    pub fn start(&mut self, amount: i64) -> Ticket {
        let keys = CounterService::<()>::KEYS.concat();
        let index = keys.iter().position(|&key| key == CounterAccumulate::KEY);
        let target = Target {
            key: CounterAccumulate::KEY,
            number: Number::In {
                fingerprint: CounterService::<()>::FINGERPRINT,
                number: FIRST_NUMBER + index.expect("it is one of its procedures") as u16,
            },
            idempotent: false,
        };
        let deadline = self.now() + self.setup.timeout;
        let started = self.caller.start(target, deadline, &(amount,));
        started.expect("there is room for one more call")
    }

    /// Runs until a call has ended.
    ///
    /// # Errors
    /// Returns the reason for which the call failed.
    ///
    /// # Panics
    /// Panics if it does not end.
    pub fn finish(&mut self, call: Ticket) -> Result<i64, CallError> {
        for _ in 0..MOST_EVENTS {
            if let Some(end) = self.caller.take(call) {
                return end.and_then(read::<CounterAccumulate>);
            }
            assert!(self.step(), "nothing is left to happen");
        }
        panic!("it hangs");
    }

    /// Goes to the next event. Returns true if there was one.
    pub fn step(&mut self) -> bool {
        let Some(event) = self.next_event() else {
            return false;
        };
        self.clock.advance_to(event);
        let now = self.now();
        while let Some(byte) = self.near[1].receive(now) {
            self.caller.receive(now, byte);
        }
        self.caller.advance(now);
        while self.near[0].ready_at() <= now
            && let Some(&byte) = self.caller.outgoing(now).first()
        {
            self.near[0].send(now, byte);
            self.caller.sent(now, 1);
        }
        self.run_bridge(now);
        let [to_device, from_device] = &mut self.far;
        self.device.work(now, to_device, from_device);
        true
    }

    /// Moves bytes between the bridge and its four lines.
    fn run_bridge(&mut self, now: Instant) {
        while let Some(byte) = self.far[1].receive(now) {
            self.bridge.receive_far(now, byte);
        }
        self.bridge.advance(now);
        while let Some(byte) = self.near[0].receive(now) {
            if self.unread.len() < usize::from(self.setup.buffer) {
                self.unread.push_back(byte);
            }
        }
        loop {
            if let Some(&byte) = self.bridge.near.outgoing().first() {
                if now < self.near[1].ready_at() {
                    break;
                }
                self.near[1].send(now, byte);
                self.bridge.near.sent(1);
            } else if let Some(byte) = self.unread.pop_front() {
                self.bridge.receive_near(now, byte);
            } else {
                break;
            }
        }
        while self.far[0].ready_at() <= now
            && let Some(&byte) = self.bridge.far.outgoing(now).first()
        {
            self.far[0].send(now, byte);
            self.bridge.far.sent(now, 1);
        }
    }

    fn next_event(&mut self) -> Option<Instant> {
        let now = self.now();
        let lines = self.near.iter().chain(&self.far);
        let arrivals = lines.filter_map(Line::next_arrival).min();
        let caller_sends = !self.caller.outgoing(now).is_empty();
        let bridge_replies = !self.bridge.near.outgoing().is_empty();
        let bridge_calls = !self.bridge.far.outgoing(now).is_empty();
        [
            arrivals,
            caller_sends.then(|| self.near[0].ready_at()),
            bridge_replies.then(|| self.near[1].ready_at()),
            bridge_calls.then(|| self.far[0].ready_at()),
            self.device.next_event(now, &self.far[1]),
            self.caller.deadline(),
            self.bridge.far.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Returns the virtual time.
    pub fn now(&self) -> Instant {
        self.clock.time()
    }
}
