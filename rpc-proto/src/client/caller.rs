//! Callers, through which typed clients make their calls.
//!
//! A [`Caller`] waits for an [`Operation`] in its own way, an [`AsyncCaller`] with `.await`. Everything
//! else is shared by both.

use super::answer::{Answer, read};
use super::call_error::{CallError, SubscribeResult};
use super::calls::Ticket;
use super::feed::{FeedError, Feeding};
use super::operation::{Calls, Operation, SingleCall};
use super::target::Target;
use crate::service::{Event, FeedProcedure, Procedure, StreamProcedure};
use crate::time::Instant;
use crate::wire::frame::encode;

/// Gives access to the calls of a client.
pub trait Calling {
    /// The calls.
    type Calls: Calls;

    /// Runs `action` on the calls, and notifies the link that there may be more to send.
    fn with<T>(&mut self, action: impl FnOnce(&mut Self::Calls, Instant) -> T) -> T;

    /// Takes the result of a call, from which its value may borrow.
    ///
    /// # Errors
    /// Returns the reason if the call failed.
    fn take(&mut self, call: Ticket) -> Result<Answer<'_>, CallError>;
}

impl<C: Calling + ?Sized> Calling for &mut C {
    type Calls = C::Calls;

    fn with<T>(&mut self, action: impl FnOnce(&mut C::Calls, Instant) -> T) -> T {
        (**self).with(action)
    }

    fn take(&mut self, call: Ticket) -> Result<Answer<'_>, CallError> {
        (**self).take(call)
    }
}

/// Carries out calls: what `#[service]`'s clients are made of.
#[diagnostic::on_unimplemented(
    message = "calls cannot be made through `{Self}`",
    label = "not a caller",
    note = "a caller is a `BlockingCaller` on a microcontroller, or a `Connection` on a host; an async client needs a `YieldingCaller`"
)]
pub trait Caller: Calling + Sized {
    /// The items of a stream.
    type Stream<'a, P: StreamProcedure>: Iterator<Item = Result<P::Item, CallError<P::Error>>>
    where
        Self: 'a;

    /// A subscription to an event.
    type Subscription<E: Event>;

    /// Waits for the end of an operation.
    fn wait<O: Operation>(&mut self, operation: &mut O) -> O::Output;

    /// Returns the items of a stream. No call is made before the first item is requested.
    fn stream<'a, P: StreamProcedure>(
        &'a mut self,
        arguments: P::Arguments<'a>,
    ) -> Self::Stream<'a, P>;

    /// Calls a procedure and waits for its value, which may borrow from the reply.
    ///
    /// Returns the procedure's own error, or the reason if the call failed.
    fn call<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<P::Value<'_>, CallError<P::Error>> {
        let call = SingleCall::new(Target::of::<P>(), |place: &mut [u8]| {
            encode(arguments, place)
        });
        let ended = Running::new(&mut *self, call).wait();
        let answer = ended.and_then(|ticket| self.take(ticket));
        read::<P>(answer.map_err(CallError::widen)?)
    }

    /// Feeds `items` to a procedure, and returns the value of the last call; see
    /// [PROTOCOL.md, "Feeds"](crate::protocol#feeds).
    ///
    /// Each call has as many items as fit a frame. Without items, there is one call with none. If the
    /// procedure has an error of its own, each call waits for the previous one, so that no call runs
    /// after an error. Otherwise, several are in flight at a time.
    ///
    /// # Errors
    /// Returns the reason if a call failed, with the number of items taken before.
    fn feed<P: FeedProcedure>(
        &mut self,
        head: &P::Head<'_>,
        items: impl IntoIterator<Item = P::Item>,
    ) -> Result<P::Output, FeedError<P::Error>> {
        Running::new(self, Feeding::<P, _>::new(head, items.into_iter())).wait()
    }

    /// Subscribes to an event.
    ///
    /// # Errors
    /// Returns the reason if the device did not accept the subscription.
    fn subscribe<E: Event>(&mut self) -> SubscribeResult<Self::Subscription<E>>;
}

/// Carries out calls and lets other tasks run meanwhile: what `#[service]`'s async clients are made
/// of. Its methods are those of a [`Caller`].
#[allow(
    async_fn_in_trait,
    reason = "whether a call is `Send` follows from the caller it is made with"
)]
#[diagnostic::on_unimplemented(
    message = "async calls cannot be made through `{Self}`",
    label = "not an async caller",
    note = "an async caller is a `YieldingCaller` on a microcontroller, or a `Connection` on a host"
)]
pub trait AsyncCaller: Calling + Sized {
    /// The items of a stream.
    type Stream<'a, P: StreamProcedure>
    where
        Self: 'a;

    /// A subscription to an event.
    type Subscription<E: Event>;

    /// Waits for the end of an operation.
    async fn wait<O: Operation>(&mut self, operation: &mut O) -> O::Output;

