//! The real caller, the real device and the link between them, as one state that takes steps.
//!
//! **Time** stands still, except for the moment in which a resend time-out or a deadline passes;
//! after it, instants start again. A caller compares instants only with the time that it is given,
//! so a step at which time had passed differs only in the measurement of the resend timer. That has
//! no effect either, because its bounds are all the same here: a time-out may come at any time,
//! whatever the estimate. `Timing` has tests of its own.
//!
//! **Sending** a frame is a step: the caller decides as late as possible what to send. The device
//! answers at once: a delay would be the same as an answer in transit, except at a reset, and a
//! reset may remove answers too. The delimiter that it starts with goes before its first answer.
//! **Faults** happen on arrival: in a FIFO, the time at which a frame was hit makes no difference.

use crate::channel::{Channel, Chunk, FRAME, Fate, MAX_CHUNK, accepted_in, call_in};
use crate::end::{Client, Server, Ticket};
use crate::ledger::{FINGERPRINT, Ledger, MAX_CALLS, MAX_OTHERS, RUN};
use crate::record::{End, Excuses, Record};
use crate::schedule::{Bounds, Deadline, RESEND, Step};
use crate::search::{Model, Violation};
use rpc_proto::client::{CallError, Number, Target, Timing};
use rpc_proto::time::{Duration, Instant};
use rpc_proto::wire::frame::max_encoded_len;
use rpc_proto::wire::message::{Connect, Header, Kind, Seq, VERSION};
use rpc_proto::wire::seal::Seal;

const NOW: Instant = Instant::from_micros(0);
const NEVER: Instant = Deadline::Never.instant();

const TIMING: Timing = {
    let same = Duration::from_micros(RESEND.as_micros());
    Timing {
        initial: same,
        min: same,
        max: same,
        max_patient: same,
    }
};

/// The length of a call of this interface on the wire: header, number and argument.
const CALL: u16 = max_encoded_len(1 + 1 + 1) as u16;

/// The nonce of the other caller's first session. This caller's begin at 1.
const OTHER: u32 = 1000;

/// A caller with room for `ROOM` calls and a device that allows `WINDOW` in flight.
#[derive(Clone, Debug, Hash)]
pub struct System<const ROOM: usize, const WINDOW: usize> {
    caller: Client<FRAME, ROOM>,
    device: Server<Ledger, FRAME, WINDOW>,
    to_device: Channel,
    to_caller: Channel,
    left: Bounds,
    calls: heapless::Vec<Record, MAX_CALLS>,
    /// What the lost link has kept for the device.
    stale: Channel,
    was_reset: bool,
    link_was_lost: bool,
    /// How many sessions the other caller has begun, and the next sequence number of the last.
    other_sessions: u32,
    other_next: Seq,
    other_had_session: bool,
    /// Whether the device's session is the other caller's.
    is_others: bool,
    /// The call that ran last in the device's session.
    last_in_session: Option<u8>,
}

