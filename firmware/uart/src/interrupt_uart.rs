//! Makes a link of a UART whose HAL handles only single bytes: received bytes are queued by
//! interrupt, and sending waits.
//!
//! Receiving by interrupt lets bytes come in while a procedure runs. Sending needs no queue: a
//! device only answers requests, and has nothing to do until the answer is sent.
//!
//! HALs agree on the traits of `embedded-hal-nb` and on little else: some have `embedded-io` of an
//! older version or none at all, and none of them receives by interrupt. So all the blocking boards
//! share this; a board adds its pins, its baud rate and four lines of interrupt handler.

use crate::ring::ByteRing;
use core::cell::Cell;
use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};
use critical_section::Mutex;
use embedded_hal_nb::nb;
use embedded_hal_nb::serial::{self, Error as _, ErrorKind};
use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};

/// The receiving half `R` of a UART, in a `static` that its interrupt handler can access, and up to
/// `N` received bytes, `N` being a power of two.
pub struct Receiver<R, const N: usize> {
    half: Mutex<Cell<Option<R>>>,
    received: ByteRing<N>,
    /// The number of times that received bytes were lost; wraps around.
    overruns: AtomicU32,
}

impl<R, const N: usize> Receiver<R, N> {
    /// Creates a receiver without a UART; [`InterruptUart::start`] adds one.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            half: Mutex::new(Cell::new(None)),
            received: ByteRing::new(),
            overruns: AtomicU32::new(0),
        }
    }

    /// Returns true if no received byte waits to be read.
    pub fn is_empty(&self) -> bool {
        self.received.is_empty()
    }
}

impl<R: serial::Read, const N: usize> Receiver<R, N> {
    /// Queues the bytes that the UART has received: the whole work of its interrupt handler.
    pub fn on_interrupt(&self) {
        // Taken out, so that higher interrupts are not held up while the bytes are fetched.
        let Some(mut half) = critical_section::with(|section| self.half.borrow(section).take())
        else {
            return;
        };
        loop {
            match half.read() {
                Ok(byte) if self.received.push(byte).is_ok() => {}
                Ok(_) => self.count_overrun(),
                Err(nb::Error::WouldBlock) => break,
                Err(nb::Error::Other(error)) if error.kind() == ErrorKind::Overrun => {
                    self.count_overrun();
                }
                // A byte that was damaged on the line. The protocol detects that by itself.
                Err(nb::Error::Other(_)) => {}
            }
        }
        critical_section::with(|section| self.half.borrow(section).set(Some(half)));
    }

    fn count_overrun(&self) {
        // Not `fetch_add`: this is the only writer, and not every processor has it.
        let overruns = self.overruns.load(Ordering::Relaxed).wrapping_add(1);
        self.overruns.store(overruns, Ordering::Relaxed);
    }
}

impl<R, const N: usize> Default for Receiver<R, N> {
    fn default() -> Self {
        Self::new()
    }
}

/// A UART that receives by interrupt and sends by waiting.
pub struct InterruptUart<R: 'static, T, const N: usize> {
    receiver: &'static Receiver<R, N>,
    transmitter: T,
    sleep: fn(&Receiver<R, N>),
    /// A byte that was written when the UART had no room for it.
    held: Option<u8>,
    /// The number of overruns that were reported to a reader.
    reported: u32,
}

impl<R, T, const N: usize> InterruptUart<R, T, N>
where
    R: serial::Read,
    T: serial::Write,
{
    /// Stores the UART's halves. Unmask the interrupt only after this: until then its handler has
    /// no half to fetch bytes with, and would be called again and again.
    ///
    /// `sleep` halts the processor until an interrupt, unless the receiver has a byte. It must
    /// check for that with interrupts masked, or a byte might slip in between the check and the
    /// sleep: a masked interrupt still ends the sleep of a Cortex-M or a RISC-V.
    pub fn start(
        receiver: &'static Receiver<R, N>,
        half: R,
        transmitter: T,
        sleep: fn(&Receiver<R, N>),
    ) -> Self {
        critical_section::with(|section| receiver.half.borrow(section).set(Some(half)));
        Self {
            receiver,
            transmitter,
            sleep,
            held: None,
            reported: 0,
        }
    }

    /// Sends the held byte if the UART takes it, and returns true if none is held any more.
    fn send_held(&mut self) -> Result<bool, UartError> {
        let Some(byte) = self.held else {
            return Ok(true);
        };
        match self.transmitter.write(byte) {
            Ok(()) => {
                self.held = None;
                Ok(true)
            }
            Err(nb::Error::WouldBlock) => Ok(false),
            Err(nb::Error::Other(error)) => {
                self.held = None;
                Err(UartError::Send(error.kind()))
            }
        }
    }
}