    /// Returns the items of a stream. No call is made before the first item is requested.
    fn stream<'a, P: StreamProcedure>(
        &'a mut self,
        arguments: P::Arguments<'a>,
    ) -> Self::Stream<'a, P>;

    /// Calls a procedure and waits for its value, which may borrow from the reply.
    ///
    /// The arguments have one lifetime rather than two, because with two the compiler cannot see that
    /// a typed client's call is `Send` (rust-lang/rust#100013).
    ///
    /// # Errors
    /// Returns the procedure's own error, or the reason if the call failed.
    async fn call<'a, P: Procedure>(
        &mut self,
        arguments: &'a P::Arguments<'a>,
    ) -> Result<P::Value<'_>, CallError<P::Error>> {
        let call = SingleCall::new(Target::of::<P>(), |place: &mut [u8]| {
            encode(arguments, place)
        });
        let ended = Running::new(&mut *self, call).wait_async().await;
        let answer = ended.and_then(|ticket| self.take(ticket));
        read::<P>(answer.map_err(CallError::widen)?)
    }

    /// Feeds `items` to a procedure; see [`Caller::feed`]. If it is dropped before it has ended, each
    /// pending call runs once or never.
    ///
    /// # Errors
    /// Returns the reason if a call failed, with the number of items taken before.
    async fn feed<'a, P: FeedProcedure>(
        &mut self,
        head: &'a P::Head<'a>,
        items: impl IntoIterator<Item = P::Item>,
    ) -> Result<P::Output, FeedError<P::Error>> {
        Running::new(self, Feeding::<P, _>::new(head, items.into_iter()))
            .wait_async()
            .await
    }

    /// Subscribes to an event.
    ///
    /// # Errors
    /// Returns the reason if the device did not accept the subscription.
    async fn subscribe<E: Event>(&mut self) -> SubscribeResult<Self::Subscription<E>>;
}

impl<C: Caller> Caller for &mut C {
    type Stream<'a, P: StreamProcedure>
        = C::Stream<'a, P>
    where
        Self: 'a;
    type Subscription<E: Event> = C::Subscription<E>;

    fn wait<O: Operation>(&mut self, operation: &mut O) -> O::Output {
        (**self).wait(operation)
    }

    fn stream<'a, P: StreamProcedure>(
        &'a mut self,
        arguments: P::Arguments<'a>,
    ) -> C::Stream<'a, P> {
        (**self).stream::<P>(arguments)
    }

    fn subscribe<E: Event>(&mut self) -> SubscribeResult<C::Subscription<E>> {
        (**self).subscribe()
    }
}

impl<C: AsyncCaller> AsyncCaller for &mut C {
    type Stream<'a, P: StreamProcedure>
        = C::Stream<'a, P>
    where
        Self: 'a;
    type Subscription<E: Event> = C::Subscription<E>;

    async fn wait<O: Operation>(&mut self, operation: &mut O) -> O::Output {
        (**self).wait(operation).await
    }

    fn stream<'a, P: StreamProcedure>(
        &'a mut self,
        arguments: P::Arguments<'a>,
    ) -> C::Stream<'a, P> {
        (**self).stream::<P>(arguments)
    }

    async fn subscribe<E: Event>(&mut self) -> SubscribeResult<C::Subscription<E>> {
        (**self).subscribe().await
    }
}

/// Something that a typed client can be made from: a caller, or something that provides callers.
#[diagnostic::on_unimplemented(
    message = "a client cannot be made from `{Self}`",
    label = "not a caller",
    note = "a caller is a `BlockingCaller` or a `YieldingCaller` on a microcontroller, or a `Connection` on a host"
)]
pub trait IntoCaller {
    /// The caller.
    type Caller;

    /// Returns the caller to call through.
    fn into_caller(self) -> Self::Caller;
}

#[diagnostic::do_not_recommend]
impl<C: Calling> IntoCaller for C {
    type Caller = Self;

    fn into_caller(self) -> Self {
        self
    }
}

/// An operation with the caller that waits for it. Dropping it cancels the operation.
#[derive(Debug)]
pub struct Running<C: Calling, O: Operation> {
    pub(super) caller: C,
    pub(super) operation: O,
}

impl<C: Calling, O: Operation> Running<C, O> {
    /// Creates an operation that has not begun.
    pub const fn new(caller: C, operation: O) -> Self {
        Self { caller, operation }
    }

    /// Returns the operation.
    pub const fn operation(&self) -> &O {
        &self.operation
    }

    /// Waits until it ends, or for its next result.
    pub fn wait(&mut self) -> O::Output
    where
        C: Caller,
    {
        self.caller.wait(&mut self.operation)
    }

    /// Waits until it ends, or for its next result, and lets other tasks run meanwhile.
    pub async fn wait_async(&mut self) -> O::Output
    where
        C: AsyncCaller,
    {
        self.caller.wait(&mut self.operation).await
    }
}

impl<C: Calling, O: Operation> Drop for Running<C, O> {
    fn drop(&mut self) {
        let Self { caller, operation } = self;
        caller.with(|calls, now| operation.forget(calls, now));
    }
}
