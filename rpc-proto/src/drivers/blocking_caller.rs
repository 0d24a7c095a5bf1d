//! A caller for a program that has nothing else to do while it waits.

use super::{LinkError, read_byte, write_some};
use crate::client::{
    Answer, CallError, Caller, Calling, Cause, Client, EventMemory, Operation, ReceivedEvent,
    Running, Stream, Subscription, Ticket,
};
use crate::device::SubscribeError;
use crate::service::{Event, StreamProcedure};
use crate::time::{Clock, Duration, Instant};
use core::task::Poll;
use embedded_io::{Read, ReadReady, Write};

/// A caller that waits by polling the link, for a microcontroller that has nothing else to do
/// meanwhile.
///
/// It consists of a link, a clock and a [`Client`], which sets the length of frames and the number of
/// calls in flight:
///
/// ```
/// # use rpc_proto::{client::{Client, Timing}, time::Instant};
/// # fn make<L: embedded_io::Read + embedded_io::ReadReady + embedded_io::Write>(uart: L) {
/// use rpc_proto::drivers::BlockingCaller;
/// # let clock = || Instant::from_micros(0);
/// let caller = BlockingCaller::new(uart, clock, Client::<64>::new(1, Timing::default()));
/// # }
/// ```
#[derive(Debug)]
pub struct BlockingCaller<L, K, C> {
    link: L,
    clock: K,
    client: C,
}

impl<L, K, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize, E>
    BlockingCaller<L, K, Client<FRAME, WINDOW, NUMBERS, E>>
where
    L: Read + ReadReady + Write,
    K: Clock,
    E: EventMemory,
{
    /// Creates a caller over `link`.
    pub const fn new(link: L, clock: K, client: Client<FRAME, WINDOW, NUMBERS, E>) -> Self {
        Self {
            link,
            clock,
            client,
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
    pub fn next_event(&mut self, timeout: Duration) -> Option<ReceivedEvent<'_>> {
        let limit = self.clock.now() + timeout;
        while !self.client.has_event() && self.clock.now() < limit {
            self.turn();
        }
        self.client.next_event()
    }

    /// Sends and receives the available bytes.
    fn turn(&mut self) {
        if self.try_turn().is_err() {
            self.client.link_lost();
            self.client
                .give_up(CallError::Disconnected, Cause::Disconnected);
        }
    }

    fn try_turn(&mut self) -> Result<(), LinkError<L::Error>> {
        let now = self.clock.now();
        self.client.advance(now);
        let mut held_back = false;
        loop {
            let outgoing = self.client.outgoing(now);
            if outgoing.is_empty() {
                break;
            }
            let sent = write_some(&mut self.link, outgoing)?;
            self.client.sent(self.clock.now(), sent);
            held_back = true;
        }
        if held_back {
            self.link.flush()?;
        }
        while self.link.read_ready()? {
            let byte = read_byte(&mut self.link)?;
            self.client.receive(self.clock.now(), byte);
        }
        Ok(())
    }
}

impl<L, K, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize, E> Calling
    for BlockingCaller<L, K, Client<FRAME, WINDOW, NUMBERS, E>>
where
    L: Read + ReadReady + Write,
    K: Clock,
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

impl<L, K, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize, E> Caller
    for BlockingCaller<L, K, Client<FRAME, WINDOW, NUMBERS, E>>
where
    L: Read + ReadReady + Write,
    K: Clock,
    E: EventMemory,
{
    type Stream<'a, P: StreamProcedure>
        = Stream<'a, Self, P>
    where
        Self: 'a;
    type Subscription<V: Event> = Subscription<V>;

    fn wait<O: Operation>(&mut self, operation: &mut O) -> O::Output {
        loop {
            let now = self.clock.now();
            if let Poll::Ready(output) = operation.poll(&mut self.client, now) {
                return output;
            }
            self.turn();
        }
    }

    fn stream<'a, P: StreamProcedure>(
        &'a mut self,
        arguments: P::Arguments<'a>,
    ) -> Stream<'a, Self, P> {
        Stream::new(self, arguments)
    }

    fn subscribe<V: Event>(&mut self) -> Result<Subscription<V>, CallError<SubscribeError>> {
        let subscription = Subscription::new(self.client.lost_events());
        let subscribing = Client::<FRAME, WINDOW, NUMBERS, E>::subscribing(V::KEY);
        Running::new(&mut *self, subscribing).wait()?;
        Ok(subscription)
    }
}
