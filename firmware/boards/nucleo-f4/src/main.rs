//! The board's program: serves the calculator on USART2, for ever. The board's ST-LINK connects
//! that UART to USB as a serial port.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use cortex_m::peripheral::NVIC;
use cortex_m_rt::entry;
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use interrupt_uart::{InterruptUart, Receiver, UartError};
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;
use stm32f4xx_hal::pac::{Interrupt, Peripherals, USART2, interrupt};
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::Config;
use stm32f4xx_hal::serial::{Rx, RxListen, Serial};

const BAUD: u32 = 115_200;

/// The number of bytes that the UART holds while the program does not read: a power of two.
const RECEIVE_BUFFER: usize = 256;

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression.
const FRAME: usize = 160;

/// The number of calls that a caller may send ahead.
const WINDOW: usize = 4;

type Usart2 = Receiver<Rx<USART2>, RECEIVE_BUFFER>;

static RECEIVER: Usart2 = Receiver::new();

#[entry]
fn main() -> ! {
    let Some(device) = Peripherals::take() else {
        cortex_m::asm::udf(); // only a second call gets none
    };
    // The internal oscillator, 16 MHz: every board has it, and it is exact enough for a UART.
    let mut rcc = device.RCC.freeze(Config::hsi());
    let port = device.GPIOA.split(&mut rcc);
    let Ok(uart) = Serial::new(device.USART2, (port.pa2, port.pa3), BAUD.bps(), &mut rcc) else {
        cortex_m::asm::udf(); // only another baud rate could be impossible
    };
    let (tx, mut rx) = uart.split();
    rx.listen();
    let mut uart = InterruptUart::start(&RECEIVER, rx, tx, sleep);
    // SAFETY: no critical section relies on this interrupt being masked.
    unsafe { NVIC::unmask(Interrupt::USART2) };

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
fn USART2() {
    RECEIVER.on_interrupt();
}

/// Sleeps until the next interrupt, unless a byte came in just now. A masked interrupt still ends
/// the sleep, and is handled as soon as it is unmasked.
fn sleep(receiver: &Usart2) {
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
