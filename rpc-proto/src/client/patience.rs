//! The time that a call has.

use crate::time::{Duration, Instant};

/// How long to wait for a call, and how often to wait that long again.
///
/// A plain [`Instant`] is a deadline without a second try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Patience {
    /// When the call ends at the latest.
    pub deadline: Instant,
    /// How often the deadline is put off by `timeout`, provided that the call has not been sent or is
    /// idempotent.
    pub retries: u32,
    /// How long each retry may take.
    pub timeout: Duration,
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

/// The patience of a client with calls that name none of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DefaultPatience {
    pub(super) timeout: Duration,
    pub(super) retries: u32,
}

impl DefaultPatience {
    /// Two seconds, no second try.
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