impl<const ROOM: usize, const WINDOW: usize> System<ROOM, WINDOW> {
    /// Creates both ends before their first session.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            caller: Client::new(0, TIMING),
            device: Self::new_device(Ledger::default(), bounds.buffer),
            to_device: Channel::new(),
            to_caller: Channel::new(),
            left: bounds,
            calls: heapless::Vec::new(),
            stale: Channel::new(),
            was_reset: false,
            link_was_lost: false,
            other_sessions: 0,
            other_next: Seq::FIRST,
            other_had_session: false,
            is_others: false,
            last_in_session: None,
        }
    }

    /// Creates both ends after `calls` calls without a fault.
    pub fn after(calls: usize, bounds: Bounds) -> Self {
        let mut system = Self::new(bounds);
        for _ in 0..calls {
            let ticket = system
                .start(0, false, NEVER)
                .expect("a caller at rest has room");
            while !system.caller.is_ended(ticket) {
                system.send(false);
                while let Some(chunk) = system.to_device.pop_front() {
                    system.device_takes(&chunk).expect("nothing is wrong yet");
                    system.last_in_session = None;
                }
                while let Some(chunk) = system.to_caller.pop_front() {
                    system.caller_takes(&chunk);
                }
            }
            system.caller.take(ticket);
        }
        *system.device.interface() = Ledger::default();
        system.last_in_session = None;
        system
    }

    fn new_device(ledger: Ledger, buffer: u8) -> Server<Ledger, FRAME, WINDOW> {
        Server::new(ledger).with_buffer(CALL * u16::from(buffer))
    }

    fn start(
        &mut self,
        call: u8,
        idempotent: bool,
        deadline: Instant,
    ) -> Result<Ticket, CallError> {
        let target = Target {
            key: 0,
            number: Number::In {
                fingerprint: FINGERPRINT,
                number: RUN,
            },
            idempotent,
        };
        self.caller.start(target, deadline, &call)
    }

    fn is_open(&self) -> bool {
        self.calls.iter().any(|call| call.end == End::Open)
    }

    /// Returns true if nothing is in transit and the caller has nothing to send: only time can
    /// help.
    fn is_quiet(&self) -> bool {
        self.to_device.is_empty() && self.to_caller.is_empty() && !self.has_to_send()
    }

    fn has_to_send(&self) -> bool {
        !self.caller.clone().outgoing(NOW).is_empty()
    }

    // Steps

    /// Sends the next frame, or a part of it.
    fn send(&mut self, in_part: bool) {
        let resent = self.caller.counters().resent;
        let mut bytes = heapless::Vec::<u8, MAX_CHUNK>::new();
        let flush = self.caller.outgoing(NOW) == [0];
        if flush {
            self.caller.sent(NOW, 1);
            bytes.push(0).expect("it is the first");
        }
        let frame = self.caller.outgoing(NOW);
        let call = call_in(frame);
        let len = if in_part {
            frame.len() / 2
        } else {
            frame.len()
        };
        bytes.extend_from_slice(&frame[..len]).expect("it fits");
        self.caller.sent(NOW, len);

        let mut chunk = Chunk::new(&bytes);
        if let Some(call) = call {
            if let Some(record) = self.calls.get_mut(usize::from(call)) {
                record.sent = true;
            }
            if self.caller.counters().resent == resent {
                chunk.first_copy = true;
            }
        }
        self.to_device.push_back(chunk);
    }

    fn device_takes(&mut self, chunk: &Chunk) -> Result<(), Violation> {
        let mut said = heapless::Vec::<u8, MAX_CHUNK>::new();
        for &byte in chunk.bytes() {
            self.device.receive(byte);
            let reply = self.device.outgoing();
            if reply.is_empty() {
                continue;
            }
            if let Some(nonce) = accepted_in(reply) {
                self.last_in_session = None;
                self.is_others = nonce >= OTHER;
                self.other_had_session |= self.is_others;
            }
            let len = reply.len();
            said.extend_from_slice(reply).expect("it fits");
            self.device.sent(len);
            if len > 1 {
                self.to_caller.push_back(Chunk::new(&said));
                said.clear();
            }
            self.check_run()?;
        }
        if !said.is_empty() {
            self.to_caller.push_back(Chunk::new(&said));
        }
        Ok(())
    }

    fn other_connects(&mut self) {
        let connect = Connect {
            version: VERSION,
            nonce: OTHER + self.other_sessions,
            max_frame: FRAME as u16,
        };
        let header = Header {
            kind: Kind::Connect,
            seq: Seq::FIRST,
        };
        self.other_sessions += 1;
        self.other_next = Seq::FIRST;
        let chunk = Chunk::frame(header, &connect, Seal::NONE);
        self.to_device.push_back(chunk);
    }

    fn other_calls(&mut self) {
        let call = MAX_CALLS + MAX_OTHERS - usize::from(self.left.other_calls);
        let header = Header {
            kind: Kind::Call,
            seq: self.other_next,
        };
        self.other_next = self.other_next.next();
        let seal = Seal::of_session(OTHER + self.other_sessions - 1);
        let chunk = Chunk::frame(header, &(RUN, call as u8), seal);
        self.to_device.push_back(chunk);
    }

    fn caller_takes(&mut self, chunk: &Chunk) {
        for &byte in chunk.bytes() {
            self.caller.receive(NOW, byte);
        }
    }

    fn reset(&mut self, unread: usize, unsent: usize) {
        let ledger = self.device.interface().clone();
        self.device = Self::new_device(ledger, self.left.buffer);
        self.to_device.drain(..unread);
        self.to_caller.truncate(self.to_caller.len() - unsent);
        self.last_in_session = None;
        self.was_reset = true;
    }

    fn lose_link(&mut self, unsent: usize) {
        self.caller.link_lost();
        let kept = self.to_device.len() - unsent;
        let lost = self.to_device.split_off(kept);
        if self.left.stale > 0 {
            // With the Connect of an earlier session, too, it would be a replay: that a device cannot
            // tell from a session of its own.
            let calls = lost.into_iter();
            self.stale
                .extend(calls.filter(|chunk| call_in(chunk.frame_in()).is_some()));
        }
        self.to_caller.clear();
        self.link_was_lost = true;
    }

    // Properties

    fn check_run(&mut self) -> Result<(), Violation> {
        let Some(call) = self.device.interface().latest.take() else {
            return Ok(());
        };
        if self.is_others != (usize::from(call) >= MAX_CALLS) {
            return Err("calls run in a session of their own caller");
        }
        if let Some(record) = self.calls.get(usize::from(call)) {
            record.check_run(call, self.device.interface())?;
        }
        if self.last_in_session.is_some_and(|last| last >= call) {
            return Err("in a session calls run once, in the order made");
        }
        self.last_in_session = Some(call);
        Ok(())
    }

    /// Takes the end of each call that has ended, at the time `now`.
    fn check_ends(&mut self, now: Instant) -> Result<(), Violation> {
        let excuses = Excuses {
            now,
            deadline: self.calls.iter().any(|record| record.deadline <= now),
            reset: self.was_reset,
            link: self.link_was_lost,
            other_caller: self.other_had_session,
        };
        for (call, record) in self.calls.iter_mut().enumerate() {
            let runs = self.device.interface().runs[call];
            if record.end == End::Open {
                if let Some(end) = self.caller.take(record.ticket) {
                    record.end = record.check_end(call as u8, runs, end, excuses)?;
                } else if record.deadline <= now {
                    return Err("no call is open after its deadline");
                }
            }
        }
        if self.caller.device().is_some() {
            for record in &mut self.calls {
                if record.end == End::Unknown {
                    record.end = End::UnknownInEarlierSession;
                }
            }
        }
        Ok(())
    }

    fn check_window(&self) -> Result<(), Violation> {
        let first_copies = self.to_device.iter().filter(|chunk| chunk.first_copy);
        let most = WINDOW.min(usize::from(self.left.buffer)).max(1);
        if first_copies.count() > most {
            return Err("first copies of calls never overrun the device's window and buffer");
        }
        Ok(())
    }
}

