//! A caller for a task among others: it lets them run while it waits.

use super::LinkError;
use super::calling::{Begun, Calling};
use crate::client::{Answer, AsyncCaller, AsyncPipelinedCaller, CallError, Client, Ticket, Timing};
use crate::device::DevicePing;
use crate::service::{FeedProcedure, Procedure};
use crate::time::{Clock, Duration, Instant};
use core::iter::Peekable;
use embassy_futures::select::{Either, select};
use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{Read, Write};

/// How many received bytes are taken from the link at once.
const CHUNK: usize = 32;

/// A caller that lets other tasks run while it waits, on a microcontroller or a host.
///
/// It is made of a link, a clock, and a delay, such as `embassy_time::Delay`. As
/// [`BlockingCaller`](super::BlockingCaller), it remembers the numbers of `NUMBERS` procedures.
///
/// The link's `read`, `write` and `flush` must bear being dropped while they wait, as embassy's
/// buffered UARTs and tokio's streams do: that is how a call ends at its deadline, even if the link
/// takes no more bytes.
///
/// On a host with tokio, for one:
///
/// ```no_run
/// use embedded_hal_async::delay::DelayNs;
/// use embedded_io_adapters::tokio_1::FromTokio;
/// use rpc_proto::client::Timing;
/// use rpc_proto::drivers::YieldingCaller;
/// use rpc_proto::service;
/// use rpc_proto::time::Instant;
/// use std::time::Duration;
///
/// #[service]
/// pub trait Lamp {
///     /// Sets the brightness in percent and returns what it was.
///     fn dim(&mut self, percent: u8) -> u8;
/// }
///
/// struct TokioDelay;
/// impl DelayNs for TokioDelay {
///     async fn delay_ns(&mut self, nanos: u32) {
///         tokio::time::sleep(Duration::from_nanos(nanos.into())).await;
///     }
/// }
///
/// # async fn run() -> std::io::Result<()> {
/// let link = FromTokio::new(tokio::net::TcpStream::connect("localhost:4000").await?);
/// let start = tokio::time::Instant::now();
/// let clock = move || Instant::from_micros(start.elapsed().as_micros() as u64);
/// let nonce = std::process::id();
/// let caller: YieldingCaller<_, _, _, 256> =
///     YieldingCaller::new(link, clock, TokioDelay, nonce, Timing::default());
/// let mut lamp = LampAsyncClient::new(caller);
/// assert_eq!(lamp.dim(50).await, Ok(0));
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
/// A call may be dropped before it has ended. It is then as if nobody waited for it: if it was
/// sent, it runs once or never, and the next call waits until there is room for it, which is at the
/// latest when the time of the dropped one is up. A `WINDOW` of more than 1 has room for both.
#[derive(Debug)]
pub struct YieldingCaller<
    L,
    C,
    D,
    const FRAME: usize,
    const WINDOW: usize = 1,
    const NUMBERS: usize = 8,
> {
    link: L,
    clock: C,
    delay: D,
    calling: Calling<FRAME, WINDOW, NUMBERS>,
    /// Whether the link may hold bytes back that were written to it.
    unflushed: bool,
}

impl<L, C, D, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize>
    YieldingCaller<L, C, D, FRAME, WINDOW, NUMBERS>
where
    L: Read + Write,
    C: Clock,
    D: DelayNs,
{
    /// A caller over `link`; see [`Client::new`] for the nonce. Calls have 2 seconds.
    pub const fn new(link: L, clock: C, delay: D, nonce: u32, timing: Timing) -> Self {
        Self {
            link,
            clock,
            delay,
            calling: Calling::new(nonce, timing),
            unflushed: false,
        }
    }

    /// Sets how long a call may take, finding out its procedure's number included.
    pub const fn set_timeout(&mut self, timeout: Duration) {
        self.calling.timeout = timeout;
    }

    /// The link, to look at or to use between calls.
    pub const fn link(&mut self) -> &mut L {
        &mut self.link
    }

    /// The state of the caller, for its statistics and what it knows of the device.
    pub const fn client(&self) -> &Client<FRAME, WINDOW> {
        &self.calling.client
    }

    /// The call that was begun, or None when what it needs first has been done.
    async fn begun<P: Procedure>(
        &mut self,
        begun: Begun,
        deadline: Instant,
    ) -> Result<Option<Ticket>, CallError> {
        match begun {
            Begun::Nothing => {
                self.send(deadline).await;
                self.receive(deadline).await;
            }
            Begun::Question(question) => {
                self.wait(question, deadline).await;
                self.calling.learn::<P>(question)?;
            }
            Begun::Call(call) => return Ok(Some(call)),
        }
        Ok(None)
    }

    /// Waits until a call with that deadline has ended.
    async fn wait(&mut self, call: Ticket, deadline: Instant) {
        loop {
            self.send(deadline).await;
            // It may also end because it is not to be sent.
            if self.calling.client.is_ended(call) {
                return;
            }
            self.receive(deadline).await;
        }
    }

    /// Does what is due and sends what is there, but not beyond `deadline`.
    async fn send(&mut self, deadline: Instant) {
        if self.try_send(deadline).await.is_err() {
            self.link_lost();
        }
    }

    /// Waits for something to receive or to be due, but not beyond `deadline`.
    async fn receive(&mut self, deadline: Instant) {
        if self.try_receive(deadline).await.is_err() {
            self.link_lost();
        }
    }

    fn link_lost(&mut self) {
        self.unflushed = false;
        self.calling.link_lost();
    }

    async fn try_send(&mut self, deadline: Instant) -> Result<(), LinkError<L::Error>> {
        let Self { link, calling, .. } = self;
        let client = &mut calling.client;
        let mut timer = Timer {
            clock: &mut self.clock,
            delay: &mut self.delay,
            deadline,
        };
        client.advance(timer.clock.now());
        loop {
            let due = client.deadline();
            let outgoing = client.outgoing(timer.clock.now());
            if outgoing.is_empty() {
                break;
            }
            match timer.unless_due(due, link.write(outgoing)).await {
                None => return Ok(()),
                Some(sent) => match sent? {
                    0 => return Err(LinkError::Closed),
                    sent => client.sent(timer.clock.now(), sent),
                },
            }
            self.unflushed = true;
        }
        if self.unflushed {
            match timer.unless_due(client.deadline(), link.flush()).await {
                None => return Ok(()),
                Some(flushed) => flushed?,
            }
            self.unflushed = false;
        }
        Ok(())
    }

    async fn try_receive(&mut self, deadline: Instant) -> Result<(), LinkError<L::Error>> {
        let client = &mut self.calling.client;
        let mut timer = Timer {
            clock: &mut self.clock,
            delay: &mut self.delay,
            deadline,
        };
        let Some(due) = client.deadline() else {
            return Ok(()); // nothing is waited for
        };
        let mut received = [0; CHUNK];
        let read = self.link.read(&mut received);
        let Some(read) = timer.unless_due(Some(due), read).await else {
            return Ok(());
        };
        match received.get(..read?) {
            None | Some([]) => Err(LinkError::Closed),
            Some(received) => {
                let now = timer.clock.now();
                for &byte in received {
                    client.receive(now, byte);
                }
                Ok(())
            }
        }
    }
}

