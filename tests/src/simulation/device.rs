//! The simulated device: the real server behind a receive buffer of limited size. Procedures take
//! virtual time to run.

use crate::counter::{CounterService, Journal, JournaledCounter};
use crate::end::{EventQueue, Server};
use crate::line::Line;
use rpc_proto::device::Statistics;
use rpc_proto::events::Emit;
use rpc_proto::service::Event;
use rpc_proto::time::{Duration, Instant};
use std::collections::VecDeque;
use std::rc::Rc;

/// The device's event queue: room for a few dozen.
type Events = EventQueue<256, 4>;

/// The server of the counter.
type CounterServer<const FRAME: usize, const WINDOW: usize> =
    Server<CounterService<JournaledCounter<Rc<Events>>>, FRAME, WINDOW, Rc<Events>>;

/// The memory that holds the counter's total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The total starts at zero again, as in RAM.
    Volatile,
    /// The total is still there, as in flash.
    Retained,
}

/// A microcontroller that offers a counter.
#[derive(Debug)]
pub(crate) struct Device<const FRAME: usize, const WINDOW: usize> {
    server: CounterServer<FRAME, WINDOW>,
    events: Rc<Events>,
    journal: Journal,
    memory: Memory,
    /// The bytes received but not read yet.
    unread: VecDeque<u8>,
    buffer: u16,
    run_time: Duration,
    busy_until: Instant,
    overruns: u64,
}

impl<const FRAME: usize, const WINDOW: usize> Device<FRAME, WINDOW> {
    pub(crate) fn new(buffer: u16, run_time: Duration, memory: Memory, journal: Journal) -> Self {
        let (server, events) = start(0, &journal, buffer);
        Self {
            server,
            events,
            journal,
            memory,
            unread: VecDeque::new(),
            buffer,
            run_time,
            busy_until: Instant::from_micros(0),
            overruns: 0,
        }
    }

    /// Restarts, as after a power failure: everything not in flash is lost.
    pub(crate) fn reset(&mut self, now: Instant) {
        let total = match self.memory {
            Memory::Volatile => 0,
            Memory::Retained => self.server.interface().0.total(),
        };
        (self.server, self.events) = start(total, &self.journal, self.buffer);
        self.unread.clear();
        self.busy_until = now;
    }

    /// Emits an event, as an interrupt may do at any time.
    pub(crate) fn emit<E: Event>(&self, event: &E) {
        self.events.emit(event);
    }

    /// Puts the bytes that have arrived into the receive buffer and works until it has to wait.
    pub(crate) fn work(&mut self, now: Instant, from_caller: &mut Line, to_caller: &mut Line) {
        self.serve(now, to_caller);
        while let Some(byte) = from_caller.receive(now) {
            // A UART without a buffer still has a data register.
            if self.unread.len() < usize::from(self.buffer.max(1)) {
                self.unread.push_back(byte);
            } else {
                self.overruns += 1;
                self.server.note_overruns(1);
            }
            self.serve(now, to_caller);
        }
    }

    /// Sends replies, receives, sends events, as the drivers in `rpc_proto::drivers` do, until it
    /// has to wait.
    fn serve(&mut self, now: Instant, to_caller: &mut Line) {
        while self.busy_until <= now {
            if !self.server.is_replying()
                && let Some(byte) = self.unread.pop_front()
            {
                let runs = self.journal.runs();
                self.server.receive(byte);
                if runs < self.journal.runs() {
                    self.busy_until = now + self.run_time;
                }
                continue;
            }
            let Some(&byte) = self.server.outgoing().first() else {
                return;
            };
            if now < to_caller.ready_at() {
                return;
            }
            to_caller.send(now, byte);
            self.server.sent(1);
        }
    }

    /// Returns the time of its next work, if nothing arrives before.
    pub(crate) fn next_event(&mut self, now: Instant, to_caller: &Line) -> Option<Instant> {
        if now < self.busy_until {
            return Some(self.busy_until);
        }
        (!self.server.outgoing().is_empty()).then(|| to_caller.ready_at())
    }

    /// Returns the number of received bytes that found no room since the beginning, across resets.
    pub(crate) const fn overruns(&self) -> u64 {
        self.overruns
    }

    /// Returns the device's counters of the link since it was reset.
    pub(crate) fn statistics(&self) -> &Statistics {
        self.server.statistics()
    }
}

fn start<const FRAME: usize, const WINDOW: usize>(
    total: i64,
    journal: &Journal,
    buffer: u16,
) -> (CounterServer<FRAME, WINDOW>, Rc<Events>) {
    let events = Rc::new(Events::new());
    let counter = JournaledCounter::new(total, journal.clone(), Rc::clone(&events));
    let server = Server::with_events(CounterService(counter), Rc::clone(&events));
    (server.with_buffer(buffer), events)
}
