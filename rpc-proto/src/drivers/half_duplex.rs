//! A link on a bus that carries one direction at a time, as RS-485 with two wires does.

mod echo;
mod waiting;

use crate::time::Duration;
use crate::wire::frame::DELIMITER;
use core::convert::Infallible;
use echo::Echo;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use heapless::Deque;

/// The number of bytes that may have arrived unnoticed when this end is about to talk. Switching a bus
/// may cause a few. The shortest frame is longer.
const LEFT_BEHIND: usize = 4;

/// A link through a transceiver whose driver is on only while this end talks.
///
/// It wraps a UART, the pin that enables the transceiver's driver, and a delay, and serves as a link
/// for every driver in this module, on the device as well as on the caller. The pin is high from before
/// the first bit of a transmission until after the last bit of the frame. The UART's `flush` therefore
/// has to wait for the last bit; some HALs only wait until the last byte is being sent.
///
/// ```
/// # use core::convert::Infallible;
/// # use embedded_hal::{delay::DelayNs, digital};
/// # use rpc_proto::{server::Server, service, time::Duration};
/// # struct Pin;
/// # impl digital::ErrorType for Pin { type Error = Infallible; }
/// # impl digital::OutputPin for Pin {
/// #     fn set_low(&mut self) -> Result<(), Infallible> { Ok(()) }
/// #     fn set_high(&mut self) -> Result<(), Infallible> { Ok(()) }
/// # }
/// # struct Delay;
/// # impl DelayNs for Delay { fn delay_ns(&mut self, _: u32) {} }
/// # struct Uart;
/// # impl embedded_io::ErrorType for Uart { type Error = Infallible; }
/// # impl embedded_io::Read for Uart {
/// #     fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> { Ok(0) }
/// # }
/// # impl embedded_io::ReadReady for Uart {
/// #     fn read_ready(&mut self) -> Result<bool, Infallible> { Ok(false) }
/// # }
/// # impl embedded_io::Write for Uart {
/// #     fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> { Ok(bytes.len()) }
/// #     fn flush(&mut self) -> Result<(), Infallible> { Ok(()) }
/// # }
/// # /// A lamp.
/// # #[service]
/// # trait Lamp {
/// #     /// Switches the lamp.
/// #     fn set(&mut self, on: bool);
/// # }
/// # struct MyLamp;
/// # impl Lamp for MyLamp { fn set(&mut self, _: bool) {} }
/// # let (uart, driver_enable, delay) = (Uart, Pin, Delay);
/// use rpc_proto::drivers::HalfDuplex;
///
/// // At 115,200 baud, a byte takes 87 µs.
/// let turnaround = Duration::from_micros(200);
/// let mut link = HalfDuplex::new(uart, driver_enable, delay, turnaround);
/// // Announces no receive buffer, so the caller has one call in flight.
/// let mut server = Server::<_, 64, 1>::new(LampService(MyLamp));
/// # let _: Result<_, rpc_proto::drivers::LinkError<_>> =
/// server.serve(&mut link);
/// ```
///
/// # Who talks when
///
/// The bus belongs to one caller and one device. The device talks after a call, and the caller after
/// the answer. The caller therefore must have only a single call in flight. A device ensures this by
/// announcing no receive buffer, which is the default of a [`Server`](crate::server::Server).
///
/// Both ends wait for the *turnaround* before they talk, and do not talk if something arrives meanwhile
/// or has arrived unread. The frame is then dropped as if the bus had lost it, and the protocol
/// recovers: the received frame is the call that is being resent, or the answer that had been given up.
/// The turnaround should be at least two bytes long, and as long as the other end takes to switch its
/// driver off.
///
/// Both ends talk at once only because of noise, or if a call is resent because its answer takes long.
/// The resend time of the caller ([`Timing`](crate::client::Timing)) should therefore exceed the
/// duration of the longest procedure. If both talk nevertheless, the lost frames are sent again. The
/// device may push events at any time: one that collides with a call is lost, and counted as such. So are
/// those that are emitted while an `async` procedure waits whose call has been resent, because the copy is
/// not read before it has ended.
///
/// # Echo
///
/// If the receiver stays on while the driver is on, everything sent comes back; see
/// [`with_echo`](Self::with_echo). A host whose adapter echoes needs no such setting, because a caller
/// ignores frames that only callers send. But it asks again for each answer whose echo was damaged.
#[derive(Debug)]
pub struct HalfDuplex<L, P, D> {
    link: L,
    driver_enable: P,
    delay: D,
    /// In microseconds.
    turnaround: u32,
    echoes: bool,
    phase: Phase,
    /// True if a byte of a frame was sent but its delimiter was not.
    in_frame: bool,
    /// True if a delimiter goes before the next frame. Sent alone, it would occupy the bus for nothing.
    delimiter_due: bool,
    echo: Echo,
    /// The bytes that had arrived before this end began to talk.
    left_behind: Deque<u8, LEFT_BEHIND>,
    yielded: u32,
}

