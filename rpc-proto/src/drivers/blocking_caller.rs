//! A caller for a program that has nothing else to do while it waits.

use super::calling::{Begun, Calling};
use super::{LinkError, read_byte, write_some};
use crate::client::{Answer, CallError, Caller, Client, PipelinedCaller, Ticket, Timing};
use crate::device::DevicePing;
use crate::service::{FeedProcedure, Procedure};
use crate::time::{Clock, Duration};
use core::iter::Peekable;
use embedded_io::{Read, ReadReady, Write};

/// A caller that waits for each call by asking the link again and again, for a microcontroller
/// that has nothing else to do meanwhile.
///
/// It remembers the numbers of the procedures that it called, `NUMBERS` at most; calling more
/// procedures than that in turn costs a round trip for each that was forgotten.
#[derive(Debug)]
pub struct BlockingCaller<
    L,
    C,
    const FRAME: usize,
    const WINDOW: usize = 1,
    const NUMBERS: usize = 8,
> {
    link: L,
    clock: C,
    calling: Calling<FRAME, WINDOW, NUMBERS>,
}

impl<L, C, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize>
    BlockingCaller<L, C, FRAME, WINDOW, NUMBERS>
where
    L: Read + ReadReady + Write,
    C: Clock,
{
    /// A caller over `link`; see [`Client::new`] for the nonce. Calls have 2 seconds.
    pub const fn new(link: L, clock: C, nonce: u32, timing: Timing) -> Self {
        Self {
            link,
            clock,
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
    fn wait(&mut self, call: Ticket) {
        while !self.calling.client.is_ended(call) {
            self.exchange();
        }
    }

    /// The call that was begun, or None when what it needs first has been done.
    fn begun<P: Procedure>(&mut self, begun: Begun) -> Result<Option<Ticket>, CallError> {
        match begun {
            Begun::Nothing => self.exchange(),
            Begun::Question(question) => {
                self.wait(question);
                self.calling.learn::<P>(question)?;
            }
            Begun::Call(call) => return Ok(Some(call)),
        }
        Ok(None)
    }

    /// Sends and receives what is there.
    fn exchange(&mut self) {
        if self.try_exchange().is_err() {
            self.calling.link_lost();
        }
    }

    fn try_exchange(&mut self) -> Result<(), LinkError<L::Error>> {
        let now = self.clock.now();
        self.calling.client.advance(now);
        let mut held_back = false;
        loop {
            let outgoing = self.calling.client.outgoing(now);
            if outgoing.is_empty() {
                break;
            }
            let sent = write_some(&mut self.link, outgoing)?;
            self.calling.client.sent(self.clock.now(), sent);
            held_back = true;
        }
        if held_back {
            self.link.flush()?;
        }
        while self.link.read_ready()? {
            let byte = read_byte(&mut self.link)?;
            self.calling.client.receive(self.clock.now(), byte);
        }
        Ok(())
    }
}

impl<L, C, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize> Caller
    for BlockingCaller<L, C, FRAME, WINDOW, NUMBERS>
where
    L: Read + ReadReady + Write,
    C: Clock,
{
    fn call<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<P::Value<'_>, CallError<P::Error>> {
        let deadline = self.clock.now() + self.calling.timeout;
        let call = loop {
            let now = self.clock.now();
            let begun = self.calling.begin::<P>(now, deadline, arguments)?;
            if let Some(call) = self.begun::<P>(begun).map_err(CallError::widen)? {
                self.wait(call);
                if !self.calling.was_mistaken(call) {
                    break call;
                }
            }
        };
        self.calling.take::<P>(call)
    }
}

impl<L, C, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize> PipelinedCaller
    for BlockingCaller<L, C, FRAME, WINDOW, NUMBERS>
where
    L: Read + ReadReady + Write,
    C: Clock,
{
    type Pending = Ticket;

    fn window(&mut self) -> usize {
        self.calling.window()
    }

    fn max_frame(&self) -> usize {
        self.calling.max_frame()
    }

    fn room<P: Procedure>(&mut self) -> usize {
        self.calling.room::<P>()
    }

    fn submit<P: Procedure>(&mut self, arguments: &P::Arguments<'_>) -> Result<Ticket, CallError> {
        let deadline = self.clock.now() + self.calling.timeout;
        loop {
            let now = self.clock.now();
            let begun = self
                .calling
                .begin_with::<P>(now, deadline, |client, target| {
                    client.start(target, deadline, arguments)
                });
            if let Some(call) = self.begun::<P>(begun?)? {
                return Ok(call);
            }
        }
    }

    fn submit_items<P: FeedProcedure>(
        &mut self,
        head: &P::Head<'_>,
        items: &mut Peekable<impl Iterator<Item = P::Item>>,
    ) -> Result<(Ticket, u8), CallError> {
        if self.calling.client.device().is_none() {
            // How much fits a frame is known when the device has announced itself, which any call
            // makes it do. Any answer will do.
            let nothing: &[u8] = &[];
            let answer = self.call::<DevicePing>(&(nothing,)).err();
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
            if let Some(call) = self.begun::<P>(begun?)? {
                return Ok((call, count));
            }
        }
    }

    fn wait<'p>(&'p mut self, pending: &'p mut Ticket) -> Result<Answer<'p>, CallError> {
        Self::wait(self, *pending);
        self.calling.end(*pending)
    }

    fn forget(&mut self, pending: Ticket) {
        self.calling.client.abandon(pending);
    }
}
