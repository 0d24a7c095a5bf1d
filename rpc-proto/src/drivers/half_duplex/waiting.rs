//! The half-duplex link for drivers that let other tasks run while they wait.

use super::{HalfDuplex, Phase, only_delimiters, put_first};
use crate::wire::frame::DELIMITER;
use core::convert::Infallible;
use core::task::Poll;
use embassy_futures::poll_once;
use embassy_futures::select::{Either, select};
use embedded_hal::digital::OutputPin;
use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{Read, Write};

impl<L, P, D> HalfDuplex<L, P, D>
where
    L: Read + Write,
    P: OutputPin<Error = Infallible>,
    D: DelayNs,
{
    /// Begins to talk, unless the other end is talking.
    async fn begin_async(&mut self) -> Result<(), L::Error> {
        let mut byte = [0];
        // Bytes that wait to be read are available at once.
        while !self.left_behind.is_full()
            && let Poll::Ready(read) = poll_once(self.link.read(&mut byte))
        {
            if read? == 0 {
                break;
            }
            self.keep(byte[0]);
        }
        loop {
            if self.left_behind.is_full() {
                self.give_way();
                return Ok(());
            }
            let wait = self.delay.delay_us(self.turnaround);
            let came = match select(self.link.read(&mut byte), wait).await {
                Either::First(read) => read? > 0,
                Either::Second(()) => false,
            };
            if !came {
                self.talk();
                return Ok(());
            }
            if self.keep(byte[0]) {
                self.give_way();
                return Ok(());
            }
        }
    }

    /// Sends the delimiter that goes before a frame.
    async fn send_due_delimiter_async(&mut self) -> Result<(), L::Error> {
        if !core::mem::take(&mut self.delimiter_due) || self.phase != Phase::Talking {
            return Ok(());
        }
        match self.link.write(&[DELIMITER]).await {
            Ok(sent) => {
                self.note_sent([DELIMITER].get(..sent).unwrap_or_default());
                Ok(())
            }
            Err(error) => {
                self.listen();
                Err(error)
            }
        }
    }

    /// Ends the transmission and listens.
    async fn end_async(&mut self) -> Result<(), L::Error> {
        let flushed = match self.phase {
            Phase::Listening => return Ok(()),
            Phase::Yielding => Ok(()),
            Phase::Talking => self.link.flush().await,
        };
        self.listen();
        flushed
    }
}

/// For [`serve_async`](crate::server::Server::serve_async) and
/// [`YieldingCaller`](crate::drivers::YieldingCaller), both of which flush what they have sent.
///
/// Its futures may be dropped if the same holds for the link's own `read` and `write`: no byte is lost
/// or sent twice. If a transmission was dropped, the driver stays on until the link is used again, and
/// the other end is not heard meanwhile.
impl<L, P, D> Read for HalfDuplex<L, P, D>
where
    L: Read + Write,
    P: OutputPin<Error = Infallible>,
    D: DelayNs,
{
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, L::Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.end_async().await?;
        if let Some(byte) = self.left_behind.pop_front() {
            return Ok(put_first(buffer, byte));
        }
        while self.echo.is_due() {
            let mut byte = [0];
            if self.link.read(&mut byte).await? == 0 {
                return Ok(0);
            }
            if !self.echo.take(byte[0]) {
                return Ok(put_first(buffer, byte[0]));
            }
        }
        self.link.read(buffer).await
    }
}

impl<L, P, D> Write for HalfDuplex<L, P, D>
where
    L: Read + Write,
    P: OutputPin<Error = Infallible>,
    D: DelayNs,
{
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, L::Error> {
        if bytes.is_empty() {
            return Ok(0);
        }
        if self.phase == Phase::Listening {
            if let Some(delimiters) = only_delimiters(bytes) {
                self.delimiter_due = true;
                return Ok(delimiters);
            }
            self.begin_async().await?;
            self.send_due_delimiter_async().await?;
        }
        if self.phase == Phase::Yielding {
            return Ok(bytes.len());
        }
        match self.link.write(bytes).await {
            Ok(sent) => {
                self.note_sent(bytes.get(..sent).unwrap_or(bytes));
                Ok(sent)
            }
            Err(error) => {
                self.listen();
                Err(error)
            }
        }
    }

    async fn flush(&mut self) -> Result<(), L::Error> {
        self.end_async().await
    }
}
