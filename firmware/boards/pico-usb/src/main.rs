//! The board's program: serves the calculator over USB, for ever.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use embassy_executor::Spawner;
use embassy_futures::join::join;
use embassy_rp::flash::{Blocking, Flash};
use embassy_rp::peripherals::{FLASH, USB};
use embassy_rp::usb::{Driver, InterruptHandler};
use embassy_rp::{Peri, bind_interrupts};
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use rpc_proto::server::Server;
use usb_link::{Config, SerialNumber, UsbMemory, usb_serial};

/// The vendor and product for tests at pid.codes: a product needs numbers of its own.
const VENDOR_AND_PRODUCT: (u16, u16) = (0x1209, 0x0001);

/// The size of the board's flash, in bytes.
const FLASH_SIZE: usize = 2 * 1024 * 1024;

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression.
const FRAME: usize = 160;

/// The number of calls that a caller may send ahead.
const WINDOW: usize = 4;

/// The number of bytes that a caller may send ahead. The host keeps those that the device is not ready
/// for, so it is not a buffer's size.
const AHEAD: u16 = (FRAME * WINDOW) as u16;

bind_interrupts!(struct Interrupts {
    USBCTRL_IRQ => InterruptHandler<USB>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let chip = embassy_rp::init(embassy_rp::config::Config::default());
    let serial_number = serial_number(chip.FLASH);

    let (vendor, product) = VENDOR_AND_PRODUCT;
    let mut config = Config::new(vendor, product);
    config.manufacturer = Some("serial-rpc");
    config.product = Some("calculator on a pico-usb");
    config.serial_number = Some(serial_number.as_str());

    let mut memory = UsbMemory::new();
    let driver = Driver::new(chip.USB, Interrupts);
    let (mut device, mut link) = usb_serial(driver, config, &mut memory);

    let calculator = CalculatorService(CheckedCalculator::new());
    let mut server = Server::<_, FRAME, WINDOW>::new(calculator).with_buffer(AHEAD);
    join(device.run(), server.serve_async(&mut link)).await;
}

/// Returns the number of the board's flash chip: the RP2040 has none.
fn serial_number(flash: Peri<'static, FLASH>) -> SerialNumber {
    let mut number = [0; 8];
    let mut flash = Flash::<_, Blocking, FLASH_SIZE>::new_blocking(flash);
    // It fails on the other core only.
    let _ = flash.blocking_unique_id(&mut number);
    SerialNumber::new(u64::from_be_bytes(number))
}

/// Stops for the debugger.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
