//! The fault table: the outcomes of calls on links of every kind, by the same measure for every
//! protocol. `tests/peers` prints it with another protocol next to this one.

use crate::counter::{CounterAccumulate, Journal};
use crate::line::{Faults, Pace};
use crate::simulation::{Setup, Simulation};
use rpc_proto::client::{CallError, Cause};
use std::ops::AddAssign;

/// The number of calls on a link with one seed; the amounts are 1, 2, 3 and so on.
pub const CALLS: i64 = 1_000;

/// The seeds of the links.
pub const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// Bytes take no time, so that a call that is not answered at once never is, unless one end sends
/// again.
pub const PACE: Pace = Pace::INSTANT;

/// Returns the links of the table by name; the faults are in both directions.
pub fn links() -> Vec<(&'static str, Faults)> {
    let flips = |flips| Faults {
        flips,
        ..Faults::NONE
    };
    let drops = |drops| Faults {
        drops,
        ..Faults::NONE
    };
    let bursts = Faults {
        noise: 5e-4,
        gaps: 5e-4,
        ..Faults::NONE
    };
    vec![
        ("no faults", Faults::NONE),
        ("a bit flips, 1e-4", flips(1e-4)),
        ("a bit flips, 1e-3", flips(1e-3)),
        ("a bit flips, 1e-2", flips(1e-2)),
        ("a byte is lost, 1e-4", drops(1e-4)),
        ("a byte is lost, 1e-3", drops(1e-3)),
        ("a byte is lost, 1e-2", drops(1e-2)),
        ("8 bytes are garbage or lost, 1e-3", bursts),
        ("all together, 1e-3", Faults::mixed(1e-3)),
        ("all together, 1e-2", Faults::mixed(1e-2)),
    ]
}

/// The end of a call, as its caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With that value.
    Returned(i64),
    /// Not at all, or by a deadline.
    Hung,
    /// With an error.
    Failed,
}

impl From<Result<i64, CallError>> for End {
    fn from(outcome: Result<i64, CallError>) -> Self {
        match outcome {
            Ok(value) => Self::Returned(value),
            Err(CallError::Timeout | CallError::OutcomeUnknown(Cause::Timeout)) => Self::Hung,
            Err(_) => Self::Failed,
        }
    }
}

/// The outcomes of the calls on one kind of link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Returned the total that its one run made.
    pub right: u64,
    /// Returned something else, or ran more than once.
    pub wrong: u64,
    /// Did not end.
    pub hung: u64,
    /// Ended with an error.
    pub failed: u64,
    /// The number of times that the procedure ran.
    pub runs: u64,
    /// The number of frames that were sent again.
    pub resent: u64,
}

impl Row {
    /// Creates the row of calls with the amounts 1, 2, 3 and so on.
    pub fn new(ends: &[End], journal: &Journal, resent: u64) -> Self {
        let mut row = Self {
            runs: journal.runs(),
            resent,
            ..Self::default()
        };
        for (amount, &end) in (1..).zip(ends) {
            let is_right =
                |value| journal.runs_of(amount) == 1 && journal.value_of(amount) == value;
            match end {
                End::Returned(value) if is_right(value) => row.right += 1,
                End::Returned(_) => row.wrong += 1,
                End::Hung => row.hung += 1,
                End::Failed => row.failed += 1,
            }
        }
        row
    }
}

impl AddAssign for Row {
    fn add_assign(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.hung += other.hung;
        self.failed += other.failed;
        self.runs += other.runs;
        self.resent += other.resent;
    }
}

/// Returns this protocol's row on links with those faults. A call has two seconds of virtual time.
pub fn serial_rpc(faults: Faults) -> Row {
    let mut row = Row::default();
    for seed in SEEDS {
        let mut link = Simulation::<1, 1>::new(Setup {
            pace: PACE,
            ..Setup::new(seed).with_faults(faults)
        });
        let call = |amount| link.call::<CounterAccumulate>(amount).into();
        let ends: Vec<End> = (1..=CALLS).map(call).collect();
        link.run_until_idle();
        let resent = link.counters().caller.resent;
        row += Row::new(&ends, &link.journal, resent.into());
    }
    row
}
