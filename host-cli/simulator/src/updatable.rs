//! A simulated device whose firmware can be replaced.

use crate::board::SimulatedEvents;
use crate::device::SimulatedDevice;
use crate::slots::SimulatedSlots;
use firmware::calculator::CalculatorService;
use firmware::{CheckedCalculator, Notes};
use rpc_proto::events::Emit;
use rpc_proto::service::Dispatch;
use rpc_proto::services::blocks::{BlocksService, Stored};
use rpc_proto::services::log::LogService;
use rpc_proto::services::update::{ImageInfo, Unsigned, UpdateService, Updater};
use serial_rpc::link::{Connector, Link};
use serial_rpc::port::OpenError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

rpc_proto::interface! {
    /// The calculator, a block of notes, a log, and updates of the firmware.
    pub struct Updatable<E: Emit>("updatable", env!("CARGO_PKG_VERSION")) {
        /// The calculator.
        pub calculator: CalculatorService<CheckedCalculator<E>>,
        /// The notes.
        pub blocks: BlocksService<Stored<Notes>>,
        /// The log.
        pub log: LogService<()>,
        /// The updates.
        pub update: UpdateService<Updater<SimulatedSlots, Unsigned>>,
    }
}

/// A device with a boot loader, which can be restarted by a call.
///
/// [`new`](UpdatableDevice::new) creates the demonstration device with updates;
/// [`with`](Self::with) one with firmware of your own. Whatever image is activated, the firmware
/// that answers is that of the simulated device: only its version changes.
///
/// ```
/// use rpc_proto::services::update::ImageInfo;
/// use serial_rpc::Connection;
/// use serial_rpc::connection::{FirmwareUpdate, UpdateOutcome};
/// use serial_rpc::image::Image;
/// use serial_rpc_simulator::{SimulatedSlots, UpdatableDevice};
///
/// let [old, new] = ["1.0.0", "2.0.0"].map(|version| ImageInfo::new("desk-lamp", version));
/// let slots = SimulatedSlots::new(0x8000, old.as_bytes());
/// let device = Connection::to(UpdatableDevice::new(slots));
///
/// let image = Image::read(new.as_bytes())?;
/// let updated = device.update(&FirmwareUpdate::to(&image), |_| ())?;
/// assert_eq!(updated.outcome, UpdateOutcome::Confirmed);
/// assert_eq!((&*updated.before, &*updated.version), ("1.0.0", "2.0.0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UpdatableDevice<I = Updatable<Arc<SimulatedEvents>>> {
    device: SimulatedDevice<I>,
    slots: SimulatedSlots,
    start: Arc<Start<I>>,
}

/// Starts the firmware of the image with that description.
type Start<I> = dyn Fn(&'static ImageInfo, SimulatedSlots) -> I + Send + Sync;

impl<I> Clone for UpdatableDevice<I> {
    fn clone(&self) -> Self {
        Self {
            device: self.device.clone(),
            slots: self.slots.clone(),
            start: Arc::clone(&self.start),
        }
    }
}

impl UpdatableDevice {
    /// Creates a demonstration device with those slots, just switched on.
    #[must_use]
    pub fn new(slots: SimulatedSlots) -> Self {
        let events = Arc::new(SimulatedEvents::new());
        let of_firmware = Arc::clone(&events);
        Self::with(slots, events, move |info, slots| Updatable {
            calculator: CalculatorService(CheckedCalculator::telling(Arc::clone(&of_firmware))),
            blocks: BlocksService(Stored::new(Notes::new())),
            log: LogService(()),
            update: UpdateService(Updater::new(info, slots, Unsigned)),
        })
    }
}

impl<I: Dispatch + Send + 'static> UpdatableDevice<I> {
    /// Creates a device with those slots, just switched on. `start` makes its interface whenever it
    /// starts, from the description of the image that the boot loader has started.
    pub fn with(
        slots: SimulatedSlots,
        events: Arc<SimulatedEvents>,
        start: impl Fn(&'static ImageInfo, SimulatedSlots) -> I + Send + Sync + 'static,
    ) -> Self {
        let interface = start(booted(&slots), slots.clone());
        Self {
            device: SimulatedDevice::with_events(interface, events),
            slots,
            start: Arc::new(start),
        }
    }
}

impl<I> UpdatableDevice<I> {
    /// Switches the device off and on again. What is in flash stays.
    pub fn power_cycle(&self) {
        let interface = (self.start)(booted(&self.slots), self.slots.clone());
        self.device.power_cycle(interface);
    }
}

/// Starts the device, and returns the description of its image, which a firmware has in its flash
/// for good.
fn booted(slots: &SimulatedSlots) -> &'static ImageInfo {
    Box::leak(Box::new(slots.boot()))
}

impl<I: 'static> Connector for UpdatableDevice<I> {
    fn open(&self, _: Duration) -> Result<Arc<dyn Link>, OpenError> {
        Ok(Arc::new(self.clone()))
    }

    fn name(&self) -> String {
        self.device.name()
    }
}

impl<I> Link for UpdatableDevice<I> {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        // It restarts when the answer has been sent.
        match self.device.read(buffer, Duration::ZERO)? {
            0 if self.slots.take_restart() => self.power_cycle(),
            0 => {}
            count => return Ok(count),
        }
        self.device.read(buffer, timeout)
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        self.device.write(bytes, timeout)
    }
}
