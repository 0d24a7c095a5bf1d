//! The drivers of a server: `serve` for a device with nothing else to do, `poll` for a loop with other
//! work, `serve_async` for one task among others.
//!
//! All of them pass received bytes to the server one by one until it has a reply, then send that. There
//! are two `serve`s, because one that also sends events needs a link that reports whether a byte has
//! arrived.

use super::{LinkError, read_byte, write_some};
use crate::events::EventQueue;
use crate::server::{EventSource, Put, Server};
use crate::service::{Dispatch, DispatchAsync, Interface};
use core::convert::Infallible;
use core::ops::Deref;
use embassy_futures::select::{Either, select};
use embedded_io::{Read, ReadReady, Write, WriteReady};

impl<I: Interface, const FRAME: usize, const WINDOW: usize> Server<I, FRAME, WINDOW> {
    /// Serves the link until it fails. Waits inside the link's `read` and `write`, which may put the
    /// processor to sleep. It does not flush: written bytes have to go out by themselves, as they do
    /// from a UART.
    ///
    /// # Errors
    /// Fails if the link fails or is closed. It may be called again: the protocol recovers from errors
    /// that a UART reports, such as lost bytes.
    pub fn serve<L: Read + Write>(
        &mut self,
        link: &mut L,
    ) -> Result<Infallible, LinkError<L::Error>>
    where
        I: Dispatch,
    {
        let () = Self::BOUNDS;
        loop {
            // Sending comes first, because an earlier error may have left a reply partly sent.
            if self.is_replying() {
                self.send(link)?;
            } else {
                self.receive_from(|| read_byte(link))?;
            }
        }
    }
}

impl<
    I: Interface,
    const FRAME: usize,
    const WINDOW: usize,
    Q,
    const BYTES: usize,
    const TOPICS: usize,
> Server<I, FRAME, WINDOW, Q>
where
    Q: Deref<Target = EventQueue<BYTES, TOPICS>>,
{
    /// Serves the link until it fails, like the `serve` of a server without events.
    ///
    /// Events from procedures are sent at once. Events from interrupts are sent after the next byte
    /// arrives, because the link's `read` waits for nothing else; a caller with a subscription asks
    /// every half second. A loop around [`poll`](Self::poll) and [`serve_async`](Self::serve_async)
    /// send them at once.
    ///
    /// # Errors
    /// Fails if the link fails or is closed.
    pub fn serve<L: Read + ReadReady + Write>(
        &mut self,
        link: &mut L,
    ) -> Result<Infallible, LinkError<L::Error>>
    where
        I: Dispatch,
    {
        let () = Self::BOUNDS;
        loop {
            self.receive_ready(link)?;
            if !self.send(link)? {
                self.receive(read_byte(link)?);
            }
        }
    }
}

