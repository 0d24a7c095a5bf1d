//! The board's program: serves the calculator and a stopwatch on UART0, for ever, while a lamp
//! blinks.
#![no_std]
#![no_main]

use core::cell::Cell;
use core::panic::PanicInfo;
use embassy_executor::Spawner;
use embassy_rp::gpio::{Level, Output};
use embassy_rp::peripherals::UART0;
use embassy_rp::uart::{self, BufferedInterruptHandler, BufferedUart};
use embassy_rp::{Peri, bind_interrupts, peripherals};
use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_time::{Duration, Instant, Timer};
use firmware::calculator::CalculatorService;
use firmware::{CheckedCalculator, Stopwatch, StopwatchService};
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;

/// The number of bytes that the UART holds while a procedure waits.
const RECEIVE_BUFFER: usize = 1024;

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression.
const FRAME: usize = 160;

/// The number of calls that a caller may send ahead.
const WINDOW: usize = 4;

rpc_proto::interface! {
    /// What this board offers.
    pub async struct Pico("pico-embassy", env!("CARGO_PKG_VERSION")) {
        /// Runs each procedure to its end.
        pub calculator: CalculatorService<CheckedCalculator>,
        /// Waits, and lets the lamp blink meanwhile.
        pub stopwatch: StopwatchService<BlinkingStopwatch>,
    }
}

/// A stopwatch that counts the lamp's blinks.
pub struct BlinkingStopwatch;

/// Shared by the task of the lamp and a procedure. What a procedure or a task holds while it waits, such as a
/// bus, is in an `embassy_sync::mutex::Mutex` instead, whose `lock` is awaited.
static BLINKS: CriticalSectionMutex<Cell<u32>> = CriticalSectionMutex::new(Cell::new(0));

impl Stopwatch for BlinkingStopwatch {
    async fn wait(&mut self, millis: u32) -> u32 {
        let begin = Instant::now();
        Timer::after(Duration::from_millis(millis.into())).await;
        u32::try_from(begin.elapsed().as_millis()).unwrap_or(u32::MAX)
    }

    fn blinks(&self) -> u32 {
        BLINKS.lock(Cell::get)
    }
}

bind_interrupts!(struct Interrupts {
    UART0_IRQ => BufferedInterruptHandler<UART0>;
});

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let chip = embassy_rp::init(embassy_rp::config::Config::default());
    if let Ok(blinking) = blink(chip.PIN_25) {
        spawner.spawn(blinking);
    }

    let (mut to_send, mut received) = ([0; FRAME], [0; RECEIVE_BUFFER]);
    let mut uart = BufferedUart::new(
        chip.UART0,
        chip.PIN_0,
        chip.PIN_1,
        Interrupts,
        &mut to_send,
        &mut received,
        uart::Config::default(), // 115,200 baud, 8N1
    );

    let pico = Pico {
        calculator: CalculatorService(CheckedCalculator::new()),
        stopwatch: StopwatchService(BlinkingStopwatch),
    };
    let mut server = Server::<_, FRAME, WINDOW>::new(pico).with_buffer(RECEIVE_BUFFER as u16);
    loop {
        // It returns only when bytes were damaged or lost. The protocol recovers from that by
        // itself.
        if let Err(LinkError::Io(uart::Error::Overrun)) = server.serve_async(&mut uart).await {
            server.note_overruns(1);
        }
    }
}

/// Switches the board's lamp ten times a second.
#[embassy_executor::task]
async fn blink(pin: Peri<'static, peripherals::PIN_25>) {
    let mut lamp = Output::new(pin, Level::Low);
    loop {
        Timer::after(Duration::from_millis(100)).await;
        lamp.toggle();
        BLINKS.lock(|blinks| blinks.set(blinks.get().wrapping_add(1)));
    }
}

/// Stops for the debugger.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
