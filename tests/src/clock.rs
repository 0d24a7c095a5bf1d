//! A clock that only the test moves, so that no test depends on how fast a machine is.

use rpc_proto::time::{Clock, Duration, Instant};
use std::cell::Cell;
use std::rc::Rc;

/// Virtual time; clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock(Rc<Cell<Instant>>);

impl VirtualClock {
    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.0.set(self.0.get() + by);
    }
}

impl Clock for VirtualClock {
    /// Looking at the clock takes a microsecond, so that whoever waits in a loop gets somewhere.
    fn now(&mut self) -> Instant {
        self.advance(Duration::from_micros(1));
        self.0.get()
    }
}
