//! The board's program: serves the calculator on the UART, for ever.
#![no_std]
#![no_main]

mod serial;
mod uart;

use core::panic::PanicInfo;
use cortex_m_rt::entry;
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use interrupt_uart::UartError;
use nrf51_hal::pac::Peripherals;
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression.
const FRAME: usize = 160;

/// The number of calls that a caller may send ahead.
const WINDOW: usize = 4;

#[entry]
fn main() -> ! {
    let Some(device) = Peripherals::take() else {
        cortex_m::asm::udf(); // only a second call gets none
    };
    let mut serial = serial::start(device.CLOCK, device.GPIO, device.UART0);
    let calculator = CalculatorService(CheckedCalculator::new());
    let mut server =
        Server::<_, FRAME, WINDOW>::new(calculator).with_buffer(serial::RECEIVE_BUFFER as u16);
    loop {
        // It returns only when bytes were lost. The protocol recovers from that by itself.
        if let Err(LinkError::Io(UartError::Overrun(bytes))) = server.serve(&mut serial) {
            server.note_overruns(bytes);
        }
    }
}

/// Stops for the debugger.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