/// The state of this end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Listening,
    /// The driver is on.
    Talking,
    /// The other end talks, so outgoing frames are dropped.
    Yielding,
}

impl<L, P, D> HalfDuplex<L, P, D>
where
    P: OutputPin<Error = Infallible>,
{
    /// Creates a link that listens. `driver_enable` is high while this end talks.
    ///
    /// This end waits for `turnaround` before it talks; see [above](Self#who-talks-when).
    pub fn new(link: L, driver_enable: P, delay: D, turnaround: Duration) -> Self {
        let mut link = Self {
            link,
            driver_enable,
            delay,
            turnaround: u32::try_from(turnaround.as_micros()).unwrap_or(u32::MAX),
            echoes: false,
            phase: Phase::Listening,
            in_frame: false,
            delimiter_due: false,
            echo: Echo::default(),
            left_behind: Deque::new(),
            yielded: 0,
        };
        link.listen();
        link
    }

    /// The same for a transceiver whose receiver is always on: what this end sends comes back, and is
    /// ignored. The link's receive buffer has to hold the echo of a whole frame.
    #[must_use]
    pub fn with_echo(mut self) -> Self {
        self.echoes = true;
        self
    }

    /// Returns the number of frames that were not sent because the other end was talking. The count
    /// wraps.
    pub const fn yielded(&self) -> u32 {
        self.yielded
    }

    /// Switches the driver off and returns the parts of the link.
    pub fn release(mut self) -> (L, P, D) {
        self.listen();
        (self.link, self.driver_enable, self.delay)
    }

    fn listen(&mut self) {
        let Ok(()) = self.driver_enable.set_low();
        self.phase = Phase::Listening;
        self.in_frame = false;
    }

    fn talk(&mut self) {
        let Ok(()) = self.driver_enable.set_high();
        self.phase = Phase::Talking;
    }

    fn give_way(&mut self) {
        self.yielded = self.yielded.wrapping_add(1);
        self.phase = Phase::Yielding;
    }

    /// Notes that bytes were passed to the UART.
    fn note_sent(&mut self, bytes: &[u8]) {
        if self.echoes {
            self.echo.sent(bytes);
        }
    }

    /// Keeps a byte that arrived when this end was about to talk, unless it is its own. There is room
    /// for it.
    fn keep(&mut self, byte: u8) -> bool {
        let foreign = !self.echo.is_due() || !self.echo.take(byte);
        foreign && self.left_behind.push_back(byte).is_ok()
    }

    /// Returns how many of these bytes belong to the frame that is being sent, if its end is among
    /// them. A delimiter before a frame belongs to it.
    fn rest_of_frame(&self, bytes: &[u8]) -> Option<usize> {
        let mut in_frame = self.in_frame;
        let end = bytes.iter().position(|&byte| {
            in_frame |= byte != DELIMITER;
            in_frame && byte == DELIMITER
        });
        end.map(|end| end + 1)
    }
}

/// Returns the number of bytes if all of them are delimiters.
fn only_delimiters(bytes: &[u8]) -> Option<usize> {
    let others = bytes.iter().any(|&byte| byte != DELIMITER);
    (!others).then_some(bytes.len())
}

/// Puts `byte` first into `buffer`, unless that is empty, and returns the number of bytes written.
fn put_first(buffer: &mut [u8], byte: u8) -> usize {
    match buffer.first_mut() {
        Some(first) => {
            *first = byte;
            1
        }
        None => 0,
    }
}

impl<L: ErrorType, P, D> ErrorType for HalfDuplex<L, P, D> {
    type Error = L::Error;
}

