//! A caller for a program that has nothing else to do while it waits.

use super::calling::{Begun, Calling};
use super::{LinkError, read_byte, write_some};
use crate::client::{CallError, Caller, Client, Ticket, Timing};
use crate::service::Procedure;
use crate::time::{Clock, Duration};
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

    /// Sends and receives what is there.
    fn exchange(&mut self) {
        if self.try_exchange().is_err() {
            self.calling.link_lost();
        }
    }

    fn try_exchange(&mut self) -> Result<(), LinkError<L::Error>> {
        let now = self.clock.now();
        self.calling.client.advance(now);
        loop {
            let outgoing = self.calling.client.outgoing(now);
            if outgoing.is_empty() {
                break;
            }
            let sent = write_some(&mut self.link, outgoing)?;
            self.calling.client.sent(self.clock.now(), sent);
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
            match self.calling.begin::<P>(deadline, arguments)? {
                Begun::Nothing => self.exchange(),
                Begun::Question(question) => {
                    self.wait(question);
                    self.calling.learn::<P>(question)?;
                }
                Begun::Call(call) => {
                    self.wait(call);
                    if !self.calling.was_mistaken(call) {
                        break call;
                    }
                }
            }
        };
        self.calling.take::<P>(call)
    }
}
