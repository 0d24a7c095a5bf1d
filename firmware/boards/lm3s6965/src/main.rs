//! The board's program: offers the calculator, its notes and its log on the UART, for ever.
#![no_std]
#![no_main]

mod serial;
mod uart;

use core::panic::PanicInfo;
use cortex_m_rt::entry;
use firmware::{Demonstration, DemonstrationEvents};
use interrupt_uart::UartError;
use rpc_proto::drivers::LinkError;
use rpc_proto::server::{QueuedEvents, Server};

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a fair expression.
const FRAME: usize = 160;

/// How many calls a caller may send ahead.
const WINDOW: usize = 4;

/// What the device tells unasked waits here until the line is free.
static EVENTS: DemonstrationEvents = DemonstrationEvents::new();

type Events = QueuedEvents<&'static DemonstrationEvents, FRAME>;

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Demonstration, FRAME, WINDOW, Events> =
        Server::with_events(Demonstration::new(&EVENTS), &EVENTS)
            .with_buffer(serial::RECEIVE_BUFFER as u16);
    let mut serial = serial::start();
    loop {
        // Only lost bytes bring it back. The protocol recovers from that by itself.
        if let Err(LinkError::Io(UartError::Overrun(bytes))) = SERVER.serve(&mut serial) {
            SERVER.note_overruns(bytes);
        }
    }
}

/// Nothing in a release build can panic, so that this is not even linked; a debug build, which
/// still checks for overflows, stops here for the debugger.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
