//! Two UARTs on a bus of two wires, as in RS-485, in virtual time.
//!
//! Each end has a driver that a pin switches on. A byte reaches the other end if this driver is on
//! from before its first bit until after its last; if both are on, both ends receive garbage. The
//! bus counts errors of timing.

use crate::blocking::Timed;
use crate::line::SplitMix64;
use crate::virtual_time::VirtualTime;
use embedded_hal::digital::{self, OutputPin};
use embedded_io::{ErrorType, ReadReady, WriteReady};
use rpc_proto::time::{Duration, Instant};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// The number of bytes that a UART takes while it sends one.
const FIFO: usize = 16;

/// The properties of a bus.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The time that a byte takes.
    pub byte: Duration,
    /// The time that a driver stays on after it was switched off.
    pub release: Duration,
    /// True if the receivers are on while their drivers are, so that sent bytes come back.
    pub echo: bool,
    /// The chance that a byte is damaged on its way to a receiver, and the equal chance that it is
    /// lost.
    pub noise: f64,
    /// The chance that a receiver takes the switching of a driver for a byte.
    pub glitches: f64,
    /// The seed of all random choices.
    pub seed: u64,
}

impl Default for Setup {
    /// Returns a good bus at 115,200 baud.
    fn default() -> Self {
        Self {
            byte: Duration::from_micros(87),
            release: Duration::from_micros(0),
            echo: false,
            noise: 0.0,
            glitches: 0.0,
            seed: 1,
        }
    }
}

/// The errors on a bus that are due to timing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    /// The number of times that a driver was switched on while the other was on.
    pub collisions: u32,
    /// Bytes that were sent with the driver off for a part of them.
    pub cut: u32,
}

#[derive(Debug)]
struct Bus {
    setup: Setup,
    ends: [End; 2],
    random: SplitMix64,
    violations: Violations,
}

#[derive(Clone, Debug, Default)]
struct End {
    /// The bytes being sent: the first since `started`, the others after it.
    sending: VecDeque<u8>,
    started: Instant,
    received: VecDeque<u8>,
    /// The time since which the driver is on.
    on_since: Option<Instant>,
    /// The last time span in which it was on.
    was_on: (Instant, Instant),
}

impl End {
    /// Returns true if the driver was on at any time from `then` on.
    fn was_on_since(&self, then: Instant) -> bool {
        self.on_since.is_some() || self.was_on.1 > then
    }

    fn was_on_throughout(&self, from: Instant, to: Instant) -> bool {
        let (since, until) = self.was_on;
        self.on_since.is_some_and(|on_since| on_since <= from) || since <= from && until >= to
    }
}

impl Bus {
    /// Lets everything happen until then.
    fn go_on(&mut self, now: Instant) {
        while let Some((index, end)) = self.next_byte()
            && end <= now
        {
            self.carry(index, end);
        }
    }

    /// Returns the end whose byte is complete next, and the time.
    fn next_byte(&self) -> Option<(usize, Instant)> {
        let sending = |index: usize| {
            let end = self.ends.get(index)?;
            (!end.sending.is_empty()).then(|| (index, end.started + self.setup.byte))
        };
        let both = [sending(0), sending(1)];
        both.into_iter().flatten().min_by_key(|&(_, end)| end)
    }

    /// Ends a byte that was sent by one end.
    fn carry(&mut self, index: usize, now: Instant) {
        let [this, other] = [index, 1 - index];
        let started = self.ends[this].started;
        let byte = self.ends[this].sending.pop_front();
        let byte = byte.expect("an end that sends");
        self.ends[this].started = now;
        if !self.ends[this].was_on_throughout(started, now) {
            self.violations.cut += 1;
            return;
        }
        let collided = self.ends[other].was_on_since(started);
        let heard = if collided { self.random.byte() } else { byte };
        if self.setup.echo {
            self.deliver(this, heard);
        }
        if self.ends[other].on_since.is_none() {
            self.deliver(other, heard);
        }
    }

    fn deliver(&mut self, to: usize, byte: u8) {
        let chance = self.random.unit();
        let byte = if chance < self.setup.noise {
            byte ^ 1 << (self.random.byte() % 8)
        } else if chance < 2.0 * self.setup.noise {
            return;
        } else {
            byte
        };
        self.ends[to].received.push_back(byte);
    }

