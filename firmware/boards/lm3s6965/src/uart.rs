//! Drives UART0, a PL011, in two halves as a HAL would provide them.
//!
//! The clocks, pins and baud rate of a real LM3S6965 are not set up here. QEMU ignores them, so no
//! test would ever check them.

use core::convert::Infallible;
use embedded_hal_nb::nb;
use embedded_hal_nb::serial::{ErrorKind, ErrorType, Read, Write};
use vcell::VolatileCell;

/// The receiving half.
pub struct Rx(&'static Registers);

/// The sending half.
pub struct Tx(&'static Registers);

/// Starts the UART: 8 data bits, no parity, one stop bit, and interrupts for received bytes.
pub fn start() -> (Rx, Tx) {
    // SAFETY: the LM3S6965 has the registers of a PL011 at this address, always; all accesses
    // from here on are volatile, single words, and meaningful from any context.
    let registers = unsafe { &*(0x4000_C000 as *const Registers) };
    registers.line_control.set(LINE_EIGHT_BITS | LINE_FIFOS);
    registers
        .control
        .set(CONTROL_ENABLE | CONTROL_TRANSMIT | CONTROL_RECEIVE);
    registers.interrupt_mask.set(RECEIVE_INTERRUPTS);
    (Rx(registers), Tx(registers))
}

impl ErrorType for Rx {
    type Error = ErrorKind;
}

impl Read for Rx {
    fn read(&mut self) -> nb::Result<u8, ErrorKind> {
        // First acknowledge, then empty the FIFO: a byte that comes in between interrupts again. In
        // the other order it would wait for the next one.
        self.0.interrupt_clear.set(RECEIVE_INTERRUPTS);
        if self.0.flags.get() & FLAG_RECEIVE_FIFO_EMPTY != 0 {
            return Err(nb::Error::WouldBlock);
        }
        let data = self.0.data.get();
        if data & DATA_OVERRUN != 0 {
            return Err(nb::Error::Other(ErrorKind::Overrun));
        }
        Ok(data as u8)
    }
}

impl ErrorType for Tx {
    type Error = Infallible;
}

impl Write for Tx {
    fn write(&mut self, byte: u8) -> nb::Result<(), Infallible> {
        if self.0.flags.get() & FLAG_TRANSMIT_FIFO_FULL != 0 {
            return Err(nb::Error::WouldBlock);
        }
        self.0.data.set(u32::from(byte));
        Ok(())
    }

    fn flush(&mut self) -> nb::Result<(), Infallible> {
        if self.0.flags.get() & FLAG_BUSY != 0 {
            return Err(nb::Error::WouldBlock);
        }
        Ok(())
    }
}

/// The registers of a PL011 that are used here; see ARM DDI 0183, chapter 3.
#[repr(C)]
struct Registers {
    /// UARTDR; the upper bits are errors when it is read.
    data: VolatileCell<u32>,
    _unused_from_04: [u32; 5],
    /// UARTFR.
    flags: VolatileCell<u32>,
    _unused_from_1c: [u32; 4],
    /// UARTLCR_H.
    line_control: VolatileCell<u32>,
    /// UARTCR.
    control: VolatileCell<u32>,
    _unused_from_34: u32,
    /// UARTIMSC.
    interrupt_mask: VolatileCell<u32>,
    _unused_from_3c: [u32; 2],
    /// UARTICR.
    interrupt_clear: VolatileCell<u32>,
}

// SAFETY: a register may be accessed from the interrupt handler as well as from the program.
unsafe impl Sync for Registers {}

const DATA_OVERRUN: u32 = 1 << 11;

const FLAG_BUSY: u32 = 1 << 3;
const FLAG_RECEIVE_FIFO_EMPTY: u32 = 1 << 4;
const FLAG_TRANSMIT_FIFO_FULL: u32 = 1 << 5;

const LINE_FIFOS: u32 = 1 << 4;
const LINE_EIGHT_BITS: u32 = 0b11 << 5;

const CONTROL_ENABLE: u32 = 1 << 0;
const CONTROL_TRANSMIT: u32 = 1 << 8;
const CONTROL_RECEIVE: u32 = 1 << 9;

/// The FIFO is filled to its trigger level, or it has held bytes for a while.
const RECEIVE_INTERRUPTS: u32 = 1 << 4 | 1 << 6;
