//! One direction of a serial line: bytes go in, and come out later, some of them damaged.
//!
//! The result depends only on the seed, the [`Faults`] and the times at which bytes are sent, so
//! that every failure can be reproduced. A line does not know frames or its ends, except that a
//! truncation ends at a delimiter and text may follow one.

mod faults;
mod link;
mod pace;
mod random;
#[cfg(test)]
mod tests;

pub use faults::Faults;
pub use link::LineLink;
pub use pace::Pace;
pub use random::SplitMix64;

use faults::Disturbance;
use rpc_proto::time::Instant;
use rpc_proto::wire::frame::DELIMITER;
use std::collections::VecDeque;

/// Text that a device prints if its firmware still uses the UART for output.
const TEXT: &[u8] = b"[ 12.345] adc: 3.30 V\r\n";

/// Nanoseconds in a microsecond.
const NANOS: u64 = 1_000;

/// One direction of a link.
#[derive(Clone, Debug)]
pub struct Line {
    pace: Pace,
    faults: Faults,
    random: SplitMix64,
    state: State,
    is_cut: bool,
    /// The time at which the sender has sent its last byte, in nanoseconds since the clock started.
    taken_until: u64,
    /// Bytes that arrive earlier are held back until then.
    held_until: Instant,
    in_transit: VecDeque<(Instant, u8)>,
    sent: u64,
    received: u64,
}

/// The fault that affects the bytes that are sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Sound,
    /// That many more bytes arrive as garbage.
    Noise(u16),
    /// That many more bytes are lost.
    Gap(u16),
    /// Everything up to the delimiter is lost.
    Truncation,
}

impl Line {
    /// Creates a line of that speed, with those faults.
    pub const fn new(pace: Pace, faults: Faults, seed: u64) -> Self {
        Self {
            pace,
            faults,
            random: SplitMix64::new(seed),
            state: State::Sound,
            is_cut: false,
            taken_until: 0,
            held_until: Instant::from_micros(0),
            in_transit: VecDeque::new(),
            sent: 0,
            received: 0,
        }
    }

    /// Creates a line for each direction, both from one seed: to the device, and back.
    pub const fn pair(pace: Pace, faults: [Faults; 2], seed: u64) -> [Self; 2] {
        let mut seeds = SplitMix64::new(seed);
        let [out, back] = faults;
        let out = Self::new(pace, out, seeds.next());
        [out, Self::new(pace, back, seeds.next())]
    }

    /// Sends a byte, after those that were sent before.
    pub fn send(&mut self, now: Instant, byte: u8) {
        self.sent += 1;
        let arrival = self.carry(now);
        match self.state {
            State::Sound => self.disturb(arrival, byte),
            State::Noise(left) => self.garble(arrival, left),
            State::Gap(left) => self.lose(left),
            State::Truncation => self.truncate(byte),
        }
        if byte == DELIMITER && self.random.unit() < self.faults.texts {
            self.print(now, TEXT);
        }
    }

    /// Sends bytes outside the conversation, such as text, undamaged.
    pub fn print(&mut self, now: Instant, bytes: &[u8]) {
        for &byte in bytes {
            let arrival = self.carry(now);
            self.deliver(arrival, byte);
        }
    }

    /// Returns the time at which the sender can send its next byte without waiting for an earlier
    /// one.
    pub const fn ready_at(&self) -> Instant {
        Instant::from_micros(self.taken_until.div_ceil(NANOS))
    }

    /// Returns the time at which the next byte arrives, if one is in transit.
    pub fn next_arrival(&self) -> Option<Instant> {
        self.in_transit.front().map(|&(arrival, _)| arrival)
    }

    /// Takes the next byte that has arrived.
    pub fn receive(&mut self, now: Instant) -> Option<u8> {
        let &(arrival, byte) = self.in_transit.front()?;
        if now < arrival {
            return None;
        }
        self.in_transit.pop_front();
        self.received += 1;
        Some(byte)
    }

    /// Cuts the line: the bytes in transit are lost, and all that are sent from now on.
    pub fn cut(&mut self) {
        self.is_cut = true;
        self.in_transit.clear();
    }

    /// Mends a line that was cut.
    pub const fn mend(&mut self) {
        self.is_cut = false;
    }

    /// Holds back the bytes in transit, and those sent from now on, until `until`.
    pub fn stall(&mut self, until: Instant) {
        self.held_until = self.held_until.max(until);
        for (arrival, _) in &mut self.in_transit {
            *arrival = (*arrival).max(until);
        }
    }

    /// Changes the faults from now on.
    pub const fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
        self.state = State::Sound;
    }

    /// Returns the number of bytes that were sent, text not included.
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Returns the number of bytes that were received.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Occupies the line for a byte, and returns the time of its arrival.
    ///
    /// A sender that is ready at [`ready_at`](Self::ready_at) leaves no gap: the clock counts whole
    /// microseconds and rounds up, but a UART's FIFO is not late because of that.
    fn carry(&mut self, now: Instant) -> Instant {
        let begin = if now == self.ready_at() {
            self.taken_until
        } else {
            self.taken_until.max(now.as_micros() * NANOS)
        };
        self.taken_until = begin + self.pace.byte_nanos();
        let arrival = Instant::from_micros(self.taken_until.div_ceil(NANOS)) + self.pace.latency;
        arrival.max(self.held_until)
    }

    fn deliver(&mut self, arrival: Instant, byte: u8) {
        if !self.is_cut {
            self.in_transit.push_back((arrival, byte));
        }
    }

    /// Delivers a byte with the damage that chance chooses.
    fn disturb(&mut self, arrival: Instant, byte: u8) {
        match self.faults.draw(&mut self.random) {
            None => self.deliver(arrival, byte),
            Some(Disturbance::Flip) => {
                let bit = self.random.byte() % 8;
                self.deliver(arrival, byte ^ (1 << bit));
            }
            Some(Disturbance::Drop) => {}
            Some(Disturbance::Insertion) => {
                let inserted = self.random.byte();
                self.deliver(arrival, inserted);
                self.deliver(arrival, byte);
            }
            Some(Disturbance::Duplication) => {
                self.deliver(arrival, byte);
                self.deliver(arrival, byte);
            }
            Some(Disturbance::Noise) => self.garble(arrival, self.faults.burst),
            Some(Disturbance::Gap) => self.lose(self.faults.burst),
            Some(Disturbance::Truncation) => self.truncate(byte),
            Some(Disturbance::Stall) => {
                self.held_until = arrival + self.faults.stall;
                self.deliver(self.held_until, byte);
            }
        }
    }

    /// Delivers garbage in place of a byte; `left` bytes are affected, this one included.
    fn garble(&mut self, arrival: Instant, left: u16) {
        let garbage = self.random.byte();
        self.deliver(arrival, garbage);
        self.state = match left {
            0 | 1 => State::Sound,
            left => State::Noise(left - 1),
        };
    }

    /// Loses a byte; `left` bytes are affected, this one included.
    const fn lose(&mut self, left: u16) {
        self.state = match left {
            0 | 1 => State::Sound,
            left => State::Gap(left - 1),
        };
    }

    /// Loses a byte and all that follow up to the delimiter.
    const fn truncate(&mut self, byte: u8) {
        self.state = match byte {
            DELIMITER => State::Sound,
            _ => State::Truncation,
        };
    }
}
