//! A caller for a task among others: it lets them run while it waits.

use super::LinkError;
use super::calling::{Begun, Calling};
use crate::client::{AsyncCaller, CallError, Client, Ticket, Timing};
use crate::service::Procedure;
use crate::time::{Clock, Duration};
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
/// # Cancel safety
/// A call may be dropped before it has ended, if the link's own `read` and `write` may. It is then as
/// if nobody waited for it: if it was sent, it runs once or never, and the next call waits until the
/// device has room for it.
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

    /// Waits until a call has ended.
    async fn wait(&mut self, call: Ticket) {
        while !self.calling.client.is_ended(call) {
            self.exchange().await;
        }
    }

    /// Sends what is there, and waits for something to receive or to be due.
    async fn exchange(&mut self) {
        if self.try_exchange().await.is_err() {
            self.calling.link_lost();
        }
    }

    async fn try_exchange(&mut self) -> Result<(), LinkError<L::Error>> {
        let client = &mut self.calling.client;
        client.advance(self.clock.now());
        let mut held_back = false;
        loop {
            let outgoing = client.outgoing(self.clock.now());
            if outgoing.is_empty() {
                break;
            }
            match self.link.write(outgoing).await? {
                0 => return Err(LinkError::Closed),
                sent => client.sent(self.clock.now(), sent),
            }
            held_back = true;
        }
        if held_back {
            self.link.flush().await?;
        }
        let Some(deadline) = client.deadline() else {
            return Ok(());
        };
        let wait = deadline.since(self.clock.now()).as_micros();
        let wait = u32::try_from(wait).unwrap_or(u32::MAX);
        let mut received = [0; CHUNK];
        let read = self.link.read(&mut received);
        match select(read, self.delay.delay_us(wait)).await {
            Either::First(read) => match received.get(..read?) {
                None | Some([]) => Err(LinkError::Closed),
                Some(received) => {
                    let now = self.clock.now();
                    for &byte in received {
                        client.receive(now, byte);
                    }
                    Ok(())
                }
            },
            Either::Second(()) => Ok(()),
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
    async fn call<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<P::Value<'_>, CallError<P::Error>> {
        let deadline = self.clock.now() + self.calling.timeout;
        let call = loop {
            match self.calling.begin::<P>(deadline, arguments)? {
                Begun::Nothing => self.exchange().await,
                Begun::Question(question) => {
                    self.wait(question).await;
                    self.calling.learn::<P>(question)?;
                }
                Begun::Call(call) => {
                    self.wait(call).await;
                    if !self.calling.was_mistaken(call) {
                        break call;
                    }
                }
            }
        };
        self.calling.take::<P>(call)
    }
}
