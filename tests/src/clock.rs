//! A clock that only the test moves, so that no test depends on the speed of a machine.

use rpc_proto::time::{Clock, Duration, Instant};
use std::cell::Cell;
use std::rc::Rc;

/// Virtual time; clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock(Rc<Cell<Instant>>);

impl VirtualClock {
    /// Returns the time, which stands still meanwhile.
    pub fn time(&self) -> Instant {
        self.0.get()
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.0.set(self.0.get() + by);
    }

    /// Lets time pass until `then`, unless that is in the past.
    pub fn advance_to(&self, then: Instant) {
        self.0.set(self.0.get().max(then));
    }
}

impl Clock for VirtualClock {
    /// Reading the clock takes a microsecond, so that a loop that waits makes progress.
    fn now(&mut self) -> Instant {
        self.advance(Duration::from_micros(1));
        self.time()
    }
}

/// The same time, for users that let it pass by other means than reading the clock.
#[derive(Clone, Debug, Default)]
pub struct StillClock(pub VirtualClock);

impl Clock for StillClock {
    fn now(&mut self) -> Instant {
        self.0.time()
    }
}