/// An error of a UART.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UartError {
    /// At least that many received bytes were lost since the last read.
    Overrun(u32),
    /// A byte could not be sent.
    Send(ErrorKind),
}

impl fmt::Display for UartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Overrun(_) => "received bytes were lost",
            Self::Send(_) => "a byte could not be sent",
        })
    }
}

impl core::error::Error for UartError {}

impl embedded_io::Error for UartError {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

impl<R, T, const N: usize> ErrorType for InterruptUart<R, T, N> {
    type Error = UartError;
}

impl<R: serial::Read, T: serial::Write, const N: usize> Read for InterruptUart<R, T, N> {
    /// Sleeps while there is nothing to read; written bytes are sent before that.
    ///
    /// # Errors
    /// Returns [`UartError::Overrun`] once for each time that bytes were lost; the other bytes can
    /// still be read.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, UartError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while !self.send_held()? {}
        while self.receiver.is_empty() {
            (self.sleep)(self.receiver);
        }
        let overruns = self.receiver.overruns.load(Ordering::Relaxed);
        let lost = overruns.wrapping_sub(self.reported);
        if lost > 0 {
            self.reported = overruns;
            return Err(UartError::Overrun(lost));
        }
        let mut count = 0;
        for slot in buffer {
            let Some(byte) = self.receiver.received.pop() else {
                break;
            };
            *slot = byte;
            count += 1;
        }
        Ok(count)
    }
}

impl<R: serial::Read, T: serial::Write, const N: usize> ReadReady for InterruptUart<R, T, N> {
    fn read_ready(&mut self) -> Result<bool, UartError> {
        self.send_held()?;
        Ok(!self.receiver.is_empty())
    }
}

impl<R: serial::Read, T: serial::Write, const N: usize> Write for InterruptUart<R, T, N> {
    /// Takes one byte, once the byte before it was sent. If the UART has no room for it, it is sent
    /// at the next operation.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, UartError> {
        let Some(&byte) = bytes.first() else {
            return Ok(0);
        };
        while !self.send_held()? {}
        self.held = Some(byte);
        self.send_held()?;
        Ok(1)
    }

    fn flush(&mut self) -> Result<(), UartError> {
        while !self.send_held()? {}
        nb::block!(self.transmitter.flush()).map_err(|error| UartError::Send(error.kind()))
    }
}

