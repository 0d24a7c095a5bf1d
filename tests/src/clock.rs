//! A clock that only the test moves, so that no test depends on how fast a machine is.

use rpc_proto::time::{Clock, Duration, Instant};
use std::cell::Cell;
use std::rc::Rc;

/// Virtual time; clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock(Rc<Cell<Instant>>);

impl VirtualClock {
    /// The time, which stands still meanwhile.
    pub fn time(&self) -> Instant {
        self.0.get()
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.0.set(self.0.get() + by);
    }

    /// Lets time pass until `then`, unless that is past.
    pub fn advance_to(&self, then: Instant) {
        self.0.set(self.0.get().max(then));
    }
}

impl Clock for VirtualClock {
    /// Looking at the clock takes a microsecond, so that whoever waits in a loop gets somewhere.
    fn now(&mut self) -> Instant {
        self.advance(Duration::from_micros(1));
        self.time()
    }
}

/// The same time, for whoever lets it pass by other means than looking at the clock.
#[derive(Clone, Debug, Default)]
pub struct StillClock(pub VirtualClock);

impl Clock for StillClock {
    fn now(&mut self) -> Instant {
        self.0.time()
    }
}
