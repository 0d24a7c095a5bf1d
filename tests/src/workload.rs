//! Makes many calls in a row, and checks that every reported outcome is true.

use crate::counter::{CounterAccumulate, Journal};
use crate::end::Ticket;
use crate::simulation::Simulation;
use rpc_proto::client::{CallError, Cause, Ran};
use std::collections::VecDeque;
use std::ops::AddAssign;

/// The outcomes of a number of calls that must run once each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Returned the value of its run, and ran once.
    pub right: u64,
    /// Returned another value, or did not run once: never acceptable.
    pub wrong: u64,
    /// Reported as not run, and did not run.
    pub never_ran: u64,
    /// Reported as possibly run, and ran at most once.
    pub unknown: u64,
    /// The calls of the last two groups that ended by a deadline.
    pub timed_out: u64,
    /// The number of times that the procedure ran.
    pub runs: u64,
}

impl Tally {
    /// Compares each call's outcome with the journal; the calls' amounts are 1, 2, 3 and so on.
    pub fn of(outcomes: &[Result<i64, CallError>], journal: &Journal) -> Self {
        let mut tally = Self {
            runs: journal.runs(),
            ..Self::default()
        };
        for (amount, outcome) in (1..).zip(outcomes) {
            let timed_out = [
                Err(CallError::Timeout),
                Err(CallError::OutcomeUnknown(Cause::Timeout)),
            ];
            tally.timed_out += u64::from(timed_out.contains(outcome));
            let runs = journal.runs_of(amount);
            let is_right = |value| runs == 1 && journal.value_of(amount) == value;
            match *outcome {
                Ok(value) if is_right(value) => tally.right += 1,
                Err(error) if error.ran() == Ran::Never && runs == 0 => tally.never_ran += 1,
                Err(error) if error.ran() == Ran::Unknown && runs <= 1 => tally.unknown += 1,
                _ => tally.wrong += 1,
            }
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.never_ran += other.never_ran;
        self.unknown += other.unknown;
        self.timed_out += other.timed_out;
        self.runs += other.runs;
    }
}

/// Accumulates the amounts from 1 to `count`, as many at a time as the caller has room for.
///
/// `between` is called whenever a call has ended, with the number of those that have.
pub fn accumulate<const CALLS: usize, const WINDOW: usize>(
    simulation: &mut Simulation<CALLS, WINDOW>,
    count: i64,
    mut between: impl FnMut(&mut Simulation<CALLS, WINDOW>, usize),
) -> Tally {
    let mut outcomes = Vec::new();
    let mut started: VecDeque<Ticket> = VecDeque::new();
    for amount in 1..=count {
        if started.len() == CALLS {
            finish_oldest(simulation, &mut started, &mut outcomes);
            between(simulation, outcomes.len());
        }
        let ticket = simulation.start::<CounterAccumulate>(amount);
        started.push_back(ticket.expect("there is room for one more call"));
    }
    while !started.is_empty() {
        finish_oldest(simulation, &mut started, &mut outcomes);
    }
    // Nothing that is still in transit may run anything.
    simulation.run_until_idle();
    Tally::of(&outcomes, &simulation.journal)
}

fn finish_oldest<const CALLS: usize, const WINDOW: usize>(
    simulation: &mut Simulation<CALLS, WINDOW>,
    started: &mut VecDeque<Ticket>,
    outcomes: &mut Vec<Result<i64, CallError>>,
) {
    let oldest = started.pop_front().expect("a call was started");
    simulation.run_until_ended(oldest);
    let end = simulation.take::<CounterAccumulate>(oldest);
    outcomes.push(end.expect("the call has ended"));
}
