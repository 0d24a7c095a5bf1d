//! Makes calls over a connection: typed, and with encoded arguments.

use super::Connection;
use super::reply::{Reply, copy};
use super::shared::{State, duration};
use super::streams::{EncodedSource, Stream};
use super::subscription::Subscription;
use super::waiting::News;
use rpc_proto::client::{
    self, Answer, AsyncCaller, CallError, Caller, Calling, Calls, IntoCaller, Operation,
    SingleCall, SubscribeResult, Target, Ticket,
};
use rpc_proto::service::{Event, Procedure, StreamProcedure};
use rpc_proto::time::Instant;
use serde::de::DeserializeOwned;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::Poll;

/// A future of a pending call, which any executor can run on any thread.
type Waiting<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl Connection {
    /// Starts a typed call and does not wait for it, so that one thread can have many in flight. They
    /// run in the order in which they are submitted. It waits only if there is no room for another
    /// call.
    ///
    /// ```
    /// use firmware::calculator::CalculatorAdd;
    /// use serial_rpc_simulator::SimulatedDevice;
    /// use serial_rpc::Connection;
    ///
    /// let device = Connection::to(SimulatedDevice::new());
    /// let sums = (0..100)
    ///     .map(|x| device.submit::<CalculatorAdd>(&(x, 1)))
    ///     .collect::<Result<Vec<_>, _>>()?;
    /// for (x, sum) in (0..).zip(sums) {
    ///     assert_eq!(sum.wait()?, x + 1);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Fails if the arguments do not fit a frame, or if there is no room for another call by its
    /// deadline. The call was not sent then.
    pub fn submit<P: Procedure>(
        &self,
        arguments: &P::Arguments<'_>,
    ) -> Result<Pending<P>, CallError> {
        self.block_on(self.submit_async(arguments))
    }

    async fn submit_async<P: Procedure>(
        &self,
        arguments: &P::Arguments<'_>,
    ) -> Result<Pending<P>, CallError> {
        let encoded = postcard::to_stdvec(arguments).map_err(|_| CallError::ArgumentsTooLarge)?;
        let reply = self.submit_encoded_async(Target::of::<P>(), &encoded);
        Ok(Pending {
            reply: reply.await?,
            procedure: PhantomData,
        })
    }

    /// Starts a call with encoded arguments; see [`submit`](Self::submit).
    ///
    /// # Errors
    /// Fails as [`submit`](Self::submit) does.
    pub fn submit_encoded(
        &self,
        target: Target,
        arguments: &[u8],
    ) -> Result<PendingReply, CallError> {
        self.block_on(self.submit_encoded_async(target, arguments))
    }

    /// Starts a call as [`submit_encoded`](Self::submit_encoded) does, and lets other tasks run
    /// while it waits for room.
    ///
    /// # Errors
    /// Fails as [`submit`](Self::submit) does.
    pub async fn submit_encoded_async(
        &self,
        target: Target,
        arguments: &[u8],
    ) -> Result<PendingReply, CallError> {
        let mut call = SingleCall::new(target, |place: &mut [u8]| copy(arguments, place));
        let begun = self.shared.now();
        let started = self.until(News::Room, |state, now| {
            let started = call.poll_start(state, now);
            let give_up = self.give_up.map(|after| begun + duration(after));
            let is_over = !state.has_session() && give_up.is_some_and(|limit| now >= limit);
            let started = match started {
                Poll::Pending if is_over => Poll::Ready(Err(CallError::Disconnected)),
                started => started,
            };
            // Without a session, it is woken by then; with one, it does not give up.
            let limits = [call.limit(), give_up.filter(|&limit| limit > now)];
            (started, limits.into_iter().flatten().min())
        });
        Ok(PendingReply {
            device: self.clone(),
            ticket: started.await?,
        })
    }

    /// Calls a procedure with encoded arguments.
    ///
    /// # Errors
    /// Returns the reason for which the call failed. A procedure's own error is [`Reply::Error`].
    pub fn call_encoded(&self, target: Target, arguments: &[u8]) -> Result<Reply, CallError> {
        self.submit_encoded(target, arguments)?.wait()
    }

    /// Calls as [`call_encoded`](Self::call_encoded) does, and lets other tasks run meanwhile.
    ///
    /// # Errors
    /// Fails as [`call_encoded`](Self::call_encoded) does.
    pub async fn call_encoded_async(
        &self,
        target: Target,
        arguments: &[u8],
    ) -> Result<Reply, CallError> {
        let pending = self.submit_encoded_async(target, arguments).await?;
        pending.end().await
    }

    /// Makes a typed call, whose value borrows from the handle's last reply.
    async fn call_typed<P: Procedure>(
        &self,
        arguments: &P::Arguments<'_>,
    ) -> Result<Reply, CallError> {
        self.submit_async::<P>(arguments).await?.end().await
    }
}

/// A call that was submitted. A thread [waits](Self::wait) for it, a task `.await`s it. If it is
/// dropped, its result is discarded; the call may still run.
#[derive(Debug)]
pub struct Pending<P> {
    reply: PendingReply,
    procedure: PhantomData<fn() -> P>,
}