/// Ends waiting for the link.
struct Timer<'a, C, D> {
    clock: &'a mut C,
    delay: &'a mut D,
    /// When waiting ends at the latest.
    deadline: Instant,
}

impl<C: Clock, D: DelayNs> Timer<'_, C, D> {
    /// What `waiting` comes to, or None if the time `due` comes first.
    async fn unless_due<F: Future>(
        &mut self,
        due: Option<Instant>,
        waiting: F,
    ) -> Option<F::Output> {
        let until = due.map_or(self.deadline, |due| due.min(self.deadline));
        let micros = until.since(self.clock.now()).as_micros();
        // The longest delay there is takes over an hour; whoever waits longer waits again.
        let delay = self
            .delay
            .delay_us(u32::try_from(micros).unwrap_or(u32::MAX));
        match select(waiting, delay).await {
            Either::First(output) => Some(output),
            Either::Second(()) => None,
        }
    }
}

impl<L, C, D, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize> AsyncCaller
    for YieldingCaller<L, C, D, FRAME, WINDOW, NUMBERS>
where
    L: Read + Write,
    C: Clock,
    D: DelayNs,
{
    async fn call<'a, P: Procedure>(
        &mut self,
        arguments: &'a P::Arguments<'a>,
    ) -> Result<P::Value<'_>, CallError<P::Error>> {
        let deadline = self.clock.now() + self.calling.timeout;
        let call = loop {
            let now = self.clock.now();
            let begun = self.calling.begin::<P>(now, deadline, arguments)?;
            let begun = self.begun::<P>(begun, deadline).await;
            if let Some(call) = begun.map_err(CallError::widen)? {
                self.wait(call, deadline).await;
                if !self.calling.was_mistaken(call) {
                    break call;
                }
            }
        };
        self.calling.take::<P>(call)
    }
}

impl<L, C, D, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize> AsyncPipelinedCaller
    for YieldingCaller<L, C, D, FRAME, WINDOW, NUMBERS>
where
    L: Read + Write,
    C: Clock,
    D: DelayNs,
{
    /// A call, and its deadline.
    type Pending = (Ticket, Instant);

    async fn window(&mut self) -> usize {
        self.calling.window()
    }

    async fn submit<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<Self::Pending, CallError> {
        let deadline = self.clock.now() + self.calling.timeout;
        loop {
            let now = self.clock.now();
            let begun = self
                .calling
                .begin_with::<P>(now, deadline, |client, target| {
                    client.start(target, deadline, arguments)
                });
            if let Some(call) = self.begun::<P>(begun?, deadline).await? {
                return Ok((call, deadline));
            }
        }
    }

    async fn submit_items<P: FeedProcedure>(
        &mut self,
        head: &P::Head<'_>,
        items: &mut Peekable<impl Iterator<Item = P::Item>>,
    ) -> Result<(Self::Pending, u8), CallError> {
        if self.calling.client.device().is_none() {
            // How much fits a frame is known when the device has announced itself, which any call
            // makes it do. Any answer will do.
            let nothing: &[u8] = &[];
            let answer = self.call::<DevicePing>(&(nothing,)).await.err();
            if let (None, Some(error)) = (self.calling.client.device(), answer) {
                return Err(error);
            }
        }
        let deadline = self.clock.now() + self.calling.timeout;
        let mut count = 0;
        loop {
            let now = self.clock.now();
            let begun = self
                .calling
                .begin_items::<P>(now, deadline, head, items, &mut count);
            if let Some(call) = self.begun::<P>(begun?, deadline).await? {
                return Ok(((call, deadline), count));
            }
        }
    }

    async fn wait<'p>(
        &'p mut self,
        pending: &'p mut Self::Pending,
    ) -> Result<Answer<'p>, CallError> {
        let (call, deadline) = *pending;
        Self::wait(self, call, deadline).await;
        self.calling.end(call)
    }

    fn forget(&mut self, (call, _): Self::Pending) {
        self.calling.client.abandon(call);
    }
}
