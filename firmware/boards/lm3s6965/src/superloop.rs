//! The board's program with another task: a loop that polls the UART, and the server in a `static`,
//! so that the linker counts its size.
#![no_std]
#![no_main]

mod filter;
mod serial;
mod uart;

use core::panic::PanicInfo;
use cortex_m_rt::entry;
use filter::{Average, FilterService};
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use interrupt_uart::UartError;
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;
use static_cell::ConstStaticCell;

rpc_proto::interface! {
    /// The calculator, and what the loop does besides.
    pub struct Superloop("superloop", env!("CARGO_PKG_VERSION")) {
        /// Procedures that know nothing of the loop.
        pub calculator: CalculatorService<CheckedCalculator>,
        /// Procedures about the other task.
        pub filter: FilterService<Average>,
    }
}

static SERVER: ConstStaticCell<Server<Superloop, 160, 4>> = ConstStaticCell::new(
    Server::new(Superloop {
        calculator: CalculatorService(CheckedCalculator::new()),
        filter: FilterService(Average::new()),
    })
    .with_buffer(serial::RECEIVE_BUFFER as u16),
);

#[entry]
fn main() -> ! {
    let Some(server) = SERVER.try_take() else {
        cortex_m::asm::udf(); // only a second call gets none
    };
    let mut uart = serial::start();
    loop {
        // Only lost bytes are an error. The protocol recovers from that by itself.
        if let Err(LinkError::Io(UartError::Overrun(bytes))) = server.poll(&mut uart) {
            server.note_overruns(bytes);
        }
        // The loop can access the state that callers ask for between two polls.
        server.interface().filter.0.feed(read_sensor());
    }
}

/// Replaces a sensor of the board, which the emulator does not have.
fn read_sensor() -> i32 {
    1000
}

/// Does nothing: a release build cannot panic, so this is not even linked.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
