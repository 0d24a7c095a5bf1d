//! A service that waits, for boards with an async runtime.

use rpc_proto::service;

/// Waits, while everything else on the board goes on.
#[service]
pub trait Stopwatch {
    /// Returns after `millis` milliseconds, with the number of them that have really passed.
    #[idempotent]
    async fn wait(&mut self, millis: u32) -> u32;

    /// How often the board's lamp has been switched since it was reset.
    #[idempotent]
    fn blinks(&self) -> u32;
}
