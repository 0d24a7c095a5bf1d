//! The board's program: serves the calculator on the UART, for ever. The board's interface chip
//! connects that UART to USB as a serial port.
#![no_std]
#![no_main]

mod uart;

use core::panic::PanicInfo;
use cortex_m::peripheral::NVIC;
use cortex_m_rt::entry;
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use interrupt_uart::{InterruptUart, Receiver, UartError};
use nrf51_hal::Clocks;
use nrf51_hal::gpio::{Level, p0};
use nrf51_hal::pac::{Interrupt, Peripherals, interrupt};
use nrf51_hal::uart::{Baudrate, Parity, Pins, Uart};
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;

/// The number of bytes that the UART holds while the program does not read: a power of two.
const RECEIVE_BUFFER: usize = 256;

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression.
const FRAME: usize = 160;

/// The number of calls that a caller may send ahead.
const WINDOW: usize = 4;

type Uart0 = Receiver<uart::Rx, RECEIVE_BUFFER>;

static RECEIVER: Uart0 = Receiver::new();

#[entry]
fn main() -> ! {
    let Some(device) = Peripherals::take() else {
        cortex_m::asm::udf(); // only a second call gets none
    };
    // The crystal: the internal oscillator is not exact enough for a UART.
    Clocks::new(device.CLOCK).enable_ext_hfosc();
    let port = p0::Parts::new(device.GPIO);
    let pins = Pins {
        txd: port.p0_24.into_push_pull_output(Level::High).degrade(),
        rxd: port.p0_25.into_floating_input().degrade(),
        cts: None,
        rts: None,
    };
    let uart = Uart::new(device.UART0, pins, Parity::EXCLUDED, Baudrate::BAUD115200);
    let (rx, tx) = uart::split(uart);
    let mut uart = InterruptUart::start(&RECEIVER, rx, tx, sleep);
    // SAFETY: no critical section relies on this interrupt being masked.
    unsafe { NVIC::unmask(Interrupt::UART0) };

    let calculator = CalculatorService(CheckedCalculator::new());
    let mut server = Server::<_, FRAME, WINDOW>::new(calculator).with_buffer(RECEIVE_BUFFER as u16);
    loop {
        // It returns only when bytes were lost. The protocol recovers from that by itself.
        if let Err(LinkError::Io(UartError::Overrun(bytes))) = server.serve(&mut uart) {
            server.note_overruns(bytes);
        }
    }
}

#[interrupt]
fn UART0() {
    RECEIVER.on_interrupt();
}

/// Sleeps until the next interrupt, unless a byte came in just now. A masked interrupt still ends
/// the sleep, and is handled as soon as it is unmasked.
fn sleep(receiver: &Uart0) {
    cortex_m::interrupt::free(|_| {
        if receiver.is_empty() {
            cortex_m::asm::wfi();
        }
    });
}

/// Stops for the debugger.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
