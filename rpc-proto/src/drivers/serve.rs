//! The drivers of a server: `serve` for a device with nothing else to do, `poll` for a loop that has,
//! `serve_async` for a task among others.
//!
//! All of them do the same: hand received bytes to the server one by one, until it has a reply; then
//! send that. There are two `serve`s, because one that also sends events needs a link that can tell
//! whether a byte has come.

use super::{LinkError, read_byte, write_some};
use crate::events::EventQueue;
use crate::server::{EventSource, Server};
use crate::service::{Dispatch, DispatchAsync, Interface};
use core::convert::Infallible;
use core::ops::Deref;
use embassy_futures::select::{Either, select};
use embedded_io::{Read, ReadReady, Write, WriteReady};

impl<I: Interface, const FRAME: usize, const WINDOW: usize> Server<I, FRAME, WINDOW> {
    /// Serves the link until it fails. Waits inside the link's `read` and `write`, which may put
    /// the processor to sleep. It does not flush: what is written has to go out by itself, as it
    /// does from a UART.
    ///
    /// # Errors
    /// When the link fails or is closed. It may be called again: what a UART reports as an error,
    /// such as lost bytes, the protocol recovers from.
    pub fn serve<L: Read + Write>(
        &mut self,
        link: &mut L,
    ) -> Result<Infallible, LinkError<L::Error>>
    where
        I: Dispatch,
    {
        let () = Self::BOUNDS;
        loop {
            // Sending comes first, because an earlier error may have left a reply half sent.
            if self.is_replying() {
                self.send(link)?;
                continue;
            }
            self.receive(read_byte(link)?);
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
    /// Serves the link until it fails, as a server without events does.
    ///
    /// Events of procedures are sent at once. Those of interrupts are when the next byte is received,
    /// because the link's `read` waits for nothing else; a caller with a subscription asks every half
    /// second. A loop around [`poll`](Self::poll) and [`serve_async`](Self::serve_async) send them at once.
    ///
    /// # Errors
    /// When the link fails or is closed.
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
            if self.outgoing().is_empty() {
                self.receive(read_byte(link)?);
            } else {
                self.send(link)?;
            }
        }
    }
}

impl<I: Interface, const FRAME: usize, const WINDOW: usize, Q: EventSource>
    Server<I, FRAME, WINDOW, Q>
{
    /// Does what can be done without waiting, for a loop that has other things to do: receives what
    /// has come, until a call has run, and sends as much of the reply as the link takes.
    ///
    /// Bytes are taken from the link one by one as they are needed, so none is lost between calls.
    /// As [`serve`](Self::serve), it does not flush. [`drivers`](crate::drivers) has an example.
    ///
    /// # Errors
    /// When the link fails or is closed.
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

    /// Sends all there is to send, and waits for that.
    fn send<L: Write>(&mut self, link: &mut L) -> Result<(), LinkError<L::Error>> {
        match write_all(link, self.outgoing()) {
            Ok(()) => {
                self.sent_all();
                Ok(())
            }
            Err((sent, error)) => {
                self.sent(sent);
                Err(error)
            }
        }
    }

    /// Receives what has come, until there is a reply to send. Calls thus go before events, lest a
    /// device with much to tell answers none.
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

    /// As `serve`, for a link that lets other tasks run while it waits, and for
    /// procedures that do.
    ///
    /// It takes a byte at a time from the link, so that the others stay there while a procedure
    /// waits; a link that receives by interrupt or DMA keeps them.
    ///
    /// # Cancel safety
    /// It may be dropped at any time and called again, if the link's own `read` and `write` may: no
    /// byte is lost or sent twice. A server with events drops the link's `read` itself, when there is
    /// one to send. A procedure that it was waiting for is dropped with it; that call counts as run
    /// and is not answered, and its caller is told at its deadline that the outcome is unknown.
    ///
    /// # Errors
    /// When the link fails or is closed, as with `serve`.
    pub async fn serve_async<L>(&mut self, link: &mut L) -> Result<Infallible, LinkError<L::Error>>
    where
        I: DispatchAsync,
        L: embedded_io_async::Read + embedded_io_async::Write,
    {
        let () = Self::BOUNDS;
        // An earlier one may have been dropped before it got to that.
        link.flush().await?;
        loop {
            let mut byte = [0];
            let read = if self.is_replying() {
                None
            } else if Self::HAS_EVENTS {
                // The byte first, for the same reason as above.
                match select(link.read(&mut byte), self.event()).await {
                    Either::First(read) => Some(read),
                    Either::Second(()) => None,
                }
            } else {
                Some(link.read(&mut byte).await)
            };
            if let Some(read) = read {
                match read? {
                    0 => return Err(LinkError::Closed),
                    _ => self.receive_async(byte[0]).await,
                }
                continue;
            }
            let outgoing = self.outgoing();
            if outgoing.is_empty() {
                // It was an event that does not fit a frame.
                continue;
            }
            match link.write(outgoing).await? {
                0 => return Err(LinkError::Closed),
                sent => self.sent(sent),
            }
            // The last byte is in the link's hands; what it holds back goes out now.
            if self.outgoing().is_empty() {
                link.flush().await?;
            }
        }
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
