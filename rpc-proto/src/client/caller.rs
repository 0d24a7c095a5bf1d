//! What typed clients call through.

use super::CallError;
use super::calls::Answer;
use crate::device::SubscribeError;
use crate::service::{Event, Procedure};
use serde::{Deserialize, de::DeserializeOwned};

/// Carries out calls: what `#[service]`'s clients are made of.
#[diagnostic::on_unimplemented(
    message = "calls cannot be made through `{Self}`",
    label = "not a caller",
    note = "a caller is a `BlockingCaller` on a microcontroller, or a `Connection` on a host; an async client needs a `YieldingCaller`"
)]
pub trait Caller {
    /// Calls a procedure and waits for its value, which may borrow from the reply.
    ///
    /// # Errors
    /// The procedure's own error, or why the call failed.
    fn call<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<P::Value<'_>, CallError<P::Error>>;
}

impl<C: Caller + ?Sized> Caller for &mut C {
    fn call<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<P::Value<'_>, CallError<P::Error>> {
        (**self).call::<P>(arguments)
    }
}

/// Carries out calls and lets other tasks run meanwhile: what `#[service]`'s async clients are made
/// of.
#[allow(
    async_fn_in_trait,
    reason = "whether a call is `Send` follows from the caller it is made with"
)]
#[diagnostic::on_unimplemented(
    message = "async calls cannot be made through `{Self}`",
    label = "not an async caller",
    note = "an async caller is a `YieldingCaller` on a microcontroller, or a `Connection` on a host"
)]
pub trait AsyncCaller {
    /// Calls a procedure and waits for its value, which may borrow from the reply.
    ///
    /// The arguments have one lifetime rather than two, because with two the compiler cannot see that
    /// a typed client's call is `Send` (rust-lang/rust#100013).
    ///
    /// # Errors
    /// The procedure's own error, or why the call failed.
    async fn call<'a, P: Procedure>(
        &mut self,
        arguments: &'a P::Arguments<'a>,
    ) -> Result<P::Value<'_>, CallError<P::Error>>;
}

impl<C: AsyncCaller + ?Sized> AsyncCaller for &mut C {
    async fn call<'a, P: Procedure>(
        &mut self,
        arguments: &'a P::Arguments<'a>,
    ) -> Result<P::Value<'_>, CallError<P::Error>> {
        (**self).call::<P>(arguments).await
    }
}

/// Lets its user have events: what `#[service]`'s clients subscribe through.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot subscribe to events",
    label = "not a caller that has events"
)]
pub trait Subscriber {
    /// Where the events come in.
    type Subscription<E: Event>;

    /// Asks the device for an event.
    ///
    /// # Errors
    /// Why the device did not take the subscription.
    fn subscribe<E: Event>(&mut self) -> Result<Self::Subscription<E>, CallError<SubscribeError>>;
}

/// What a typed client can be made from: a caller, or something that callers can be had from.
#[diagnostic::on_unimplemented(
    message = "calls cannot be made through `{Self}`",
    label = "not a caller",
    note = "a caller is a `BlockingCaller` on a microcontroller, or a `Connection` on a host; an async client needs a `YieldingCaller`"
)]
pub trait IntoCaller {
    /// The caller.
    type Caller: Caller;

    /// The caller to call through.
    fn into_caller(self) -> Self::Caller;
}

#[diagnostic::do_not_recommend]
impl<C: Caller> IntoCaller for C {
    type Caller = Self;

    fn into_caller(self) -> Self {
        self
    }
}

/// Reads the value or the error of a procedure from an answer.
///
/// # Errors
/// The procedure's own error, or [`CallError::BadReply`] if the bytes are neither.
pub fn read<P: Procedure>(answer: Answer<'_>) -> Result<P::Value<'_>, CallError<P::Error>> {
    match answer {
        Answer::Return(bytes) => exactly(bytes).ok_or(CallError::BadReply),
        Answer::Error(bytes) => Err(exactly(bytes).map_or(CallError::BadReply, CallError::Error)),
    }
}

/// As [`read`], for a value that borrows nothing and so outlives the answer.
///
/// # Errors
/// The procedure's own error, or [`CallError::BadReply`] if the bytes are neither.
pub fn read_owned<P: Procedure>(
    answer: Answer<'_>,
) -> Result<P::Value<'static>, CallError<P::Error>>
where
    P::Value<'static>: DeserializeOwned,
{
    match answer {
        Answer::Return(bytes) => exactly(bytes).ok_or(CallError::BadReply),
        Answer::Error(_) => Err(read::<P>(answer).err().unwrap_or(CallError::BadReply)),
    }
}

/// The value that takes up all of `bytes`.
pub(super) fn exactly<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}
