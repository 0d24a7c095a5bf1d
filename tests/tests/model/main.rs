//! Checks "exactly once" exhaustively: for anything that the link and the device may do, within
//! bounds, with the real [`Client`](rpc_proto::client::Client) and the real
//! [`Server`](rpc_proto::server::Server).
//!
//! `small` bounds are always checked; those of the protocol's claim, `full` and `larger`,
//! only on request. `mutations.rs` shows that the check finds mistakes. `tests/c/tests/model` is the same check, with the
//! ends of the C library.

mod channel;
mod checks;
mod equivalence;
mod ledger;
mod record;
mod schedule;
mod search;
mod system;

/// The ends that are checked.
mod end {
    pub use rpc_proto::client::{Client, Ticket};
    pub use rpc_proto::server::Server;
}
