//! When to send again: the resend time, from measured round trips (PROTOCOL.md, "Resending").
//!
//! The estimate is that of RFC 6298: a smoothed round trip and its mean deviation, in integers. A call
//! that was sent more than once gives no sample, since the answer may belong to any copy.

use crate::time::{Duration, Instant};

/// The bounds of the resend time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Timing {
    /// The resend time before a round trip has been measured.
    pub initial: Duration,
    /// The minimum by which the resend time exceeds the measured round trip. On a host, it should not
    /// be below the latency of the scheduler.
    pub min: Duration,
    /// The longest resend time that doubling leads to. Unlike a network, a line with one caller does
    /// not improve if it is left alone: long waits only use up deadlines.
    pub max: Duration,
    /// The same for calls with much time, whose procedures may take it: an eighth of what is left until
    /// their deadline, and at most this.
    pub max_patient: Duration,
}

impl Timing {
    /// Creates bounds for a line of `baud` bits per second, ten to a byte, with frames of usually
    /// `frame` bytes: the initial time covers a frame both ways and the device's work.
    pub const fn for_line(baud: u32, frame: u32) -> Self {
        const START: u64 = 50_000;
        let baud = if baud == 0 { 1 } else { baud };
        let round_trip = 2 * 10_000_000 * frame as u64 / baud as u64;
        Self {
            initial: Duration::from_micros(START + 2 * round_trip),
            ..Self::DEFAULT
        }
    }

    const DEFAULT: Self = Self {
        initial: Duration::from_millis(100),
        min: Duration::from_millis(5),
        max: Duration::from_millis(250),
        max_patient: Duration::from_secs(4),
    };
}

impl Default for Timing {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The resend timer of a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResendTimer {
    timing: Timing,
    /// Smoothed round trip and mean deviation in microseconds, once measured.
    round_trip: Option<(u64, u64)>,
    /// The number of times that the resend time has been doubled.
    doublings: u32,
    /// The time that the calls in flight had left when the timer was started.
    left: Duration,
    due: Option<Instant>,
    /// The time when it was first due, before a received frame deferred it.
    planned: Instant,
    /// The time when a byte of a frame was last received, if any since the timer was started.
    heard_at: Option<Instant>,
}

impl ResendTimer {
    pub(crate) const fn new(timing: Timing) -> Self {
        Self {
            timing,
            round_trip: None,
            doublings: 0,
            left: Duration::from_micros(0),
            due: None,
            planned: Instant::from_micros(0),
            heard_at: None,
        }
    }

    /// Adds a sample: the time that the answer to a call took that was sent once.
    pub(crate) fn measured(&mut self, sample: Duration) {
        let sample = sample.as_micros();
        self.round_trip = Some(match self.round_trip {
            None => (sample, sample / 2),
            Some((smoothed, deviation)) => (
                (7 * smoothed + sample) / 8,
                (3 * deviation + smoothed.abs_diff(sample)) / 4,
            ),
        });
    }

    /// Restarts the timer because something was sent. The calls in flight have `left` until their first
    /// deadline.
    pub(crate) fn arm(&mut self, now: Instant, left: Duration) {
        self.left = left;
        self.planned = now + self.resend_time();
        self.due = Some(self.planned);
        self.heard_at = None;
    }

    /// Returns the current resend time.
    pub(crate) fn resend_time(&self) -> Duration {
        let min = self.timing.min.as_micros();
        let base = match self.round_trip {
            None => min.max(self.timing.initial.as_micros()),
            // If every round trip takes the same time, the deviation leaves no margin.
            Some((smoothed, deviation)) => smoothed + min.max(4 * deviation),
        };
        let doubled = base.saturating_mul(1 << self.doublings);
        let patient = (self.left.as_micros() / 8).min(self.timing.max_patient.as_micros());
        let max = base.max(self.timing.max.as_micros()).max(patient);
        Duration::from_micros(doubled.min(max))
    }

    /// Notes that a part of a frame was received. It may be a long answer, so it defers the resend.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard_at = Some(now);
    }

    /// Notes that the received frame was not an answer and defers nothing. A device with many events
    /// may send such frames without end.
    pub(crate) fn heard_no_answer(&mut self) {
        self.heard_at = None;
        self.due = self.due.map(|_| self.planned);
    }

    /// Stops the timer because nothing is pending.
    pub(crate) fn disarm(&mut self) {
        self.due = None;
        self.heard_at = None;
        self.doublings = 0;
    }

    /// Resets the doubling because the device has answered.
    pub(crate) fn progressed(&mut self) {
        self.doublings = 0;
    }

    /// Returns true if the time is up. The next wait is then twice as long.
    pub(crate) fn expired(&mut self, now: Instant) -> bool {
        /// 2^20 microseconds exceed any sensible upper bound many times over.
        const MOST_DOUBLINGS: u32 = 20;
        if self.due.is_none_or(|due| now < due) {
            return false;
        }
        if let Some(heard_at) = self.heard_at.take() {
            self.due = Some(heard_at + self.resend_time());
            return self.expired(now);
        }
        self.due = None;
        self.doublings = MOST_DOUBLINGS.min(self.doublings + 1);
        true
    }

    /// Returns when a byte of a frame was last received, if that defers the resend.
    #[cfg(feature = "model-check")]
    pub(crate) const fn heard_at(&self) -> Option<Instant> {
        self.heard_at
    }

    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }
}
