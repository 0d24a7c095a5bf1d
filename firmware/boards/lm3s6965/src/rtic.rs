//! The board's program with RTIC: the server runs in `idle`, and its procedures lock a resource that a
//! hardware task shares with them.
#![no_std]
#![no_main]

mod filter;
mod serial;
mod uart;

use core::panic::PanicInfo;
use filter::{Average, Filter, FilterService};
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use rtic::Mutex;

/// The number of timer ticks between two samples: a millisecond.
const TICKS: u32 = 12_000;

/// Access to a resource for callers.
struct Locked<R>(R);

impl<R: Mutex<T = Average>> Filter for Locked<R> {
    fn samples(&mut self) -> u32 {
        self.0.lock(Average::samples)
    }

    fn value(&mut self) -> i32 {
        self.0.lock(Average::value)
    }
}

rpc_proto::interface! {
    /// The calculator, and what the task does besides.
    struct Tasks<R: Mutex<T = Average>>("rtic", env!("CARGO_PKG_VERSION")) {
        calculator: CalculatorService<CheckedCalculator>,
        filter: FilterService<Locked<R>>,
    }
}

/// Replaces a sensor of the board, which the emulator does not have.
fn read_sensor() -> i32 {
    1000
}

#[rtic::app(device = lm3s6965)]
mod app {
    use super::*;
    use crate::serial::Serial;
    use cortex_m::peripheral::syst::SystClkSource;
    use interrupt_uart::UartError;
    use rpc_proto::drivers::LinkError;
    use rpc_proto::server::Server;

    #[shared]
    struct Shared {
        filter: Average,
    }

    #[local]
    struct Local {
        serial: Serial,
    }

    #[init]
    fn init(mut context: init::Context) -> (Shared, Local) {
        context.core.SYST.set_clock_source(SystClkSource::Core);
        context.core.SYST.set_reload(TICKS - 1);
        context.core.SYST.clear_current();
        context.core.SYST.enable_counter();
        context.core.SYST.enable_interrupt();
        let filter = Average::new();
        let serial = serial::start();
        (Shared { filter }, Local { serial })
    }

    /// Feeds the filter.
    #[task(binds = SysTick, priority = 2, shared = [filter])]
    fn sample(mut context: sample::Context) {
        context
            .shared
            .filter
            .lock(|filter| filter.feed(read_sensor()));
    }

    /// Serves the calculator and the filter.
    #[idle(shared = [filter], local = [serial])]
    fn idle(context: idle::Context) -> ! {
        let tasks = Tasks {
            calculator: CalculatorService(CheckedCalculator::new()),
            filter: FilterService(Locked(context.shared.filter)),
        };
        let mut server = Server::<_, 160, 4>::new(tasks).with_buffer(serial::RECEIVE_BUFFER as u16);
        loop {
            // It returns only when bytes were lost. The protocol recovers from that by itself.
            if let Err(LinkError::Io(UartError::Overrun(bytes))) =
                server.serve(context.local.serial)
            {
                server.note_overruns(bytes);
            }
        }
    }
}

/// Does nothing: a release build cannot panic, so this is not even linked.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
