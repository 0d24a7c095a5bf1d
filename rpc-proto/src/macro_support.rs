//! Everything that the code of `#[service]` and `interface!` names, in one place.
//!
//! It is not a public interface, and may change with any version.

pub use crate::client::{AsyncCaller, CallError, Caller, FeedError, IntoCaller};
pub use crate::describe::{
    ArgumentDescription, Header, Mark, ProcedureDescription, ProcedureKind, ServiceDescription,
    assert_portable, distinct, fingerprint,
};
pub use crate::device::SubscribeError;
pub use crate::service::{
    Arguments, Ask, Dispatch, DispatchAsync, Event, FIRST_NUMBER, FeedProcedure, Member, Never,
    Procedure, Replied, Reply, Service, StaticInterface, StreamProcedure,
};
pub use crate::wire::message::Fault;
pub use serde;

use postcard_schema::Schema;
use postcard_schema::schema::NamedType;

/// A type that can be part of a description: any with a [`Schema`].
///
/// It exists only for its error message, because the compiler's own names this crate's dependencies.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `Schema`, so it cannot be part of a service",
    label = "derive `Schema` for this type",
    note = "add `#[derive(serde::Serialize, serde::Deserialize, postcard_schema::Schema)]` to `{Self}`"
)]
pub trait Described {
    /// The schema.
    const SCHEMA: &'static NamedType;
}

#[diagnostic::do_not_recommend]
impl<T: Schema + ?Sized> Described for T {
    const SCHEMA: &'static NamedType = T::SCHEMA;
}
