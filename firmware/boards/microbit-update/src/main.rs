//! The board's program: serves the calculator and updates of itself on the UART, for ever.
#![no_std]
#![no_main]

mod restart;
// The board is the same. A copy of this folder needs these files of the other, too.
#[path = "../../microbit/src/serial.rs"]
mod serial;
#[path = "../../microbit/src/uart.rs"]
mod uart;

use core::panic::PanicInfo;
use cortex_m::peripheral::SCB;
use cortex_m_rt::entry;
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use firmware_update::ed25519::Ed25519;
use interrupt_uart::UartError;
use nrf51_hal::pac::{Peripherals, interrupt};
use partitions::{Partition, Partitions};
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;
use rpc_proto::services::update::{ImageInfo, UpdateService, Updater};

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression.
const FRAME: usize = 160;

/// The number of calls that a caller may send ahead.
const WINDOW: usize = 4;

/// The version, which a release sets when it is built.
const VERSION: &str = match option_env!("FIRMWARE_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// What images of this program are told by.
static INFO: ImageInfo = ImageInfo::new("calculator-microbit", VERSION);

/// Whose images the board takes: the public half of a key.
static KEY: &[u8; 32] = include_bytes!("../update_key.pub");

/// The partitions, as the boot loader uses them.
type EmbassyBoot = firmware_update::embassy::EmbassyBoot<Partition, Partition, Partition, fn()>;

rpc_proto::interface! {
    /// The calculator, and updates of the program.
    pub struct Board("calculator-microbit", VERSION) {
        /// Procedures that know nothing of updates.
        pub calculator: CalculatorService<CheckedCalculator>,
        /// Replaces the program.
        pub update: UpdateService<Updater<EmbassyBoot, Ed25519>>,
    }
}

/// Returns the slots. They keep nothing in memory but a write that has begun.
fn slots() -> EmbassyBoot {
    let Partitions {
        state,
        active,
        spare,
    } = Partitions::linked();
    let address = active.start();
    let partitions = firmware_update::embassy::Partitions {
        active,
        dfu: spare,
        state,
    };
    EmbassyBoot::new(partitions, address, restart::soon)
}

#[entry]
fn main() -> ! {
    let Some(device) = Peripherals::take() else {
        cortex_m::asm::udf(); // only a second call gets none
    };
    let mut serial = serial::start(device.CLOCK, device.GPIO, device.UART0);
    restart::after_trial(device.TIMER0);
    let board = Board {
        calculator: CalculatorService(CheckedCalculator::new()),
        update: UpdateService(Updater::new(&INFO, slots(), Ed25519::new(*KEY))),
    };
    let mut server =
        Server::<_, FRAME, WINDOW>::new(board).with_buffer(serial::RECEIVE_BUFFER as u16);
    loop {
        // It returns only when bytes were lost. The protocol recovers from that by itself.
        if let Err(LinkError::Io(UartError::Overrun(bytes))) = server.serve(&mut serial) {
            server.note_overruns(bytes);
        }
    }
}

/// Restarts the board if a caller wants that, or if nobody has confirmed this image in its trial.
#[interrupt]
fn TIMER0() {
    if restart::is_asked_for() || slots().is_on_trial() == Ok(true) {
        SCB::sys_reset();
    }
}

/// Stops for the debugger.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
