//! A caller for a task among others: it lets them run while it waits.

use super::LinkError;
use crate::client::{
    Answer, AsyncCaller, CallError, Calling, Cause, Client, EventMemory, Operation, ReceivedEvent,
    Running, Stream, Subscription, Ticket,
};
use crate::device::SubscribeError;
use crate::service::{Event, StreamProcedure};
use crate::time::{Clock, Duration, Instant};
use core::task::Poll;
use embassy_futures::select::{Either, select};
use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{Read, Write};

/// The number of received bytes that are taken from the link at once.
const CHUNK: usize = 32;

/// A caller that lets other tasks run while it waits, on a microcontroller or a host.
///
/// It is made of a link, a clock, a delay such as `embassy_time::Delay`, and a [`Client`].
///
/// The link's `read`, `write` and `flush` must be cancel-safe, as those of embassy's buffered UARTs and
/// tokio's streams are: a call ends at its deadline by dropping them, even if the link accepts no more
/// bytes.
///
/// For example, on a host with tokio:
///
/// ```no_run
/// use embedded_hal_async::delay::DelayNs;
/// use embedded_io_adapters::tokio_1::FromTokio;
/// use rpc_proto::client::{Client, Timing};
/// use rpc_proto::drivers::YieldingCaller;
/// use rpc_proto::time::Instant;
/// use std::time::Duration;
///
/// /// A lamp.
/// #[rpc_proto::service]
/// trait Lamp {
///     /// Sets the brightness in percent.
///     fn dim(&mut self, percent: u8);
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
/// let client = Client::<256>::new(nonce, Timing::default());
/// let caller = YieldingCaller::new(link, clock, TokioDelay, client);
/// let mut lamp = LampAsyncClient::new(caller);
/// assert_eq!(lamp.dim(50).await, Ok(()));
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
/// A call may be dropped before it has ended. If it was sent, it runs once or never, and the next call
/// waits for room, at the latest until the deadline of the dropped one. A `WINDOW` of more than 1 has
/// room for both.
#[derive(Debug)]
pub struct YieldingCaller<L, K, D, C> {
    link: L,
    clock: K,
    delay: D,
    client: C,
    /// True if the link may hold back bytes that were written to it.
    unflushed: bool,
}

impl<L, K, D, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize, E>
    YieldingCaller<L, K, D, Client<FRAME, WINDOW, NUMBERS, E>>
where
    L: Read + Write,
    K: Clock,
    D: DelayNs,
    E: EventMemory,
{
    /// Creates a caller over `link`.
    pub const fn new(
        link: L,
        clock: K,
        delay: D,
        client: Client<FRAME, WINDOW, NUMBERS, E>,
    ) -> Self {
        Self {
            link,
            clock,
            delay,
            client,
            unflushed: false,
        }
    }

    /// Returns the link, to inspect or to use between calls.
    pub const fn link(&mut self) -> &mut L {
        &mut self.link
    }

    /// Returns the client, for its counters and settings.
    pub const fn client(&mut self) -> &mut Client<FRAME, WINDOW, NUMBERS, E> {
        &mut self.client
    }

    /// Waits for an event of any subscription, for at most that long. A [`Subscription`] reads it.
    pub async fn next_event(&mut self, timeout: Duration) -> Option<ReceivedEvent<'_>> {
        let limit = self.clock.now() + timeout;
        while !self.client.has_event() && self.clock.now() < limit {
            self.turn(Some(limit)).await;
        }
        self.client.next_event()
    }

    /// Does everything that is due, sends the outgoing bytes, and waits for received bytes or the next
    /// deadline, but not beyond `limit`.
    async fn turn(&mut self, limit: Option<Instant>) {
        if self.try_turn(limit).await.is_err() {
            self.unflushed = false;
            self.client.link_lost();
            self.client
                .give_up(CallError::Disconnected, Cause::Disconnected);
        }
    }

    async fn try_turn(&mut self, limit: Option<Instant>) -> Result<(), LinkError<L::Error>> {
        let Self {
            link,
            client,
            unflushed,
            ..
        } = self;
        let mut timer = Timer {
            clock: &mut self.clock,
            delay: &mut self.delay,
            limit,
        };
        client.advance(timer.clock.now());
        if client.deadline().or(limit).is_none() {
            return Ok(()); // nothing is waited for
        }
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
            *unflushed = true;
        }
        if *unflushed {
            match timer.unless_due(client.deadline(), link.flush()).await {
                None => return Ok(()),
                Some(flushed) => flushed?,
            }
            *unflushed = false;
        }
        let mut received = [0; CHUNK];
        let due = client.deadline();
        let Some(read) = timer.unless_due(due, link.read(&mut received)).await else {
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

/// The timer that ends waiting for the link.
struct Timer<'a, K, D> {
    clock: &'a mut K,
    delay: &'a mut D,
    /// The time when waiting ends at the latest.
    limit: Option<Instant>,
}

impl<K: Clock, D: DelayNs> Timer<'_, K, D> {
    /// Waits for `waiting`. Returns None if the time `due` comes first.
    async fn unless_due<F: Future>(
        &mut self,
        due: Option<Instant>,
        waiting: F,
    ) -> Option<F::Output> {
        let Some(until) = [due, self.limit].into_iter().flatten().min() else {
            return Some(waiting.await);
        };
        let micros = until.since(self.clock.now()).as_micros();
        // The longest possible delay is over an hour. To wait longer, callers wait again.
        let delay = self
            .delay
            .delay_us(u32::try_from(micros).unwrap_or(u32::MAX));
        match select(waiting, delay).await {
            Either::First(output) => Some(output),
            Either::Second(()) => None,
        }
    }
}

impl<L, K, D, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize, E> Calling
    for YieldingCaller<L, K, D, Client<FRAME, WINDOW, NUMBERS, E>>
where
    L: Read + Write,
    K: Clock,
    D: DelayNs,
    E: EventMemory,
{
    type Calls = Client<FRAME, WINDOW, NUMBERS, E>;

    fn with<T>(&mut self, action: impl FnOnce(&mut Self::Calls, Instant) -> T) -> T {
        action(&mut self.client, self.clock.now())
    }

    fn take(&mut self, call: Ticket) -> Result<Answer<'_>, CallError> {
        self.client
            .take(call)
            .unwrap_or(Err(CallError::Disconnected))
    }
}

impl<L, K, D, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize, E> AsyncCaller
    for YieldingCaller<L, K, D, Client<FRAME, WINDOW, NUMBERS, E>>
where
    L: Read + Write,
    K: Clock,
    D: DelayNs,
    E: EventMemory,
{
    type Stream<'a, P: StreamProcedure>
        = Stream<'a, Self, P>
    where
        Self: 'a;
    type Subscription<V: Event> = Subscription<V>;

    async fn wait<O: Operation>(&mut self, operation: &mut O) -> O::Output {
        loop {
            let now = self.clock.now();
            if let Poll::Ready(output) = operation.poll(&mut self.client, now) {
                return output;
            }
            self.turn(operation.limit()).await;
        }
    }

    fn stream<'a, P: StreamProcedure>(
        &'a mut self,
        arguments: P::Arguments<'a>,
    ) -> Stream<'a, Self, P> {
        Stream::new(self, arguments)
    }

    async fn subscribe<V: Event>(&mut self) -> Result<Subscription<V>, CallError<SubscribeError>> {
        let subscription = Subscription::new(self.client.lost_events());
        let subscribing = Client::<FRAME, WINDOW, NUMBERS, E>::subscribing(V::KEY);
        Running::new(&mut *self, subscribing).wait_async().await?;
        Ok(subscription)
    }
}