impl<const ROOM: usize, const WINDOW: usize> Model for System<ROOM, WINDOW> {
    type Step = Step;

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let left = &self.left;
        if left.calls > 0 && self.clone().start(0, false, NEVER).is_ok() {
            for idempotent in [false, true] {
                if left.idempotent.is_some_and(|only| only != idempotent) {
                    continue;
                }
                for (deadline, left) in [
                    (Deadline::Short, left.short_deadlines),
                    (Deadline::Long, left.deadlines),
                    (Deadline::Never, u8::MAX),
                ] {
                    if left > 0 {
                        steps.push(Step::Call {
                            idempotent,
                            deadline,
                        });
                    }
                }
            }
        }
        for (call, record) in (0..).zip(&self.calls) {
            if left.abandoned > 0 && record.end == End::Open {
                steps.push(Step::Abandon { call });
            }
            if record.deadline < NEVER && matches!(record.end, End::Open | End::Abandoned) {
                steps.push(Step::DeadlinePasses { call });
            }
        }
        if self.has_to_send() {
            steps.push(Step::Send);
            if left.interrupted > 0 {
                steps.push(Step::SendInPart);
            }
        }
        for (fate, left) in [
            (Fate::Whole, u8::MAX),
            (Fate::Lost, left.faults),
            (Fate::Corrupt, left.faults),
            (Fate::Joined, left.noise),
        ] {
            if left > 0 && !self.to_device.is_empty() {
                steps.push(Step::ToDevice(fate));
            }
            if left > 0 && !self.to_caller.is_empty() {
                steps.push(Step::ToCaller(fate));
            }
        }
        if left.noise > 0 && self.is_open() {
            steps.extend([Step::NoiseToDevice, Step::NoiseToCaller]);
        }
        if left.resets > 0 && self.is_open() {
            for unread in 0..=self.to_device.len() as u8 {
                for unsent in 0..=self.to_caller.len() as u8 {
                    steps.push(Step::Reset { unread, unsent });
                }
            }
        }
        if left.link_losses > 0 && self.is_open() {
            for unsent in 0..=self.to_device.len() as u8 {
                steps.push(Step::LinkLost { unsent });
            }
        }
        if left.other_sessions > 0 && self.is_open() {
            steps.push(Step::OtherConnects);
        }
        if left.other_calls > 0 && self.other_sessions > 0 && self.is_open() {
            steps.push(Step::OtherCalls);
        }
        if left.stale > 0 && !self.stale.is_empty() {
            steps.push(Step::StaleToDevice);
        }
        let due = self.caller.deadline().is_some_and(|due| due <= RESEND);
        if due && (left.time_outs > 0 || self.is_quiet()) {
            steps.push(Step::TimeOut);
        }
        steps
    }

    fn take(&mut self, step: Step) -> Result<(), Violation> {
        let mut now = NOW;
        match step {
            Step::Call {
                idempotent,
                deadline,
            } => {
                match deadline {
                    Deadline::Short => self.left.short_deadlines -= 1,
                    Deadline::Long => self.left.deadlines -= 1,
                    Deadline::Never => {}
                }
                let deadline = deadline.instant();
                let call = self.calls.len() as u8;
                let ticket = self.start(call, idempotent, deadline);
                let record = Record {
                    ticket: ticket.map_err(|_| "a caller with room takes a call")?,
                    idempotent,
                    deadline,
                    sent: false,
                    end: End::Open,
                };
                self.calls.push(record).expect("bounds allow no more");
                self.left.calls -= 1;
            }
            Step::Abandon { call } => {
                self.left.abandoned -= 1;
                let record = &mut self.calls[usize::from(call)];
                self.caller.abandon(record.ticket);
                record.end = if record.sent {
                    End::Abandoned
                } else {
                    End::Never
                };
            }
            Step::Send => self.send(false),
            Step::SendInPart => {
                self.left.interrupted -= 1;
                self.send(true);
            }
            Step::ToDevice(fate) => {
                self.left.spend(fate);
                let chunk = self
                    .to_device
                    .pop_front()
                    .and_then(|chunk| chunk.after(fate));
                if let Some(chunk) = chunk {
                    self.device_takes(&chunk)?;
                }
            }
            Step::ToCaller(fate) => {
                self.left.spend(fate);
                let chunk = self
                    .to_caller
                    .pop_front()
                    .and_then(|chunk| chunk.after(fate));
                if let Some(chunk) = chunk {
                    self.caller_takes(&chunk);
                }
            }
            Step::NoiseToDevice => {
                self.left.noise -= 1;
                self.device_takes(&Chunk::noise())?;
            }
            Step::NoiseToCaller => {
                self.left.noise -= 1;
                self.caller_takes(&Chunk::noise());
            }
            Step::Reset { unread, unsent } => {
                self.left.resets -= 1;
                self.reset(usize::from(unread), usize::from(unsent));
            }
            Step::OtherConnects => {
                self.other_connects();
                self.left.other_sessions -= 1;
            }
            Step::OtherCalls => {
                self.other_calls();
                self.left.other_calls -= 1;
            }
            Step::StaleToDevice => {
                self.left.stale -= 1;
                if let Some(chunk) = self.stale.pop_front() {
                    self.device_takes(&chunk)?;
                }
            }
            Step::LinkLost { unsent } => {
                self.left.link_losses -= 1;
                self.lose_link(usize::from(unsent));
            }
            Step::TimeOut => {
                self.left.time_outs -= u8::from(!self.is_quiet());
                now = RESEND;
                self.caller.advance(now);
            }
            Step::DeadlinePasses { call } => {
                now = self.calls[usize::from(call)].deadline;
                self.caller.advance(now);
            }
        }
        if self.left.prompt {
            while self.has_to_send() {
                self.send(false);
            }
        }
        self.check_ends(now)?;
        for record in &mut self.calls {
            if record.deadline <= now {
                record.deadline = NEVER;
            }
        }
        self.check_window()
    }

    fn is_over(&self) -> bool {
        self.left.calls == 0 && !self.is_open()
    }
}
