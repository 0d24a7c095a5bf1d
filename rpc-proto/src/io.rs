//! Thin drivers of both ends over `embedded_io`: they move bytes and decide nothing.

use crate::client::{CallError, Caller, Client, Target, Ticket, Timing, read};
use crate::device::DeviceResolve;
use crate::server::Server;
use crate::service::{Interface, Procedure};
use crate::time::{Clock, Duration};
use core::convert::Infallible;
use embedded_io::{Read, ReadReady, Write, WriteReady};

/// Why serving a link came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError<E> {
    /// The link has no more bytes, or takes none.
    Closed,
    /// The link failed.
    Io(E),
}

impl<E> From<E> for LinkError<E> {
    fn from(error: E) -> Self {
        Self::Io(error)
    }
}

impl<I: Interface, const FRAME: usize, const WINDOW: usize> Server<I, FRAME, WINDOW> {
    /// Serves the link until it fails. Waits inside the link's `read` and `write`, which may put
    /// the processor to sleep.
    ///
    /// # Errors
    /// When the link fails or is closed. It may be called again: what a UART reports as an error,
    /// such as lost bytes, the protocol recovers from.
    pub fn serve<L: Read + Write>(
        &mut self,
        link: &mut L,
    ) -> Result<Infallible, LinkError<L::Error>> {
        loop {
            // Sending comes first, because an earlier error may have left a reply half sent.
            if !self.is_sending() {
                self.receive(read_byte(link)?);
                continue;
            }
            match write_all(link, self.outgoing()) {
                Ok(()) => self.sent_all(),
                Err((sent, error)) => {
                    self.sent(sent);
                    return Err(error);
                }
            }
        }
    }

    /// Does what can be done without waiting, for a loop that has other things to do: sends as
    /// much of a reply as the link takes, and else receives what has come, until a call has run.
    ///
    /// Bytes are taken from the link one by one as they are needed, so none is lost between calls.
    ///
    /// # Errors
    /// When the link fails or is closed.
    pub fn poll<L: Read + ReadReady + Write + WriteReady>(
        &mut self,
        link: &mut L,
    ) -> Result<(), LinkError<L::Error>> {
        while !self.is_sending() && link.read_ready()? {
            self.receive(read_byte(link)?);
        }
        while self.is_sending() && link.write_ready()? {
            let sent = write_some(link, self.outgoing())?;
            self.sent(sent);
        }
        Ok(())
    }
}

fn read_byte<L: Read>(link: &mut L) -> Result<u8, LinkError<L::Error>> {
    let mut byte = [0];
    match link.read(&mut byte)? {
        0 => Err(LinkError::Closed),
        _ => Ok(byte[0]),
    }
}

/// Writes all of `bytes`; if the link fails, tells how many were written.
fn write_all<L: Write>(link: &mut L, bytes: &[u8]) -> Result<(), (usize, LinkError<L::Error>)> {
    let mut sent = 0;
    while let Some(rest @ [_, ..]) = bytes.get(sent..) {
        sent += write_some(link, rest).map_err(|error| (sent, error))?;
    }
    Ok(())
}

fn write_some<L: Write>(link: &mut L, bytes: &[u8]) -> Result<usize, LinkError<L::Error>> {
    match link.write(bytes)? {
        0 => Err(LinkError::Closed),
        sent => Ok(sent),
    }
}

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
    client: Client<FRAME, WINDOW>,
    timeout: Duration,
    /// Direct-mapped: a key has one place, so finding it takes no search and no bookkeeping.
    numbers: [Option<Number>; NUMBERS],
}

/// The number that a device gave a key.
#[derive(Clone, Copy, Debug)]
struct Number {
    key: u32,
    number: u16,
    fingerprint: u32,
}

impl<L, C, const FRAME: usize, const WINDOW: usize, const NUMBERS: usize>
    BlockingCaller<L, C, FRAME, WINDOW, NUMBERS>
where
    L: Read + ReadReady + Write,
    C: Clock,
{
    /// A caller over `link`; see [`Client::new`] for the nonce. Calls have 2 seconds.
    pub const fn new(link: L, clock: C, nonce: u32, timing: Timing) -> Self {
        const { assert!(NUMBERS > 0, "a caller remembers at least one number") }
        Self {
            link,
            clock,
            client: Client::new(nonce, timing),
            timeout: Duration::from_secs(2),
            numbers: [None; NUMBERS],
        }
    }

    /// Sets how long a call may take, finding out its procedure's number included.
    pub const fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// The link, to look at or to use between calls.
    pub const fn link(&mut self) -> &mut L {
        &mut self.link
    }

    /// The state of the caller, for its statistics and what it knows of the device.
    pub const fn client(&self) -> &Client<FRAME, WINDOW> {
        &self.client
    }

    /// Makes a call and waits until it has ended.
    fn wait<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<Ticket, CallError<P::Error>> {
        let target = match Target::known::<P>(self.client.device()) {
            Some(target) => target,
            None => {
                let known = self.number::<P>()?;
                Target::resolved::<P>(known.number, known.fingerprint)
            }
        };
        let deadline = self.clock.now() + self.timeout;
        let ticket = self
            .client
            .start(target, deadline, arguments)
            .map_err(CallError::widen)?;
        while !self.client.is_ended(ticket) {
            if self.exchange().is_err() {
                self.client.link_lost();
                self.client.give_up();
            }
        }
        Ok(ticket)
    }

    /// Sends and receives what is there.
    fn exchange(&mut self) -> Result<(), LinkError<L::Error>> {
        let now = self.clock.now();
        self.client.advance(now);
        loop {
            let outgoing = self.client.outgoing(now);
            if outgoing.is_empty() {
                break;
            }
            let sent = write_some(&mut self.link, outgoing)?;
            self.client.sent(self.clock.now(), sent);
        }
        while self.link.read_ready()? {
            let byte = read_byte(&mut self.link)?;
            self.client.receive(self.clock.now(), byte);
        }
        Ok(())
    }

    /// The number of a procedure of the device's interface, asked for if it is not known.
    fn number<P: Procedure>(&mut self) -> Result<Number, CallError<P::Error>> {
        let place = P::KEY as usize % NUMBERS;
        if let Some(Some(known)) = self.numbers.get(place)
            && known.key == P::KEY
        {
            return Ok(*known);
        }
        let number = self
            .call::<DeviceResolve>(&(P::KEY,))
            .map_err(CallError::widen)?
            .ok_or(CallError::NoSuchProcedure)?;
        let device = self.client.device().ok_or(CallError::InterfaceChanged)?;
        let number = Number {
            key: P::KEY,
            number,
            fingerprint: device.fingerprint,
        };
        if let Some(known) = self.numbers.get_mut(place) {
            *known = Some(number);
        }
        Ok(number)
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
        let mut ticket = self.wait::<P>(arguments)?;
        while self.client.failure(ticket) == Some(CallError::InterfaceChanged) {
            // It is not the device that it was taken for, and the call never ran.
            self.client.abandon(ticket);
            self.numbers = [None; NUMBERS];
            ticket = self.wait::<P>(arguments)?;
        }
        match self.client.take(ticket) {
            Some(Ok(answer)) => read::<P>(answer),
            Some(Err(error)) => Err(error.widen()),
            None => Err(CallError::Disconnected),
        }
    }
}