    fn switch(&mut self, index: usize, now: Instant, on: bool) {
        self.go_on(now);
        let [this, other] = [index, 1 - index];
        match (self.ends[this].on_since, on) {
            (None, true) => {
                if self.ends[other].was_on_since(now) {
                    self.violations.collisions += 1;
                }
                self.ends[this].on_since = Some(now);
            }
            (Some(since), false) => {
                self.ends[this].on_since = None;
                self.ends[this].was_on = (since, now + self.setup.release);
            }
            _ => return,
        }
        if self.random.unit() < self.setup.glitches && self.ends[other].on_since.is_none() {
            let glitch = self.random.byte();
            self.ends[other].received.push_back(glitch);
        }
    }
}

/// One end's UART.
#[derive(Clone, Debug)]
pub struct BusUart {
    time: VirtualTime,
    bus: Rc<RefCell<Bus>>,
    index: usize,
}

/// The pin that switches one end's driver on.
#[derive(Clone, Debug)]
pub struct DriverEnable(BusUart);

/// Returns both ends of a bus.
#[must_use]
pub fn bus(time: &VirtualTime, setup: Setup) -> [(BusUart, DriverEnable); 2] {
    let bus = Rc::new(RefCell::new(Bus {
        setup,
        ends: Default::default(),
        random: SplitMix64::new(setup.seed),
        violations: Violations::default(),
    }));
    [0, 1].map(|index| {
        let uart = BusUart {
            time: time.clone(),
            bus: Rc::clone(&bus),
            index,
        };
        (uart.clone(), DriverEnable(uart))
    })
}

impl BusUart {
    /// Returns the errors so far.
    #[must_use]
    pub fn violations(&self) -> Violations {
        self.with(|bus, _| bus.violations)
    }

    /// Uses the bus as it is now.
    fn with<T>(&self, f: impl FnOnce(&mut Bus, usize) -> T) -> T {
        let bus = &mut *self.bus.borrow_mut();
        bus.go_on(self.time.now());
        f(bus, self.index)
    }

    /// Waits for something that changes only when a byte is complete.
    async fn wait<T>(&self, mut look: impl FnMut(&mut Bus, usize) -> Option<T>) -> T {
        poll_fn(|_| {
            let (output, next) = self.with(|bus, index| (look(bus, index), bus.next_byte()));
            match (output, next) {
                (Some(output), _) => Poll::Ready(output),
                (None, next) => {
                    if let Some((_, then)) = next {
                        self.time.wake_at(then);
                    }
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Timed for BusUart {
    fn time(&self) -> &VirtualTime {
        &self.time
    }
}

impl ErrorType for BusUart {
    type Error = Infallible;
}

impl embedded_io_async::Read for BusUart {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let count = self.wait(|bus, index| {
            let received = &mut bus.ends[index].received;
            let count = received.len().min(buffer.len());
            for (place, byte) in buffer.iter_mut().zip(received.drain(..count)) {
                *place = byte;
            }
            (count > 0 || buffer.is_empty()).then_some(count)
        });
        Ok(count.await)
    }
}

impl ReadReady for BusUart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.with(|bus, index| !bus.ends[index].received.is_empty()))
    }
}

impl embedded_io_async::Write for BusUart {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let count = self.wait(|bus, index| {
            let end = &mut bus.ends[index];
            let count = bytes.len().min(FIFO - end.sending.len());
            if end.sending.is_empty() {
                end.started = self.time.now();
            }
            end.sending.extend(&bytes[..count]);
            (count > 0 || bytes.is_empty()).then_some(count)
        });
        let count = count.await;
        // The other end may wait for nothing in particular.
        self.time.note();
        Ok(count)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.wait(|bus, index| bus.ends[index].sending.is_empty().then_some(()))
            .await;
        Ok(())
    }
}

impl WriteReady for BusUart {
    fn write_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.with(|bus, index| bus.ends[index].sending.len() < FIFO))
    }
}

impl digital::ErrorType for DriverEnable {
    type Error = Infallible;
}

impl OutputPin for DriverEnable {
    fn set_low(&mut self) -> Result<(), Infallible> {
        let Self(end) = self;
        let now = end.time.now();
        end.with(|bus, index| bus.switch(index, now, false));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        let Self(end) = self;
        let now = end.time.now();
        end.with(|bus, index| bus.switch(index, now, true));
        Ok(())
    }
}
