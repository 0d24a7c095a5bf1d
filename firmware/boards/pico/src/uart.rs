//! The board's UART0, with its clocks and interrupt.

use cortex_m::peripheral::NVIC;
use interrupt_uart::{InterruptUart, Receiver};
use rp2040_hal::clocks::init_clocks_and_plls;
use rp2040_hal::fugit::RateExtU32;
use rp2040_hal::gpio::bank0::{Gpio0, Gpio1};
use rp2040_hal::gpio::{FunctionUart, Pin, Pins, PullDown};
use rp2040_hal::pac::{DMA, Interrupt, Peripherals, RESETS, UART0, interrupt};
use rp2040_hal::uart::{DataBits, Reader, StopBits, UartConfig, UartPeripheral, Writer};
use rp2040_hal::{Clock, Sio, Watchdog};

const BAUD: u32 = 115_200;

/// The frequency of the board's crystal.
const CRYSTAL: u32 = 12_000_000;

/// The number of bytes that the UART holds while the program does not read: a power of two.
pub const RECEIVE_BUFFER: usize = 1024;

type UartPins = (
    Pin<Gpio0, FunctionUart, PullDown>,
    Pin<Gpio1, FunctionUart, PullDown>,
);
type Uart0 = Receiver<Reader<UART0, UartPins>, RECEIVE_BUFFER>;
/// The UART, which keeps what it receives in a buffer.
pub type Uart = InterruptUart<Reader<UART0, UartPins>, Writer<UART0, UartPins>, RECEIVE_BUFFER>;

static RECEIVER: Uart0 = Receiver::new();

/// Sets up the flash; the chip runs it before anything else.
// SAFETY: the linker script puts this section where the chip expects such a program.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

/// Starts the chip and its UART. Returns it, with what else of the chip a program may use; `None` only if the
/// crystal or the baud rate were impossible.
pub fn start() -> Option<(Uart, DMA, RESETS)> {
    let mut chip = Peripherals::take()?;
    let mut watchdog = Watchdog::new(chip.WATCHDOG);
    let clocks = init_clocks_and_plls(
        CRYSTAL,
        chip.XOSC,
        chip.CLOCKS,
        chip.PLL_SYS,
        chip.PLL_USB,
        &mut chip.RESETS,
        &mut watchdog,
    )
    .ok()?;
    let sio = Sio::new(chip.SIO);
    let port = Pins::new(
        chip.IO_BANK0,
        chip.PADS_BANK0,
        sio.gpio_bank0,
        &mut chip.RESETS,
    );
    let pins = (port.gpio0.into_function(), port.gpio1.into_function());
    let config = UartConfig::new(BAUD.Hz(), DataBits::Eight, None, StopBits::One);
    let uart = UartPeripheral::new(chip.UART0, pins, &mut chip.RESETS)
        .enable(config, clocks.peripheral_clock.freq())
        .ok()?;
    let (mut rx, tx) = uart.split();
    rx.enable_rx_interrupt();
    let uart = InterruptUart::start(&RECEIVER, rx, tx, sleep);
    // SAFETY: no critical section relies on this interrupt being masked.
    unsafe { NVIC::unmask(Interrupt::UART0_IRQ) };
    Some((uart, chip.DMA, chip.RESETS))
}

#[interrupt]
fn UART0_IRQ() {
    RECEIVER.on_interrupt();
}

/// Sleeps until the next interrupt, unless a byte came in just now. A masked interrupt still ends
/// the sleep, and is handled as soon as it is unmasked.
fn sleep(receiver: &Uart0) {
    cortex_m::interrupt::free(|_| {
        if receiver.is_empty() {
            cortex_m::asm::wfi();
        }
    });
}
