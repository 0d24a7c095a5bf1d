//! The board's program: serves the calculator on UART0, for ever. The board's J-Link connects that
//! UART to USB as a serial port.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use hifive1::hal::DeviceResources;
use hifive1::hal::e310x::interrupt::{ExternalInterrupt, Hart, Priority};
use hifive1::hal::e310x::{PLIC, Uart0};
use hifive1::hal::gpio::{IOF0, NoInvert, gpio0::Pin16};
use hifive1::hal::prelude::*;
use hifive1::hal::serial::{Rx, Serial};
use interrupt_uart::{InterruptUart, Receiver, UartError};
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;

const BAUD: u32 = 115_200;

/// The number of bytes that the UART holds while the program does not read: a power of two.
const RECEIVE_BUFFER: usize = 256;

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression.
const FRAME: usize = 160;

/// The number of calls that a caller may send ahead.
const WINDOW: usize = 4;

type Uart = Receiver<Rx<Uart0, Pin16<IOF0<NoInvert>>>, RECEIVE_BUFFER>;

static RECEIVER: Uart = Receiver::new();

#[riscv_rt::entry]
fn main() -> ! {
    let Some(resources) = DeviceResources::take() else {
        stop(); // only a second call gets none
    };
    let (device, port) = (resources.peripherals, resources.pins);
    // The crystal without a PLL: fast enough for a UART.
    let clocks = hifive1::configure_clocks(device.PRCI, device.AONCLK, 16.mhz().into());
    let pins = (
        hifive1::pin!(port, uart0_tx).into_iof0(),
        hifive1::pin!(port, uart0_rx).into_iof0(),
    );
    let (tx, rx) = Serial::new(device.UART0, pins, BAUD.bps(), clocks)
        .listen()
        .split();
    let mut uart = InterruptUart::start(&RECEIVER, rx, tx, sleep);
    // SAFETY: no critical section relies on this interrupt being masked.
    unsafe {
        let hart = PLIC::ctx(Hart::H0);
        hart.threshold().set_threshold(Priority::P0);
        hart.enables().enable(ExternalInterrupt::UART0);
        // This comes last, because QEMU looks here for bytes that came earlier.
        PLIC::priorities().set_priority(ExternalInterrupt::UART0, Priority::P1);
        PLIC::enable();
        riscv::interrupt::enable();
    }

    let calculator = CalculatorService(CheckedCalculator::new());
    let mut server = Server::<_, FRAME, WINDOW>::new(calculator).with_buffer(RECEIVE_BUFFER as u16);
    loop {
        // It returns only when bytes were lost. The protocol recovers from that by itself.
        if let Err(LinkError::Io(UartError::Overrun(bytes))) = server.serve(&mut uart) {
            server.note_overruns(bytes);
        }
    }
}

#[riscv_rt::external_interrupt(ExternalInterrupt::UART0)]
fn uart0() {
    RECEIVER.on_interrupt();
}

/// Sleeps until the next interrupt, unless a byte came in just now. A masked interrupt still ends
/// the sleep, and is handled as soon as it is unmasked.
fn sleep(receiver: &Uart) {
    riscv::interrupt::free(|| {
        if receiver.is_empty() {
            riscv::asm::wfi();
        }
    });
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    stop()
}

/// Stops for the debugger.
fn stop() -> ! {
    riscv::interrupt::disable();
    loop {
        riscv::asm::wfi();
    }
}