impl<I: Interface, const FRAME: usize, const WINDOW: usize, Q: EventSource>
    Server<I, FRAME, WINDOW, Q>
{
    /// Does everything that is possible without waiting, for a loop with other work: receives the
    /// available bytes until a call has run, and sends as much of the reply as the link accepts.
    ///
    /// Bytes are taken from the link one by one as they are needed, so none is lost between calls. Like
    /// [`serve`](Self::serve), it does not flush. [`drivers`](crate::drivers) has an example.
    ///
    /// # Errors
    /// Fails if the link fails or is closed.
    pub fn poll<L: Read + ReadReady + Write + WriteReady>(
        &mut self,
        link: &mut L,
    ) -> Result<(), LinkError<L::Error>>
    where
        I: Dispatch,
    {
        let () = Self::BOUNDS;
        self.receive_ready(link)?;
        while !self.outgoing().is_empty() && link.write_ready()? {
            let sent = write_some(link, self.outgoing())?;
            self.sent(sent);
        }
        Ok(())
    }

    /// Sends all outgoing bytes, and waits for that. Returns false if there are none.
    fn send<L: Write>(&mut self, link: &mut L) -> Result<bool, LinkError<L::Error>> {
        let outgoing = self.outgoing();
        if outgoing.is_empty() {
            return Ok(false);
        }
        match write_all(link, outgoing) {
            Ok(()) => {
                self.sent_all();
                Ok(true)
            }
            Err((sent, error)) => {
                self.sent(sent);
                Err(error)
            }
        }
    }

    /// Receives the available bytes until there is a reply to send. Calls thus go before events, so
    /// that a device with many events still answers calls.
    fn receive_ready<L: Read + ReadReady>(
        &mut self,
        link: &mut L,
    ) -> Result<(), LinkError<L::Error>>
    where
        I: Dispatch,
    {
        while !self.is_replying() && link.read_ready()? {
            self.receive(read_byte(link)?);
        }
        Ok(())
    }

    /// Serves like `serve`, but over a link that lets other tasks run while it waits, and with
    /// procedures that do.
    ///
    /// While a procedure waits, events are sent as soon as they are emitted, and nothing is received. It
    /// takes a byte at a time from the link, so that the others stay there, in the buffer of a link that
    /// receives by interrupt or DMA. Callers send ahead no more than the buffer
    /// [announced](Self::announce_buffer), but repeat a call that takes long: ten times or so in the first
    /// third of the time that it has, and a few dozen times in all. What finds the buffer full is lost,
    /// which costs no call.
    ///
    /// The server stays borrowed meanwhile. What procedures share with other tasks belongs outside of
    /// the interface, in a mutex.
    ///
    /// # Cancel safety
    /// It may be dropped at any time and called again if the same holds for the link's own `read` and
    /// `write`: no byte is lost or sent twice. A server with events drops the link's `read` itself when
    /// there is an event to send, but neither a `write` nor a procedure because of the other. If it is
    /// dropped, a procedure that it was waiting for is dropped with it. That call
    /// counts as run and is not answered; at its deadline, its caller gets an unknown outcome.
    ///
    /// # Errors
    /// Fails if the link fails or is closed, like `serve`. A procedure that waits then goes on to its end
    /// first, and its reply is sent when it is called again.
    pub async fn serve_async<L>(&mut self, link: &mut L) -> Result<Infallible, LinkError<L::Error>>
    where
        I: DispatchAsync,
        L: embedded_io_async::Read + embedded_io_async::Write,
    {
        let () = Self::BOUNDS;
        // An earlier future may have been dropped before it flushed.
        link.flush().await?;
        loop {
            let mut byte = [0];
            let read = if self.is_replying() {
                None
            } else if Self::HAS_EVENTS {
                // The byte is polled first, so that calls go before events.
                match select(link.read(&mut byte), self.event()).await {
                    Either::First(read) => Some(read),
                    Either::Second(()) => None,
                }
            } else {
                Some(link.read(&mut byte).await)
            };
            if let Some(read) = read {
                if read? == 0 {
                    return Err(LinkError::Closed);
                }
                self.receive_beside(byte[0], &mut Sending(link)).await?;
                continue;
            }
            let outgoing = self.outgoing();
            if outgoing.is_empty() {
                // An event that did not fit a frame was dropped.
                continue;
            }
            let sent = Sending(link).put(outgoing).await?;
            self.sent(sent);
            // The link has accepted the last byte. Now flush the bytes that it holds back.
            if self.outgoing().is_empty() {
                link.flush().await?;
            }
        }
    }
}

/// A link as a server sends to it.
struct Sending<'l, L>(&'l mut L);

impl<L: embedded_io_async::Write> Put for Sending<'_, L> {
    type Error = LinkError<L::Error>;

    async fn put(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        if bytes.is_empty() {
            self.0.flush().await?;
            return Ok(0);
        }
        match self.0.write(bytes).await? {
            0 => Err(LinkError::Closed),
            sent => Ok(sent),
        }
    }
}

/// Writes all of `bytes`. If the link fails, returns how many were written.
fn write_all<L: Write>(link: &mut L, bytes: &[u8]) -> Result<(), (usize, LinkError<L::Error>)> {
    let mut sent = 0;
    while let Some(rest @ [_, ..]) = bytes.get(sent..) {
        sent += write_some(link, rest).map_err(|error| (sent, error))?;
    }
    Ok(())
}
