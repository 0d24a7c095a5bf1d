//! Everything that the code of `#[service]` and `interface!` names, in one place.
//!
//! It is not a public interface, and may change with any version.

pub use crate::client::{AsyncCaller, CallError, Caller, FeedError, IntoCaller};
pub use crate::describe::{
    ArgumentDescription, Header, Mark, ProcedureDescription, ProcedureKind, ServiceDescription,
    distinct, fingerprint,
};
pub use crate::device::SubscribeError;
pub use crate::schema::Schema;
pub use crate::service::{
    Arguments, Ask, Dispatch, DispatchAsync, Event, FIRST_NUMBER, FeedProcedure, Member, Never,
    Procedure, Replied, Reply, Service, StaticInterface, StreamProcedure,
};
pub use crate::wire::message::Fault;
pub use serde;