impl<R: serial::Read, T: serial::Write, const N: usize> WriteReady for InterruptUart<R, T, N> {
    fn write_ready(&mut self) -> Result<bool, UartError> {
        self.send_held()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use core::convert::Infallible;
    use std::collections::VecDeque;
    use std::rc::Rc;
    use std::vec::Vec;
    use std::{boxed::Box, cell::RefCell};

    /// The incoming bytes, and the errors for lost ones.
    struct Incoming(VecDeque<Result<u8, ErrorKind>>);

    impl serial::ErrorType for Incoming {
        type Error = ErrorKind;
    }

    impl serial::Read for Incoming {
        fn read(&mut self) -> nb::Result<u8, ErrorKind> {
            match self.0.pop_front() {
                Some(received) => received.map_err(nb::Error::Other),
                None => Err(nb::Error::WouldBlock),
            }
        }
    }

    /// The outgoing bytes. The UART refuses each byte twice.
    #[derive(Default)]
    struct Outgoing {
        sent: Rc<RefCell<Vec<u8>>>,
        refused: u32,
    }

    impl serial::ErrorType for Outgoing {
        type Error = Infallible;
    }

    impl serial::Write for Outgoing {
        fn write(&mut self, byte: u8) -> nb::Result<(), Infallible> {
            if self.refused < 2 {
                self.refused += 1;
                return Err(nb::Error::WouldBlock);
            }
            self.refused = 0;
            self.sent.borrow_mut().push(byte);
            Ok(())
        }

        fn flush(&mut self) -> nb::Result<(), Infallible> {
            Ok(())
        }
    }

    type Uart = InterruptUart<Incoming, Outgoing, 4>;

    /// Returns a UART that receives all of that at its first interrupt, when it first sleeps, and
    /// the bytes that it sends.
    fn uart(
        incoming: impl IntoIterator<Item = Result<u8, ErrorKind>>,
    ) -> (Uart, Rc<RefCell<Vec<u8>>>) {
        let receiver = Box::leak(Box::new(Receiver::new()));
        let half = Incoming(incoming.into_iter().collect());
        let outgoing = Outgoing::default();
        let sent = Rc::clone(&outgoing.sent);
        let uart = InterruptUart::start(receiver, half, outgoing, Receiver::on_interrupt);
        (uart, sent)
    }

    fn read(uart: &mut Uart) -> Result<Vec<u8>, UartError> {
        let mut buffer = [0; 8];
        let count = uart.read(&mut buffer)?;
        Ok(buffer[..count].to_vec())
    }

    #[test]
    fn a_reader_sleeps_until_bytes_come_in_and_gets_them_in_order() {
        let (mut uart, _) = uart([Ok(1), Ok(2), Ok(3)]);
        assert_eq!(uart.read_ready(), Ok(false));
        assert_eq!(read(&mut uart).as_deref(), Ok(&[1, 2, 3][..]));
        assert_eq!(uart.read_ready(), Ok(false));
    }

    #[test]
    fn bytes_that_came_in_can_be_read_without_sleep() {
        let (mut uart, _) = uart([Ok(1)]);
        uart.receiver.on_interrupt();
        uart.sleep = |_| panic!("there is a byte to read");
        assert_eq!(uart.read_ready(), Ok(true));
        assert_eq!(read(&mut uart).as_deref(), Ok(&[1][..]));
    }

    #[test]
    fn a_reader_is_told_once_of_bytes_that_had_no_room_and_gets_the_others() {
        let (mut uart, _) = uart((1..=6).map(Ok));
        assert_eq!(read(&mut uart), Err(UartError::Overrun(2)));
        assert_eq!(read(&mut uart).as_deref(), Ok(&[1, 2, 3, 4][..]));
    }

    #[test]
    fn a_reader_is_told_of_bytes_that_the_uart_has_lost() {
        let (mut uart, _) = uart([Ok(1), Err(ErrorKind::Overrun), Ok(2)]);
        assert_eq!(read(&mut uart), Err(UartError::Overrun(1)));
        assert_eq!(read(&mut uart).as_deref(), Ok(&[1, 2][..]));
    }

    #[test]
    fn a_damaged_byte_is_left_out() {
        let (mut uart, _) = uart([Ok(1), Err(ErrorKind::FrameFormat), Ok(2)]);
        assert_eq!(read(&mut uart).as_deref(), Ok(&[1, 2][..]));
    }

    #[test]
    fn an_interrupt_before_the_uart_is_there_does_nothing() {
        let receiver = Receiver::<Incoming, 4>::new();
        receiver.on_interrupt();
        assert!(receiver.is_empty());
    }

    #[test]
    fn all_that_is_written_goes_out_in_order_whenever_the_uart_is_busy() {
        let (mut uart, sent) = uart([]);
        uart.write_all(b"calculator").unwrap();
        uart.flush().unwrap();
        assert_eq!(*sent.borrow(), b"calculator");
    }

    #[test]
    fn a_byte_that_is_held_goes_out_before_the_uart_sleeps() {
        let (mut uart, sent) = uart([Ok(1)]);
        assert_eq!(uart.write(b"xy"), Ok(1));
        assert_eq!(*sent.borrow(), b"");
        assert_eq!(read(&mut uart).as_deref(), Ok(&[1][..]));
        assert_eq!(*sent.borrow(), b"x");
    }

    #[test]
    fn a_byte_that_is_held_goes_out_when_a_loop_looks_for_received_ones() {
        let (mut uart, sent) = uart([]);
        assert_eq!(uart.write(b"x"), Ok(1));
        assert_eq!(uart.read_ready(), Ok(false));
        assert_eq!(*sent.borrow(), b"");
        assert_eq!(uart.read_ready(), Ok(false));
        assert_eq!(*sent.borrow(), b"x");
    }

    #[test]
    fn a_uart_is_ready_to_write_when_it_holds_nothing() {
        let (mut uart, _) = uart([]);
        assert_eq!(uart.write_ready(), Ok(true));
        assert_eq!(uart.write(b"x"), Ok(1));
        assert_eq!(uart.write_ready(), Ok(false));
        assert_eq!(uart.write_ready(), Ok(true));
    }
}
