//! Builds the USB device of a board that is a serial port and nothing else.

use crate::link::{PACKET, UsbLink};
use embassy_usb::class::cdc_acm::State;
use embassy_usb::driver::Driver;
use embassy_usb::{Builder, Config, UsbDevice};

/// The room for the configuration descriptor: that of one serial port has 70 bytes.
const CONFIGURATION: usize = 80;

/// The room for the descriptor of capabilities, which has 12 bytes.
const CAPABILITIES: usize = 16;

/// The memory that the device and its serial port share.
pub struct UsbMemory<'d> {
    configuration: [u8; CONFIGURATION],
    capabilities: [u8; CAPABILITIES],
    control: [u8; PACKET],
    state: State<'d>,
}

impl UsbMemory<'_> {
    /// Creates empty memory.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            configuration: [0; CONFIGURATION],
            capabilities: [0; CAPABILITIES],
            control: [0; PACKET],
            state: State::new(),
        }
    }
}

impl Default for UsbMemory<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes a USB device that is one serial port, and returns it with the link.
///
/// The device's [`run`](UsbDevice::run) has to be polled beside whatever uses the link, by the same
/// executor: it answers the host. For a device that is more than a serial port, there is
/// [`UsbLink::new`].
///
/// # Panics
/// Panics if the driver has fewer than two endpoints that send and one that receives, or if `config` is
/// not for a device with interface associations, as it is by default.
pub fn usb_serial<'d, D: Driver<'d>>(
    driver: D,
    config: Config<'d>,
    memory: &'d mut UsbMemory<'d>,
) -> (UsbDevice<'d, D>, UsbLink<'d, D>) {
    let mut builder = Builder::new(
        driver,
        config,
        &mut memory.configuration,
        &mut memory.capabilities,
        &mut [],
        &mut memory.control,
    );
    let link = UsbLink::new(&mut builder, &mut memory.state);
    (builder.build(), link)
}
