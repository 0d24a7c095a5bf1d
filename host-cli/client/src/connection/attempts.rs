//! Decides if something long goes on after a call that failed: a reset, or a cable that was pulled
//! out, may pass.

/// The number of times in a row that something without progress is tried again. Each attempt takes a
/// call's time limit; together they are long enough to plug a cable in again.
const ATTEMPTS: u32 = 5;

/// The attempts so far.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    /// The most that was done in any of them.
    most: u32,
    without_progress: u32,
}

impl Attempts {
    /// Returns true if another attempt may succeed after one that failed, with an error that may pass or
    /// not, and had done that much.
    pub(super) fn go_on(&mut self, may_pass: bool, done: u32) -> bool {
        // A device that loses what it had must not begin again for ever.
        self.without_progress = match done > self.most {
            true => 1,
            false => self.without_progress + 1,
        };
        self.most = self.most.max(done);
        // If a device has never answered, it is not there.
        may_pass && done > 0 && self.without_progress < ATTEMPTS
    }
}