impl<P: Procedure> Pending<P> {
    /// Waits for the value.
    ///
    /// # Errors
    /// Returns the procedure's own error, or the reason for which the call failed.
    pub fn wait(self) -> Result<P::Value<'static>, CallError<P::Error>>
    where
        P::Value<'static>: DeserializeOwned,
    {
        let reply = self.wait_for_reply().map_err(CallError::widen)?;
        client::read_owned::<P>(reply.answer())
    }

    /// Waits for the reply as it was received, for a procedure whose value borrows from it.
    ///
    /// # Errors
    /// Returns the reason for which the call failed. The procedure's own error is [`Reply::Error`].
    pub fn wait_for_reply(self) -> Result<Reply, CallError> {
        let device = self.reply.device.clone();
        device.block_on(self.end())
    }

    /// Waits for the reply. If the device does not have the procedure, the error says if one with another
    /// signature is there.
    async fn end(&self) -> Result<Reply, CallError> {
        match self.reply.end().await {
            Err(CallError::NoSuchProcedure) => Err(self.reply.device.missing::<P>().await),
            end => end,
        }
    }
}

impl<P: Procedure + 'static> IntoFuture for Pending<P>
where
    P::Value<'static>: DeserializeOwned,
{
    type Output = Result<P::Value<'static>, CallError<P::Error>>;
    type IntoFuture = Waiting<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let reply = self.end().await.map_err(CallError::widen)?;
            client::read_owned::<P>(reply.answer())
        })
    }
}

/// A call that was submitted with encoded arguments. It is waited for and dropped as [`Pending`]
/// is.
#[derive(Debug)]
pub struct PendingReply {
    device: Connection,
    ticket: Ticket,
}

impl PendingReply {
    /// Waits for the reply.
    ///
    /// # Errors
    /// Returns the reason for which the call failed. The procedure's own error is [`Reply::Error`].
    pub fn wait(self) -> Result<Reply, CallError> {
        self.device.block_on(self.end())
    }

    /// Waits for the reply, which can be taken only once.
    pub(super) async fn end(&self) -> Result<Reply, CallError> {
        let ended = self.device.until(News::End(self.ticket), |state, _| {
            let end = state.take_end(self.ticket);
            (end.map_or(Poll::Pending, Poll::Ready), None)
        });
        ended.await
    }
}

impl IntoFuture for PendingReply {
    type Output = Result<Reply, CallError>;
    type IntoFuture = Waiting<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.end().await })
    }
}

impl Drop for PendingReply {
    fn drop(&mut self) {
        let shared = &self.device.shared;
        let mut state = shared.state();
        state.forget(self.ticket);
        shared.offer_room(&mut state);
    }
}

impl Calling for Connection {
    type Calls = State;

    fn with<T>(&mut self, action: impl FnOnce(&mut State, Instant) -> T) -> T {
        let mut state = self.shared.state();
        let now = self.shared.now();
        state.enter(self.user(None), now, self.timeout);
        let result = action(&mut state, now);
        drop(self.shared.send(state));
        result
    }

    fn take(&mut self, call: Ticket) -> Result<Answer<'_>, CallError> {
        self.reply = self.shared.take(call)?;
        Ok(self.reply.answer())
    }
}

impl Caller for Connection {
    type Stream<'a, P: StreamProcedure> = Stream<EncodedSource<P>>;
    type Subscription<E: Event> = Subscription<E>;

    fn wait<O: Operation>(&mut self, operation: &mut O) -> O::Output {
        self.block_on(self.operate(operation))
    }

    fn stream<'a, P: StreamProcedure>(
        &'a mut self,
        arguments: P::Arguments<'a>,
    ) -> Stream<EncodedSource<P>> {
        Stream::typed(self.clone(), &arguments)
    }

    fn subscribe<E: Event>(&mut self) -> SubscribeResult<Subscription<E>> {
        Connection::subscribe(self)
    }

    fn call<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<P::Value<'_>, CallError<P::Error>> {
        let shared = std::sync::Arc::clone(&self.shared);
        let reply = shared.block_on(self.call_typed::<P>(arguments));
        self.reply = reply.map_err(CallError::widen)?;
        client::read::<P>(self.reply.answer())
    }
}

impl AsyncCaller for Connection {
    type Stream<'a, P: StreamProcedure> = Stream<EncodedSource<P>>;
    type Subscription<E: Event> = Subscription<E>;

    async fn wait<O: Operation>(&mut self, operation: &mut O) -> O::Output {
        self.operate(operation).await
    }

    fn stream<'a, P: StreamProcedure>(
        &'a mut self,
        arguments: P::Arguments<'a>,
    ) -> Stream<EncodedSource<P>> {
        Stream::typed(self.clone(), &arguments)
    }

    async fn subscribe<E: Event>(&mut self) -> SubscribeResult<Subscription<E>> {
        self.subscribe_async().await
    }

    async fn call<'a, P: Procedure>(
        &mut self,
        arguments: &'a P::Arguments<'a>,
    ) -> Result<P::Value<'_>, CallError<P::Error>> {
        let reply = self.call_typed::<P>(arguments).await;
        self.reply = reply.map_err(CallError::widen)?;
        client::read::<P>(self.reply.answer())
    }
}

impl IntoCaller for &Connection {
    type Caller = Connection;

    fn into_caller(self) -> Connection {
        self.clone()
    }
}
