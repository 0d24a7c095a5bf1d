//! The same as the board's program, but the DMA's sniffer computes the checksums of its frames.
#![no_std]
#![no_main]

#[path = "../sniffer.rs"]
mod sniffer;
#[path = "../uart.rs"]
mod uart;

use core::panic::PanicInfo;
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use interrupt_uart::UartError;
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;
use rpc_proto::service::CheckedBy;
use sniffer::Sniffer;
use uart::RECEIVE_BUFFER;

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression.
const FRAME: usize = 160;

/// The number of calls that a caller may send ahead.
const WINDOW: usize = 4;

#[rp2040_hal::entry]
fn main() -> ! {
    let Some((mut uart, dma, mut resets)) = uart::start() else {
        cortex_m::asm::udf();
    };

    let calculator = CalculatorService(CheckedCalculator::new());
    let calculator = CheckedBy(calculator, Sniffer::start(dma, &mut resets));
    let mut server = Server::<_, FRAME, WINDOW>::new(calculator).with_buffer(RECEIVE_BUFFER as u16);
    loop {
        // It returns only when bytes were lost. The protocol recovers from that by itself.
        if let Err(LinkError::Io(UartError::Overrun(bytes))) = server.serve(&mut uart) {
            server.note_overruns(bytes);
        }
    }
}

/// Stops for the debugger.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
