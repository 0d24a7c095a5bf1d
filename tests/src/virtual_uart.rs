//! UARTs in virtual time, for the drivers: one whose user waits for it among others, and one whose
//! user has nothing else to do.

use crate::blocking::{Blocking, Timed};
use crate::line::{Faults, Line, Pace};
use crate::virtual_time::VirtualTime;
use embedded_io::{ErrorType, ReadReady};
use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// One end of a line each way. It sends a byte at a time, so that it can be dropped between any
/// two; dropping loses nothing.
#[derive(Clone, Debug)]
pub struct VirtualUart {
    time: VirtualTime,
    sending: Rc<RefCell<Line>>,
    receiving: Rc<RefCell<Line>>,
    /// The number of bytes that it still takes.
    room: usize,
}

impl VirtualUart {
    /// Returns the caller's and the device's end of a link with those faults to the device and
    /// back.
    #[must_use]
    pub fn pair(time: &VirtualTime, pace: Pace, faults: [Faults; 2], seed: u64) -> [Self; 2] {
        let lines = Line::pair(pace, faults, seed);
        let [to_device, to_caller] = lines.map(|line| Rc::new(RefCell::new(line)));
        let end = |sending: &Rc<RefCell<Line>>, receiving: &Rc<RefCell<Line>>| Self {
            time: time.clone(),
            sending: Rc::clone(sending),
            receiving: Rc::clone(receiving),
            room: usize::MAX,
        };
        [end(&to_device, &to_caller), end(&to_caller, &to_device)]
    }

    /// Returns a link without faults at 115,200 baud.
    #[must_use]
    pub fn good_pair(time: &VirtualTime) -> [Self; 2] {
        Self::pair(time, Pace::uart(115_200), [Faults::NONE; 2], 1)
    }

    /// Takes that many more bytes to send, and then none, as with flow control.
    pub const fn set_room(&mut self, bytes: usize) {
        self.room = bytes;
    }

    /// Sends bytes at once, and does not wait until they are out.
    pub fn queue(&self, bytes: &[u8]) {
        let mut line = self.sending.borrow_mut();
        for &byte in bytes {
            line.send(self.time.now(), byte);
        }
        self.time.note();
    }

    /// Returns the bytes that have arrived.
    #[must_use]
    pub fn received(&self) -> Vec<u8> {
        let mut line = self.receiving.borrow_mut();
        std::iter::from_fn(|| line.receive(self.time.now())).collect()
    }

    /// Is ready once the last sent byte is out.
    fn poll_sent(&self) -> Poll<()> {
        let ready_at = self.sending.borrow().ready_at();
        if self.time.now() >= ready_at {
            return Poll::Ready(());
        }
        self.time.wake_at(ready_at);
        Poll::Pending
    }
}

impl ErrorType for VirtualUart {
    type Error = Infallible;
}

impl embedded_io_async::Read for VirtualUart {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|_| {
            let mut line = self.receiving.borrow_mut();
            let mut count = 0;
            while let Some(place) = buffer.get_mut(count) {
                let Some(byte) = line.receive(self.time.now()) else {
                    break;
                };
                *place = byte;
                count += 1;
            }
            if count > 0 || buffer.is_empty() {
                return Poll::Ready(Ok(count));
            }
            if let Some(arrival) = line.next_arrival() {
                self.time.wake_at(arrival);
            }
            Poll::Pending
        })
        .await
    }
}

impl embedded_io_async::Write for VirtualUart {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let Some(&byte) = bytes.first() else {
            return Ok(0);
        };
        poll_fn(|_| {
            if self.room == 0 || self.poll_sent().is_pending() {
                return Poll::Pending;
            }
            self.room -= 1;
            self.queue(&[byte]);
            Poll::Ready(Ok(1))
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        poll_fn(|_| self.poll_sent().map(Ok)).await
    }
}

/// A UART that sends its bytes only when it is flushed.
#[derive(Debug)]
pub struct HoldingBack {
    uart: VirtualUart,
    held: Vec<u8>,
}

impl From<VirtualUart> for HoldingBack {
    fn from(uart: VirtualUart) -> Self {
        let held = Vec::new();
        Self { uart, held }
    }
}

impl ErrorType for HoldingBack {
    type Error = Infallible;
}

impl embedded_io_async::Read for HoldingBack {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        embedded_io_async::Read::read(&mut self.uart, buffer).await
    }
}

impl embedded_io_async::Write for HoldingBack {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.held.extend(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        while !self.held.is_empty() {
            let sent = embedded_io_async::Write::write(&mut self.uart, &self.held).await?;
            self.held.drain(..sent);
        }
        embedded_io_async::Write::flush(&mut self.uart).await
    }
}

impl ReadReady for VirtualUart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        let arrival = self.receiving.borrow().next_arrival();
        Ok(arrival.is_some_and(|arrival| arrival <= self.time.now()))
    }
}

impl Timed for VirtualUart {
    fn time(&self) -> &VirtualTime {
        &self.time
    }
}

/// The same for a program that has nothing else to do.
pub type BlockingUart<'w, W> = Blocking<'w, VirtualUart, W>;
