//! The board's program: serves the calculator, its notes and its log on the UART, for ever.
#![no_std]
#![no_main]

mod serial;
mod uart;

use core::panic::PanicInfo;
use cortex_m_rt::entry;
use firmware::{Demonstration, DemonstrationEvents};
use interrupt_uart::UartError;
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression.
const FRAME: usize = 160;

/// The number of calls that a caller may send ahead.
const WINDOW: usize = 4;

/// Events wait here until the line is free.
static EVENTS: DemonstrationEvents = DemonstrationEvents::new();

type Events = &'static DemonstrationEvents;

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Demonstration<Events>, FRAME, WINDOW, Events> =
        Server::with_events(Demonstration::new(&EVENTS), &EVENTS)
            .with_buffer(serial::RECEIVE_BUFFER as u16);
    let mut serial = serial::start();
    loop {
        // It returns only when bytes were lost. The protocol recovers from that by itself.
        if let Err(LinkError::Io(UartError::Overrun(bytes))) = SERVER.serve(&mut serial) {
            SERVER.note_overruns(bytes);
        }
    }
}

/// Stops for the debugger. A release build cannot panic, so this is not even linked; a debug build
/// still checks for overflows.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
