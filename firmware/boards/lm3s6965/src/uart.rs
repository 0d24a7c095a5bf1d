//! UART0, a PL011: received bytes are queued by interrupt, sent bytes are waited for.
//!
//! Receiving by interrupt lets bytes come in while a procedure runs. Sending needs no queue: a
//! device answers only what it was asked, and has nothing to do until the answer is out.
//!
//! The clocks, pins and baud rate of a real LM3S6965 are not set up here. QEMU does not look at
//! them, so nothing would ever test that they are right.

use core::sync::atomic::{AtomicU32, Ordering};
use cortex_m::peripheral::NVIC;
use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use firmware::ByteRing;
use lm3s6965::{Interrupt, interrupt};
use vcell::VolatileCell;

/// How many bytes the UART holds for a program that does not read: a power of two.
pub const RECEIVE_BUFFER: usize = 256;

/// How many times received bytes were lost, to a full buffer or to a full FIFO; wraps around.
static OVERRUNS: AtomicU32 = AtomicU32::new(0);

static RECEIVED: ByteRing<RECEIVE_BUFFER> = ByteRing::new();

/// The serial port, 8 data bits, no parity, one stop bit.
pub struct Uart {
    registers: &'static Registers,
    /// The overruns that a reader has been told of.
    reported: u32,
}

/// That many received bytes, or more, were lost since the last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overrun(pub u32);

impl core::fmt::Display for Overrun {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("received bytes were lost")
    }
}

impl core::error::Error for Overrun {}

impl embedded_io::Error for Overrun {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

impl Uart {
    /// Starts to receive.
    pub fn start() -> Self {
        let registers = registers();
        registers.line_control.set(LINE_EIGHT_BITS | LINE_FIFOS);
        registers
            .control
            .set(CONTROL_ENABLE | CONTROL_TRANSMIT | CONTROL_RECEIVE);
        registers.interrupt_mask.set(RECEIVE_INTERRUPTS);
        // SAFETY: no critical section relies on this interrupt being masked.
        unsafe { NVIC::unmask(Interrupt::UART0) };
        Self {
            registers,
            reported: 0,
        }
    }

    /// Sleeps until there is a byte to read.
    fn wait_for_byte(&self) {
        while RECEIVED.is_empty() {
            // With interrupts masked, no byte can slip in between the look and the sleep. They
            // still end the sleep, and are handled as soon as they are unmasked.
            cortex_m::interrupt::free(|_| {
                if RECEIVED.is_empty() {
                    cortex_m::asm::wfi();
                }
            });
        }
    }

    fn send(&self, byte: u8) {
        while !self.can_send() {}
        self.registers.data.set(u32::from(byte));
    }

    fn can_send(&self) -> bool {
        self.registers.flags.get() & FLAG_TRANSMIT_FIFO_FULL == 0
    }
}

impl ErrorType for Uart {
    type Error = Overrun;
}

impl Read for Uart {
    /// Sleeps while there is nothing to read.
    ///
    /// # Errors
    /// [`Overrun`], once for each time that bytes were lost; those that were not are still there.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Overrun> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.wait_for_byte();
        let overruns = OVERRUNS.load(Ordering::Relaxed);
        let lost = overruns.wrapping_sub(self.reported);
        if lost > 0 {
            self.reported = overruns;
            return Err(Overrun(lost));
        }
        let mut count = 0;
        for slot in buffer {
            let Some(byte) = RECEIVED.pop() else { break };
            *slot = byte;
            count += 1;
        }
        Ok(count)
    }
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Overrun> {
        Ok(!RECEIVED.is_empty())
    }
}

impl Write for Uart {
    /// Takes one byte at a time: waits while the FIFO is full.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Overrun> {
        let Some(&byte) = bytes.first() else {
            return Ok(0);
        };
        self.send(byte);
        Ok(1)
    }

    /// Not the provided implementation: that one would bring a panic into the program.
    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Overrun> {
        for &byte in bytes {
            self.send(byte);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Overrun> {
        while self.registers.flags.get() & FLAG_BUSY != 0 {}
        Ok(())
    }
}

impl WriteReady for Uart {
    fn write_ready(&mut self) -> Result<bool, Overrun> {
        Ok(self.can_send())
    }
}

#[interrupt]
fn UART0() {
    let registers = registers();
    // First acknowledge, then empty the FIFO: a byte that comes in between interrupts again,
    // whereas the other way round it would wait for the next one.
    registers.interrupt_clear.set(RECEIVE_INTERRUPTS);
    while registers.flags.get() & FLAG_RECEIVE_FIFO_EMPTY == 0 {
        let data = registers.data.get();
        let queued = RECEIVED.push(data as u8);
        if queued.is_err() || data & DATA_OVERRUN != 0 {
            // Not `fetch_add`: nobody else writes, and not every Cortex-M has it.
            OVERRUNS.store(
                OVERRUNS.load(Ordering::Relaxed).wrapping_add(1),
                Ordering::Relaxed,
            );
        }
    }
}

/// UART0's registers.
fn registers() -> &'static Registers {
    // SAFETY: the LM3S6965 has the registers of a PL011 at this address, always; all accesses
    // from here on are volatile, single words, and meaningful from any context.
    unsafe { &*(0x4000_C000 as *const Registers) }
}

/// The registers of a PL011 as far as they are used here; see ARM DDI 0183, chapter 3.
#[repr(C)]
struct Registers {
    /// UARTDR; the upper bits of what is read tell about errors.
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
