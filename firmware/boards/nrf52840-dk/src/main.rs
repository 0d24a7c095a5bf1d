//! The board's program: serves the calculator over USB, for ever.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use embassy_executor::Spawner;
use embassy_futures::join::join;
use embassy_nrf::config::HfclkSource;
use embassy_nrf::usb::vbus_detect::HardwareVbusDetect;
use embassy_nrf::usb::{self, Driver, vbus_detect};
use embassy_nrf::{bind_interrupts, pac, peripherals};
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use rpc_proto::server::Server;
use usb_link::{Config, SerialNumber, UsbMemory, usb_serial};

/// The vendor and product for tests at pid.codes: a product needs numbers of its own.
const VENDOR_AND_PRODUCT: (u16, u16) = (0x1209, 0x0001);

/// The longest frame, in bytes: enough for 16 samples of 8 bytes, or a long expression.
const FRAME: usize = 160;

/// The number of calls that a caller may send ahead.
const WINDOW: usize = 4;

/// The number of bytes that a caller may send ahead. The host keeps those that the device is not ready
/// for, so it is not a buffer's size.
const AHEAD: u16 = (FRAME * WINDOW) as u16;

bind_interrupts!(struct Interrupts {
    USBD => usb::InterruptHandler<peripherals::USBD>;
    CLOCK_POWER => vbus_detect::InterruptHandler;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut clocks = embassy_nrf::config::Config::default();
    // USB needs the precision of the crystal.
    clocks.hfclk_source = HfclkSource::ExternalXtal;
    let chip = embassy_nrf::init(clocks);

    let serial_number = serial_number();
    let (vendor, product) = VENDOR_AND_PRODUCT;
    let mut config = Config::new(vendor, product);
    config.manufacturer = Some("serial-rpc");
    config.product = Some("calculator on an nrf52840-dk");
    config.serial_number = Some(serial_number.as_str());

    let mut memory = UsbMemory::new();
    let driver = Driver::new(chip.USBD, Interrupts, HardwareVbusDetect::new(Interrupts));
    let (mut device, mut link) = usb_serial(driver, config, &mut memory);

    let calculator = CalculatorService(CheckedCalculator::new());
    let mut server = Server::<_, FRAME, WINDOW>::new(calculator).with_buffer(AHEAD);
    join(device.run(), server.serve_async(&mut link)).await;
}

/// Returns the number that the factory has given the chip.
fn serial_number() -> SerialNumber {
    let [low, high] = [0, 1].map(|word| u64::from(pac::FICR.deviceid(word).read()));
    SerialNumber::new(high << 32 | low)
}

/// Stops for the debugger.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
