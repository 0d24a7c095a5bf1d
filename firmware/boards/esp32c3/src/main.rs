//! The board's program: serves the calculator on UART0, for ever. On most boards a chip connects
//! that UART to USB as a serial port.
#![no_std]
#![no_main]

mod uart;

use core::panic::PanicInfo;
use esp_hal::interrupt::wait_for_interrupt;
use esp_hal::uart::{Config, RxConfig, Uart, UartInterrupt};
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use interrupt_uart::{InterruptUart, Receiver, UartError};
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;
use uart::{Rx, Tx};

const BAUD: u32 = 115_200;

/// The number of bytes that the UART holds while the program does not read: a power of two.
const RECEIVE_BUFFER: usize = 1024;

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression.
const FRAME: usize = 160;

/// The number of calls that a caller may send ahead.
const WINDOW: usize = 4;

type Uart0 = Receiver<Rx, RECEIVE_BUFFER>;

static RECEIVER: Uart0 = Receiver::new();

// The boot loader starts only programs with this description.
esp_bootloader_esp_idf::esp_app_desc!();

#[esp_hal::main]
fn main() -> ! {
    let chip = esp_hal::init(esp_hal::Config::default());
    // An interrupt for every byte, without waiting for more.
    let config = Config::default()
        .with_baudrate(BAUD)
        .with_rx(RxConfig::default().with_fifo_full_threshold(1));
    let Ok(uart) = Uart::new(chip.UART0, config) else {
        stop(); // only another baud rate could be impossible
    };
    let mut uart = uart.with_tx(chip.GPIO21).with_rx(chip.GPIO20);
    // The HAL unmasks the interrupt here, before its handler has the half that it needs.
    let mut uart = critical_section::with(|_| {
        uart.set_interrupt_handler(receive);
        uart.listen(UartInterrupt::RxFifoFull);
        let (rx, tx) = uart.split();
        InterruptUart::start(&RECEIVER, Rx(rx), Tx(tx), sleep)
    });

    let calculator = CalculatorService(CheckedCalculator::new());
    let mut server = Server::<_, FRAME, WINDOW>::new(calculator).with_buffer(RECEIVE_BUFFER as u16);
    loop {
        // It returns only when bytes were lost. The protocol recovers from that by itself.
        if let Err(LinkError::Io(UartError::Overrun(bytes))) = server.serve(&mut uart) {
            server.note_overruns(bytes);
        }
    }
}

#[esp_hal::handler]
fn receive() {
    RECEIVER.on_interrupt();
}

/// Sleeps until the next interrupt, unless a byte came in just now. A masked interrupt still ends
/// the sleep, and is handled as soon as it is unmasked.
fn sleep(receiver: &Uart0) {
    critical_section::with(|_| {
        if receiver.is_empty() {
            wait_for_interrupt();
        }
    });
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    stop()
}

/// Stops for the debugger.
fn stop() -> ! {
    loop {
        wait_for_interrupt();
    }
}
