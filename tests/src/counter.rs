//! A service whose journal outlives its device: the calls that really ran, to compare with the
//! outcomes that callers report.

use rpc_proto::events::Emit;
use rpc_proto::server::NoEvents;
use rpc_proto::service;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Adds up amounts.
#[service]
pub trait Counter {
    /// Adds `amount` to the running total and returns the new total.
    fn accumulate(&mut self, amount: i64) -> i64;

    /// Twice `amount`.
    #[idempotent]
    fn double(&mut self, amount: i64) -> i64;

    /// A call with that amount has run.
    #[event]
    fn ran(amount: i64);

    /// Something else has happened.
    #[event]
    fn happened(what: &str);
}

/// The calls that ran, by the amount that each carried. Clones show the same journal.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    /// The number of runs of the call with that amount, and the value that it returned last.
    by_amount: Vec<(u8, i64)>,
    runs: u64,
}

impl Journal {
    /// Returns the number of calls that ran; one that ran twice counts twice.
    pub fn runs(&self) -> u64 {
        self.entries().runs
    }

    /// Returns the number of runs of the call with that amount.
    pub fn runs_of(&self, amount: i64) -> u8 {
        self.entry(amount).0
    }

    /// Returns the last value of the call with that amount; 0 if it did not run.
    pub fn value_of(&self, amount: i64) -> i64 {
        self.entry(amount).1
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, amount: i64) -> (u8, i64) {
        let entries = self.entries();
        let entry = place(amount).and_then(|place| entries.by_amount.get(place));
        entry.copied().unwrap_or_default()
    }

    /// Enters a call with that amount, which returned `value`.
    pub fn enter(&self, amount: i64, value: i64) {
        let mut entries = self.entries();
        entries.runs += 1;
        let Some(place) = place(amount) else { return };
        if entries.by_amount.len() <= place {
            entries.by_amount.resize(place + 1, (0, 0));
        }
        let (runs, last) = &mut entries.by_amount[place];
        *runs = runs.saturating_add(1);
        *last = value;
    }
}

/// Returns the place of an amount. Amounts are small numbers from 0 on: each test gives every call
/// its own. None for one that no call carried, as a device without checksums may find in a damaged
/// frame.
fn place(amount: i64) -> Option<usize> {
    const MOST: usize = 1 << 24;
    usize::try_from(amount).ok().filter(|&place| place < MOST)
}

/// A [`Counter`] that enters every call into a journal, and emits an event to `E` for each.
#[derive(Clone, Debug, Default)]
pub struct JournaledCounter<E = NoEvents> {
    total: i64,
    journal: Journal,
    events: E,
}

impl<E: Emit> JournaledCounter<E> {
    /// Creates a counter that begins with that total.
    pub const fn new(total: i64, journal: Journal, events: E) -> Self {
        Self {
            total,
            journal,
            events,
        }
    }

    fn enter(&self, amount: i64, value: i64) {
        self.journal.enter(amount, value);
        self.events.emit(&CounterRan { amount });
    }

    /// Returns the running total.
    pub const fn total(&self) -> i64 {
        self.total
    }
}

impl<E: Emit> Counter for JournaledCounter<E> {
    fn accumulate(&mut self, amount: i64) -> i64 {
        self.total += amount;
        self.enter(amount, self.total);
        self.total
    }

    fn double(&mut self, amount: i64) -> i64 {
        self.enter(amount, 2 * amount);
        2 * amount
    }
}
