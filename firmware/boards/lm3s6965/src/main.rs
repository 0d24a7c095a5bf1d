//! The board's program: offers the calculator on the UART, for ever.
#![no_std]
#![no_main]

mod uart;

use core::panic::PanicInfo;
use cortex_m::peripheral::NVIC;
use cortex_m_rt::entry;
use firmware::{CheckedCalculator, InterruptUart, Receiver, UartError};
use lm3s6965::{Interrupt, interrupt};
use rpc_proto::calculator::CalculatorService;
use rpc_proto::io::LinkError;
use rpc_proto::server::Server;

/// How many bytes the UART holds for a program that does not read: a power of two.
const RECEIVE_BUFFER: usize = 256;

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a fair expression.
const FRAME: usize = 160;

/// How many calls a caller may send ahead.
const WINDOW: usize = 4;

type Uart0 = Receiver<uart::Rx, RECEIVE_BUFFER>;

static RECEIVER: Uart0 = Receiver::new();

#[entry]
fn main() -> ! {
    let (rx, tx) = uart::start();
    let mut uart = InterruptUart::start(&RECEIVER, rx, tx, sleep);
    // SAFETY: no critical section relies on this interrupt being masked.
    unsafe { NVIC::unmask(Interrupt::UART0) };

    let calculator = CalculatorService(CheckedCalculator::new());
    let mut server = Server::<_, FRAME, WINDOW>::new(calculator).with_buffer(RECEIVE_BUFFER as u16);
    loop {
        // Only lost bytes bring it back. The protocol recovers from that by itself.
        if let Err(LinkError::Io(UartError::Overrun(bytes))) = server.serve(&mut uart) {
            server.note_overruns(bytes);
        }
    }
}

#[interrupt]
fn UART0() {
    RECEIVER.on_interrupt();
}

/// Sleeps until the next interrupt, unless a byte came in just now. An interrupt that is masked
/// still ends the sleep, and is handled as soon as it is unmasked.
fn sleep(receiver: &Uart0) {
    cortex_m::interrupt::free(|_| {
        if receiver.is_empty() {
            cortex_m::asm::wfi();
        }
    });
}

/// Nothing in a release build can panic, so that this is not even linked; a debug build, which
/// still checks for overflows, stops here for the debugger.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
