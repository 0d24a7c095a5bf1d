//! UART0 as a link: received bytes are queued by interrupt, and a program that waits for one sleeps.
//! The board's interface chip connects that UART to USB as a serial port.

use crate::uart::{self, Rx, Tx};
use cortex_m::peripheral::NVIC;
use interrupt_uart::{InterruptUart, Receiver};
use nrf51_hal::Clocks;
use nrf51_hal::gpio::{Level, p0};
use nrf51_hal::pac::{CLOCK, GPIO, Interrupt, UART0, interrupt};
use nrf51_hal::uart::{Baudrate, Parity, Pins, Uart};

/// The number of bytes that the UART holds while the program does not read: a power of two.
pub const RECEIVE_BUFFER: usize = 256;

/// The UART.
pub type Serial = InterruptUart<Rx, Tx, RECEIVE_BUFFER>;

static RECEIVER: Receiver<Rx, RECEIVE_BUFFER> = Receiver::new();

/// Starts to receive.
pub fn start(clock: CLOCK, gpio: GPIO, uart: UART0) -> Serial {
    // The crystal: the internal oscillator is not exact enough for a UART.
    Clocks::new(clock).enable_ext_hfosc();
    let port = p0::Parts::new(gpio);
    let pins = Pins {
        txd: port.p0_24.into_push_pull_output(Level::High).degrade(),
        rxd: port.p0_25.into_floating_input().degrade(),
        cts: None,
        rts: None,
    };
    let uart = Uart::new(uart, pins, Parity::EXCLUDED, Baudrate::BAUD115200);
    let (rx, tx) = uart::split(uart);
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
