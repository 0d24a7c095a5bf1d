//! The board's program with an interrupt that shares state with the procedures, by a critical section:
//! `serve` has the processor, and a timer feeds the filter whatever it does.
#![no_std]
#![no_main]

mod filter;
mod serial;
mod uart;

use core::cell::Cell;
use core::panic::PanicInfo;
use cortex_m::Peripherals;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
use critical_section::Mutex;
use filter::{Average, Filter, FilterService};
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use interrupt_uart::UartError;
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;

/// The number of timer ticks between two samples: a millisecond.
const TICKS: u32 = 12_000;

/// The filter. A `Cell` in a mutex needs no more than a critical section, and cannot panic as a `RefCell`
/// can.
static FILTER: Mutex<Cell<Average>> = Mutex::new(Cell::new(Average::new()));

/// Access to [`FILTER`] for callers.
struct Shared;

impl Filter for Shared {
    fn samples(&mut self) -> u32 {
        critical_section::with(|token| FILTER.borrow(token).get().samples())
    }

    fn value(&mut self) -> i32 {
        critical_section::with(|token| FILTER.borrow(token).get().value())
    }
}

rpc_proto::interface! {
    /// The calculator, and what the interrupt does besides.
    struct Interrupts("interrupts", env!("CARGO_PKG_VERSION")) {
        calculator: CalculatorService<CheckedCalculator>,
        filter: FilterService<Shared>,
    }
}

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Interrupts, 160, 4> = Server::new(Interrupts {
        calculator: CalculatorService(CheckedCalculator::new()),
        filter: FilterService(Shared),
    })
    .with_buffer(serial::RECEIVE_BUFFER as u16);
    let mut serial = serial::start();
    if let Some(mut core) = Peripherals::take() {
        core.SYST.set_clock_source(SystClkSource::Core);
        core.SYST.set_reload(TICKS - 1);
        core.SYST.clear_current();
        core.SYST.enable_counter();
        core.SYST.enable_interrupt();
    }
    loop {
        // It returns only when bytes were lost. The protocol recovers from that by itself.
        if let Err(LinkError::Io(UartError::Overrun(bytes))) = SERVER.serve(&mut serial) {
            SERVER.note_overruns(bytes);
        }
    }
}

/// Feeds the filter.
#[exception]
fn SysTick() {
    critical_section::with(|token| {
        let filter = FILTER.borrow(token);
        let mut average = filter.get();
        average.feed(read_sensor());
        filter.set(average);
    });
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
