//! An observer's knowledge of each call, and the properties that must hold.

use crate::end::Ticket;
use crate::ledger::{Ledger, MAX_CALLS};
use crate::search::Violation;
use rpc_proto::client::{Answer, CallError, Cause, Ran};
use rpc_proto::time::Instant;

/// A call that was made.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Record {
    pub ticket: Ticket,
    pub idempotent: bool,
    pub deadline: Instant,
    /// True if a copy of it was sent, or a part of one.
    pub sent: bool,
    pub end: End,
}

/// The end of a call for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// It has not ended.
    Open,
    Answered,
    /// It was reported never to have run, or was abandoned before it was sent.
    Never,
    /// It was reported as unknown.
    Unknown,
    /// It was reported as unknown, and a session has begun since.
    UnknownInEarlierSession,
    /// The caller does not wait any more.
    Abandoned,
}

/// The reasons for which a call may fail.
#[derive(Clone, Copy, Debug)]
pub struct Excuses {
    /// The time until which deadlines have passed.
    pub now: Instant,
    /// True if the deadline of any call has passed now.
    pub deadline: bool,
    /// True if the device was reset before.
    pub reset: bool,
    /// True if the link was lost before.
    pub link: bool,
    /// Whether another caller has had a session.
    pub other_caller: bool,
}

impl Excuses {
    const fn are_for(self, cause: Cause) -> bool {
        match cause {
            Cause::Timeout => self.deadline,
            Cause::Reset => self.reset,
            Cause::Disconnected => self.link,
            Cause::OtherCaller => self.other_caller,
            // Nobody passes calls on here, cancels them, or swaps the device.
            Cause::Relay | Cause::Cancelled | Cause::OtherDevice => false,
        }
    }
}

impl Record {
    /// Checks that a call was allowed to run that has just run; `ledger` already counts this run.
    ///
    /// First runs come in the order made. An idempotent call that is not answered may be repeated
    /// in a later session, after younger calls have run; all calls of a session are in order.
    pub fn check_run(&self, call: u8, ledger: &Ledger) -> Result<(), Violation> {
        let runs = &ledger.runs[usize::from(call)..MAX_CALLS];
        if !self.idempotent && runs[0] > 1 {
            return Err("no call that is not idempotent runs twice");
        }
        if runs[0] == 1 && runs[1..].iter().any(|&later| later > 0) {
            return Err("calls run for the first time in the order made");
        }
        match self.end {
            End::Open | End::Unknown | End::Abandoned => Ok(()),
            End::Answered => Err("an answered call does not run again"),
            End::Never => Err("a call reported as never run never runs"),
            End::UnknownInEarlierSession => Err("a failed call does not run in a later session"),
        }
    }

    /// Checks that a call may end with that answer, and returns its end; `runs` is its number of
    /// runs.
    pub fn check_end(
        &self,
        call: u8,
        runs: u8,
        end: Result<Answer<'_>, CallError>,
        excuses: Excuses,
    ) -> Result<End, Violation> {
        let own_deadline = self.deadline <= excuses.now;
        let error = match end {
            Ok(Answer::Return(value)) if value.first() != Some(&call) => {
                return Err("no call gets the answer to another");
            }
            Ok(Answer::Return(value)) if value == [call, runs] => return Ok(End::Answered),
            Ok(_) => return Err("a call gets the answer of its last run"),
            Err(error) => error,
        };
        if self.idempotent && !own_deadline {
            return Err("an idempotent call fails only by its deadline");
        }
        match (error, error.ran()) {
            (CallError::Timeout, Ran::Never) if runs > 0 => {
                Err("a call reported as never run never ran")
            }
            (CallError::Timeout, Ran::Never) if own_deadline => Ok(End::Never),
            (CallError::OutcomeUnknown(cause), Ran::Unknown) if excuses.are_for(cause) => {
                Ok(End::Unknown)
            }
            _ => Err("a call fails for what has happened, and never by losses and time-outs"),
        }
    }
}
