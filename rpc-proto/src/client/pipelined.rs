//! What streams and feeds call through: callers that have several calls under way.

use super::CallError;
use super::caller::{AsyncCaller, Caller};
use super::calls::Answer;
use crate::service::{FeedProcedure, Procedure, StreamProcedure};
use core::iter::Peekable;

/// A [`Caller`] that can make calls without waiting for each.
#[diagnostic::on_unimplemented(
    message = "streams and feeds need a caller with several calls in flight, which `{Self}` is not",
    label = "cannot have several calls in flight"
)]
pub trait PipelinedCaller: Caller {
    /// A call that was submitted. Whoever has it hands it back with [`forget`](Self::forget).
    type Pending;

    /// How many calls may be under way to some avail, at least 1. It may have to ask the device.
    fn window(&mut self) -> usize;

    /// The longest frame that both ends take, as far as the device is known.
    fn max_frame(&self) -> usize;

    /// How many bytes of arguments a call of that procedure may have, as far as that is known.
    fn room<P: Procedure>(&mut self) -> usize;

    /// How often a call that can do no harm is to be made again if it is not answered in time. None if
    /// calls have been cancelled since the last was submitted.
    fn retries(&self) -> Option<u32> {
        Some(0)
    }

    /// Starts a call and does not wait for it.
    ///
    /// # Errors
    /// Why it was not started.
    fn submit<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<Self::Pending, CallError>;

    /// Starts a call with as many of the items as fit a frame, which may be none, takes these off
    /// `items`, and tells how many they are.
    ///
    /// # Errors
    /// Why it was not started; [`CallError::ArgumentsTooLarge`] if there are items and not even one
    /// fits.
    fn submit_items<P: FeedProcedure>(
        &mut self,
        head: &P::Head<'_>,
        items: &mut Peekable<impl Iterator<Item = P::Item>>,
    ) -> Result<(Self::Pending, u8), CallError>;

    /// Waits until a call has been answered. The answer stays until the call is forgotten, and may
    /// be asked for again.
    ///
    /// # Errors
    /// Why there is none.
    fn wait<'p>(&'p mut self, pending: &'p mut Self::Pending) -> Result<Answer<'p>, CallError>;

    /// Is done with a call. If it has not been sent, it never runs.
    fn forget(&mut self, pending: Self::Pending);
}

impl<C: PipelinedCaller + ?Sized> PipelinedCaller for &mut C {
    type Pending = C::Pending;

    fn window(&mut self) -> usize {
        (**self).window()
    }

    fn max_frame(&self) -> usize {
        (**self).max_frame()
    }

    fn room<P: Procedure>(&mut self) -> usize {
        (**self).room::<P>()
    }

    fn retries(&self) -> Option<u32> {
        (**self).retries()
    }

    fn submit<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<C::Pending, CallError> {
        (**self).submit::<P>(arguments)
    }

    fn submit_items<P: FeedProcedure>(
        &mut self,
        head: &P::Head<'_>,
        items: &mut Peekable<impl Iterator<Item = P::Item>>,
    ) -> Result<(C::Pending, u8), CallError> {
        (**self).submit_items::<P>(head, items)
    }

    fn wait<'p>(&'p mut self, pending: &'p mut C::Pending) -> Result<Answer<'p>, CallError> {
        (**self).wait(pending)
    }

    fn forget(&mut self, pending: C::Pending) {
        (**self).forget(pending);
    }
}

/// As [`PipelinedCaller`], for a caller that lets other tasks run meanwhile.
#[allow(
    async_fn_in_trait,
    reason = "whether a call is `Send` follows from the caller it is made with"
)]
#[diagnostic::on_unimplemented(
    message = "streams and feeds need a caller with several calls in flight, which `{Self}` is not",
    label = "cannot have several calls in flight"
)]
pub trait AsyncPipelinedCaller: AsyncCaller {
    /// A call that was submitted. Whoever has it hands it back with [`forget`](Self::forget).
    type Pending;

    /// How many calls may be under way to some avail, at least 1. It may have to ask the device.
    async fn window(&mut self) -> usize;

    /// Starts a call and does not wait for it.
    ///
    /// # Errors
    /// Why it was not started.
    async fn submit<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<Self::Pending, CallError>;

    /// Starts a call with as many of the items as fit a frame; see
    /// [`PipelinedCaller::submit_items`].
    ///
    /// # Errors
    /// Why it was not started.
    async fn submit_items<P: FeedProcedure>(
        &mut self,
        head: &P::Head<'_>,
        items: &mut Peekable<impl Iterator<Item = P::Item>>,
    ) -> Result<(Self::Pending, u8), CallError>;

    /// Waits until a call has been answered. The answer stays until the call is forgotten, and may
    /// be asked for again.
    ///
    /// # Errors
    /// Why there is none.
    async fn wait<'p>(
        &'p mut self,
        pending: &'p mut Self::Pending,
    ) -> Result<Answer<'p>, CallError>;

    /// Is done with a call. If it has not been sent, it never runs.
    fn forget(&mut self, pending: Self::Pending);
}

/// The procedure of a stream, for [`Stream`](super::Stream)'s sake: where its error is at hand.
pub(super) type StreamError<P> = CallError<<P as Procedure>::Error>;

/// An item of a stream, or why there is none.
pub(super) type StreamItem<P> = Result<<P as StreamProcedure>::Item, StreamError<P>>;
