//! Checks "exactly once" exhaustively, with the C library's client in the place of the Rust one: `tests/tests/model` says
//! how. The states are as many, so the ends behave alike.
#![cfg(every_pairing)]

#[path = "../../../tests/model/channel.rs"]
mod channel;
#[path = "../../../tests/model/checks.rs"]
mod checks;
#[path = "../../../tests/model/equivalence.rs"]
mod equivalence;
#[path = "../../../tests/model/ledger.rs"]
mod ledger;
#[path = "../../../tests/model/record.rs"]
mod record;
#[path = "../../../tests/model/schedule.rs"]
mod schedule;
#[path = "../../../tests/model/search.rs"]
mod search;
#[path = "../../../tests/model/system.rs"]
mod system;

/// The end that is checked.
mod end {
    pub use c_library::{Client, Ticket};
    pub use rpc_proto::server::Server;
}
