//! A service whose procedures take time, with a journal of its calls.

use crate::counter::Journal;
use crate::virtual_time::VirtualTime;
use rpc_proto::service;
use rpc_proto::time::Duration;

/// Adds up amounts, at its leisure.
#[service]
pub trait WaitingCounter {
    /// Adds `amount` to the running total, waits, and returns what the total was then.
    async fn accumulate_slowly(&mut self, amount: i64, millis: u32) -> i64;

    /// Adds `amount` to the running total and returns the new total.
    fn accumulate_now(&mut self, amount: i64) -> i64;
}

/// A [`WaitingCounter`] that enters every call into a journal, as soon as it has begun.
#[derive(Clone, Debug, Default)]
pub struct JournaledWaitingCounter {
    total: i64,
    journal: Journal,
    time: VirtualTime,
}

impl JournaledWaitingCounter {
    /// Creates a counter that begins with zero.
    #[must_use]
    pub fn new(time: &VirtualTime, journal: &Journal) -> Self {
        Self {
            total: 0,
            journal: journal.clone(),
            time: time.clone(),
        }
    }
}

impl WaitingCounter for JournaledWaitingCounter {
    async fn accumulate_slowly(&mut self, amount: i64, millis: u32) -> i64 {
        let total = self.accumulate_now(amount);
        self.time.sleep(Duration::from_millis(millis)).await;
        total
    }

    fn accumulate_now(&mut self, amount: i64) -> i64 {
        self.total += amount;
        self.journal.enter(amount, self.total);
        self.total
    }
}
