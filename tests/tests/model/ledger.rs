//! The interface of the modelled device: one procedure, which counts the runs of each call.

use rpc_proto::service::{Arguments, Dispatch, FIRST_NUMBER, Interface, Replied, Reply};
use rpc_proto::wire::message::Fault;

/// The most calls in a schedule.
pub const MAX_CALLS: usize = 4;

/// The most calls of the other caller.
pub const MAX_OTHERS: usize = 2;

/// The number of the procedure.
pub const RUN: u16 = FIRST_NUMBER;

/// The fingerprint of the interface.
pub const FINGERPRINT: u32 = 1;

/// The number of runs of each call, those of the other caller at the end. It outlives the device's
/// resets, as it belongs to the observer.
#[derive(Clone, Debug, Default, Hash)]
pub struct Ledger {
    pub runs: [u8; MAX_CALLS + MAX_OTHERS],
    /// The call that ran last, until the observer has seen it.
    pub latest: Option<u8>,
}

impl Interface for Ledger {
    fn description(&self, _: u32) -> &[u8] {
        &[]
    }

    fn fingerprint(&self) -> u32 {
        FINGERPRINT
    }

    fn resolve(&self, _: u32) -> Option<u16> {
        None
    }
}

impl Dispatch for Ledger {
    /// Answers with the call and its number of runs, so that no two answers are the same.
    fn dispatch(
        &mut self,
        _: u16,
        mut arguments: Arguments<'_>,
        reply: Reply<'_>,
    ) -> Result<Replied, Fault> {
        let call: u8 = arguments.take()?;
        arguments.end()?;
        let runs = &mut self.runs[usize::from(call)];
        *runs += 1;
        self.latest = Some(call);
        Ok(reply.value(&(call, *runs)))
    }
}
