//! The time limits of a call.

use crate::time::{Duration, Instant};

/// The deadline of a call and the number of retries.
///
/// A plain [`Instant`] is a deadline without retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Patience {
    /// The time when the call ends at the latest.
    pub deadline: Instant,
    /// The number of times that the deadline is extended by `timeout` if the call has not been sent or
    /// is idempotent.
    pub retries: u32,
    /// The duration of each retry.
    pub timeout: Duration,
}

impl Patience {
    /// Returns the same patience with a deadline that is `least` or later.
    #[must_use]
    pub fn until(self, least: Instant) -> Self {
        let deadline = self.deadline.max(least);
        Self { deadline, ..self }
    }

    /// Returns the deadline after all retries.
    pub(super) fn last_deadline(&self) -> Instant {
        let retries =
            Duration::from_micros(self.timeout.as_micros().saturating_mul(self.retries as u64));
        self.deadline + retries
    }
}

impl From<Instant> for Patience {
    fn from(deadline: Instant) -> Self {
        Self {
            deadline,
            retries: 0,
            timeout: Duration::from_micros(0),
        }
    }
}

/// The default patience of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DefaultPatience {
    pub(super) timeout: Duration,
    pub(super) retries: u32,
}

impl DefaultPatience {
    /// Two seconds, no retries.
    pub(super) const NEW: Self = Self {
        timeout: Duration::from_secs(2),
        retries: 0,
    };

    pub(super) fn from(self, now: Instant) -> Patience {
        Patience {
            deadline: now + self.timeout,
            retries: self.retries,
            timeout: self.timeout,
        }
    }
}
