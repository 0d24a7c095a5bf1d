//! UART0 as a link for the programs of this board: received bytes are queued by interrupt, and a
//! program that waits for one sleeps.

use crate::uart::{self, Rx, Tx};
use cortex_m::peripheral::NVIC;
use interrupt_uart::{InterruptUart, Receiver};
use lm3s6965::{Interrupt, interrupt};

/// The number of bytes that the UART holds while the program does not read: a power of two.
pub const RECEIVE_BUFFER: usize = 256;

/// The UART.
pub type Serial = InterruptUart<Rx, Tx, RECEIVE_BUFFER>;

static RECEIVER: Receiver<Rx, RECEIVE_BUFFER> = Receiver::new();

/// Starts to receive.
pub fn start() -> Serial {
    let (rx, tx) = uart::start();
    let serial = InterruptUart::start(&RECEIVER, rx, tx, sleep);
    // SAFETY: no critical section relies on this interrupt being masked.
    unsafe { NVIC::unmask(Interrupt::UART0) };
    serial
}

#[interrupt]
fn UART0() {
    RECEIVER.on_interrupt();
}

/// Sleeps until the next interrupt, unless a byte came in just now. A masked interrupt still ends
/// the sleep, and is handled as soon as it is unmasked.
fn sleep(receiver: &Receiver<Rx, RECEIVE_BUFFER>) {
    cortex_m::interrupt::free(|_| {
        if receiver.is_empty() {
            cortex_m::asm::wfi();
        }
    });
}
