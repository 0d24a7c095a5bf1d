//! Makes a link of the packets of a USB serial port.
//!
//! A UART sends whether anybody listens or not. An endpoint keeps a packet until the host fetches it,
//! and a host fetches none while no program has the port open: who waits for that waits for ever, and
//! the next program gets what was meant for the one before. A program that opens a port raises the
//! line DTR, and its system lowers it when the program is gone. So the link sends while DTR is high,
//! and drops what is written while it is low.

use core::convert::Infallible;
use embassy_futures::select::{Either, select};
use embassy_usb::Builder;
use embassy_usb::class::cdc_acm::{CdcAcmClass, ControlChanged, Receiver, Sender, State};
use embassy_usb::driver::Driver;
use embedded_io_async::{ErrorType, Read, Write};

/// The bytes in a full packet: the most that USB has at full speed.
pub const PACKET: usize = 64;

/// Ends a frame that was cut off.
const DELIMITER: u8 = 0;

/// A link to whichever program of the host has the serial port open.
///
/// | the host | a reader | a writer |
/// |---|---|---|
/// | has the port open | gets bytes in order | waits until the host takes them: none is lost |
/// | has it closed, is not there, or has reset the bus | waits | does not wait: the bytes are dropped |
/// | has suspended the bus | waits | waits, and goes on when the host resumes |
///
/// It never fails. A zero byte, which ends a frame, goes before the first bytes that are sent after some
/// were dropped, so that half a frame from before spoils no other.
///
/// # Cancel safety
/// Its futures may be dropped at any time and lose nothing, if those of the chip's endpoints may. This
/// holds for drivers that move a packet at once when the hardware is ready, as those of `embassy-rp`
/// and `embassy-nrf` do.
pub struct UsbLink<'d, D: Driver<'d>> {
    sender: Sender<'d, D>,
    receiver: Receiver<'d, D>,
    lines: ControlChanged<'d>,
    packet: [u8; PACKET],
    /// The place in `packet` of the next byte to read.
    next: usize,
    /// The number of bytes in `packet`.
    len: usize,
    /// True if the last packet sent was full, which tells the host that more is to come.
    is_transfer_open: bool,
    /// True if bytes were dropped since the last packet was sent.
    is_cut: bool,
}

impl<'d, D: Driver<'d>> UsbLink<'d, D> {
    /// Adds a serial port to a device, and returns its link.
    ///
    /// # Panics
    /// Panics if the driver has no endpoints left, or if one of the builder's buffers is too small.
    pub fn new(builder: &mut Builder<'d, D>, state: &'d mut State<'d>) -> Self {
        let class = CdcAcmClass::new(builder, state, PACKET as u16);
        let (sender, receiver, lines) = class.split_with_control();
        Self {
            sender,
            receiver,
            lines,
            packet: [0; PACKET],
            next: 0,
            len: 0,
            is_transfer_open: false,
            is_cut: false,
        }
    }

    /// Returns true while a program of the host has the port open.
    pub fn is_open(&self) -> bool {
        self.lines.dtr()
    }

    /// Waits until no program has the port open.
    async fn closed(lines: &ControlChanged<'d>) {
        while lines.dtr() {
            lines.control_changed().await;
        }
    }

    /// Sends a packet once the host has taken the one before, or drops it once the port is closed.
    async fn send(&mut self, packet: &[u8]) {
        let sent = select(Self::closed(&self.lines), self.sender.write_packet(packet));
        let is_sent = matches!(sent.await, Either::Second(Ok(())));
        self.is_transfer_open = is_sent && packet.len() == PACKET;
        self.is_cut = !is_sent;
    }
}

impl<'d, D: Driver<'d>> ErrorType for UsbLink<'d, D> {
    type Error = Infallible;
}

impl<'d, D: Driver<'d>> Read for UsbLink<'d, D> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        if buffer.is_empty() {
            return Ok(0);
        }
        // A packet may be empty.
        while self.next == self.len {
            match self.receiver.read_packet(&mut self.packet).await {
                Ok(len) => (self.next, self.len) = (0, len),
                Err(_) => self.receiver.wait_connection().await,
            }
        }
        let unread = &self.packet[self.next..self.len];
        let count = unread.len().min(buffer.len());
        buffer[..count].copy_from_slice(&unread[..count]);
        self.next += count;
        Ok(count)
    }
}

impl<'d, D: Driver<'d>> Write for UsbLink<'d, D> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let packet = &bytes[..bytes.len().min(PACKET)];
        if packet.is_empty() {
            return Ok(0);
        }
        if self.is_cut {
            self.send(&[DELIMITER]).await;
        }
        if !self.is_cut {
            self.send(packet).await;
        }
        Ok(packet.len())
    }

    /// Waits until all bytes are with the host's side of the bus: ends a transfer whose last packet was
    /// full by an empty one, without which the host's system would keep waiting for more.
    async fn flush(&mut self) -> Result<(), Infallible> {
        if self.is_transfer_open {
            self.send(&[]).await;
        }
        Ok(())
    }
}