impl<L, P, D> HalfDuplex<L, P, D>
where
    L: Read + ReadReady + Write,
    P: OutputPin<Error = Infallible>,
    D: DelayNs,
{
    /// Begins to talk, unless the other end is talking.
    fn begin(&mut self) -> Result<(), L::Error> {
        let more = self.keep_waiting()?;
        let old = self.left_behind.len();
        if !more {
            self.delay.delay_us(self.turnaround);
        }
        if more || self.keep_waiting()? || self.left_behind.len() > old {
            self.give_way();
        } else {
            self.talk();
        }
        Ok(())
    }

    /// Keeps the bytes that wait to be read. Returns true if there is no room for all of them.
    fn keep_waiting(&mut self) -> Result<bool, L::Error> {
        while self.link.read_ready()? {
            if self.left_behind.is_full() {
                return Ok(true);
            }
            let mut byte = [0];
            if self.link.read(&mut byte)? == 0 {
                break;
            }
            self.keep(byte[0]);
        }
        Ok(false)
    }

    /// Sends the delimiter that goes before a frame.
    fn send_due_delimiter(&mut self) -> Result<(), L::Error> {
        if !core::mem::take(&mut self.delimiter_due) || self.phase != Phase::Talking {
            return Ok(());
        }
        match self.link.write(&[DELIMITER]) {
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
    fn end(&mut self) -> Result<(), L::Error> {
        let flushed = match self.phase {
            Phase::Listening => return Ok(()),
            Phase::Yielding => Ok(()),
            Phase::Talking => self.link.flush(),
        };
        self.listen();
        flushed
    }
}

/// For [`serve`](crate::server::Server::serve), [`poll`](crate::server::Server::poll) and
/// [`BlockingCaller`](super::BlockingCaller).
impl<L, P, D> Read for HalfDuplex<L, P, D>
where
    L: Read + ReadReady + Write,
    P: OutputPin<Error = Infallible>,
    D: DelayNs,
{
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, L::Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.end()?;
        if let Some(byte) = self.left_behind.pop_front() {
            return Ok(put_first(buffer, byte));
        }
        while self.echo.is_due() {
            let mut byte = [0];
            if self.link.read(&mut byte)? == 0 {
                return Ok(0);
            }
            if !self.echo.take(byte[0]) {
                return Ok(put_first(buffer, byte[0]));
            }
        }
        self.link.read(buffer)
    }
}

impl<L, P, D> ReadReady for HalfDuplex<L, P, D>
where
    L: Read + ReadReady + Write,
    P: OutputPin<Error = Infallible>,
    D: DelayNs,
{
    fn read_ready(&mut self) -> Result<bool, L::Error> {
        self.end()?;
        while self.left_behind.is_empty() && self.echo.is_due() && self.link.read_ready()? {
            let mut byte = [0];
            if self.link.read(&mut byte)? == 0 {
                break;
            }
            self.keep(byte[0]);
        }
        Ok(!self.left_behind.is_empty() || !self.echo.is_due() && self.link.read_ready()?)
    }
}

impl<L, P, D> Write for HalfDuplex<L, P, D>
where
    L: Read + ReadReady + Write,
    P: OutputPin<Error = Infallible>,
    D: DelayNs,
{
    /// Accepts bytes up to the end of a frame, and waits for that: the driver is switched off as soon
    /// as possible, even if the link is not used again for long.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, L::Error> {
        if bytes.is_empty() {
            return Ok(0);
        }
        if self.phase == Phase::Listening {
            if let Some(delimiters) = only_delimiters(bytes) {
                self.delimiter_due = true;
                return Ok(delimiters);
            }
            self.begin()?;
            self.send_due_delimiter()?;
        }
        let rest = self.rest_of_frame(bytes);
        let bytes = rest.and_then(|rest| bytes.get(..rest)).unwrap_or(bytes);
        let sent = match self.phase {
            Phase::Yielding => bytes.len(),
            Phase::Listening | Phase::Talking => match self.link.write(bytes) {
                Ok(sent) => sent,
                Err(error) => {
                    self.listen();
                    return Err(error);
                }
            },
        };
        let written = bytes.get(..sent).unwrap_or(bytes);
        if self.phase == Phase::Talking {
            self.note_sent(written);
        }
        self.in_frame |= written.iter().any(|&byte| byte != DELIMITER);
        if rest == Some(sent) {
            self.end()?;
        }
        Ok(sent)
    }

    fn flush(&mut self) -> Result<(), L::Error> {
        self.end()
    }
}

impl<L, P, D> WriteReady for HalfDuplex<L, P, D>
where
    L: Read + ReadReady + Write + WriteReady,
    P: OutputPin<Error = Infallible>,
    D: DelayNs,
{
    fn write_ready(&mut self) -> Result<bool, L::Error> {
        self.link.write_ready()
    }
}
