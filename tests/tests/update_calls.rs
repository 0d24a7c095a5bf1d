//! [`Connection::update`] on devices that do not know or do not do all that a good one does, and on
//! hostile ones.

use rpc_proto::service::{Arguments, Dispatch, Interface, Replied, Reply};
use rpc_proto::services::update::{
    ImageInfo, Slot, SlotState, Target, Update, UpdateClient, UpdateError, UpdateService, Which,
};
use rpc_proto::wire::crc::Crc32;
use rpc_proto::wire::message::Fault;
use serial_rpc::connection::{FirmwareUpdate, UpdateFailure, UpdateOutcome, UpdateStep};
use serial_rpc::image::Image;
use serial_rpc::{CallError, Connection};
use serial_rpc_simulator::{SimulatedDevice, SimulatedSlots, UpdatableDevice};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tests::lamp::{ADDRESS, firmware};
use tests::offered::Offered;
use tests::test_device::TestDevice;

/// A lamp that follows a script in place of the rules.
#[derive(Clone)]
struct Scripted {
    active: Vec<u8>,
    spare: Vec<u8>,
    spare_state: SlotState,
    /// True if it starts what was activated when it is told to restart.
    restarts: bool,
    /// The state of the spare slot after the restart.
    then: SlotState,
    /// Added to the offset at which it wants to begin.
    skips: u32,
    /// The number of bytes that it says are left to check.
    left: u32,
    /// True once it was told to restart.
    told: Arc<AtomicBool>,
}

impl Scripted {
    fn new() -> Self {
        Self {
            active: firmware("1.0.0", 5000),
            spare: Vec::new(),
            spare_state: SlotState::Empty,
            restarts: true,
            then: SlotState::Previous,
            skips: 0,
            left: 0,
            told: Arc::default(),
        }
    }
}

impl Update for Scripted {
    fn target(&mut self) -> Target {
        Target {
            product: "desk-lamp".try_into().unwrap(),
            address: ADDRESS,
            capacity: 10_000,
            page: 1000,
            signed: false,
        }
    }

    // As where images come by a probe: their lengths are not known.
    fn slot(&mut self, which: Which) -> Result<Slot, UpdateError> {
        let (state, bytes) = match which {
            Which::Active => (SlotState::Confirmed, &self.active),
            Which::Spare => (self.spare_state, &self.spare),
        };
        let info = ImageInfo::find(bytes);
        Ok(Slot {
            state,
            version: info.map(|info| info.version()).unwrap_or_default(),
            length: 0,
            crc: 0,
        })
    }

    fn checksum(
        &mut self,
        which: Which,
        offset: u32,
        length: u32,
        before: u32,
    ) -> Result<u32, UpdateError> {
        let mut bytes = match which {
            Which::Active => self.active.clone(),
            Which::Spare => self.spare.clone(),
        };
        bytes.resize(10_000, 0xff);
        let part = &bytes[offset as usize..(offset + length) as usize];
        Ok(Crc32::after(before).then(part).value())
    }

    fn begin(&mut self, _: u32, _: u32, offset: u32) -> Result<u32, UpdateError> {
        self.spare.truncate(offset as usize);
        Ok(offset + self.skips)
    }

    fn write(&mut self, _: u32, bytes: &[u8]) -> Result<(), UpdateError> {
        self.spare.extend(bytes);
        Ok(())
    }

    fn verify(&mut self, _: &[u8]) -> Result<u32, UpdateError> {
        self.left = self.left.saturating_sub(1);
        Ok(self.left)
    }

    fn activate(&mut self) -> Result<(), UpdateError> {
        self.spare_state = SlotState::Pending;
        Ok(())
    }

    fn confirm(&mut self) -> Result<(), UpdateError> {
        Ok(())
    }

    fn revert(&mut self) -> Result<(), UpdateError> {
        Ok(())
    }

    fn reboot(&mut self) {
        self.told.store(true, Ordering::Relaxed);
        if self.restarts {
            self.spare_state = self.then;
            if self.then == SlotState::Previous {
                mem::swap(&mut self.active, &mut self.spare);
            }
        }
    }
}

/// Returns the new image.
fn new() -> Image {
    Image::read(&firmware("2.0.0", 9000)).unwrap()
}

/// Updates a device to the new image, with a second to restart.
fn update(device: &Connection) -> Result<UpdateOutcome, UpdateFailure> {
    let image = new();
    let to = FirmwareUpdate {
        restart: Duration::from_secs(1),
        ..FirmwareUpdate::to(&image)
    };
    device.update(&to, |_| ()).map(|updated| updated.outcome)
}

fn scripted(lamp: Scripted) -> Connection {
    Connection::to(SimulatedDevice::with(UpdateService(lamp)))
}

#[test]
fn an_image_is_recognised_by_its_bytes_where_no_length_is_known() {
    let device = scripted(Scripted::new());
    assert_eq!(update(&device), Ok(UpdateOutcome::Confirmed));
    assert_eq!(update(&device), Ok(UpdateOutcome::UpToDate));
    // Another one of the same version is not taken for it.
    let mut bytes = firmware("2.0.0", 9000);
    bytes[8999] ^= 1;
    let other = Image::read(&bytes).unwrap();
    let plan = device.plan_update(&FirmwareUpdate::to(&other)).unwrap();
    assert!(!plan.runs);
}

/// A lamp whose other services are those of its version.
struct Versioned {
    update: UpdateService<Scripted>,
    version: u32,
}

impl Versioned {
    fn new(version: u32) -> Self {
        Self {
            update: UpdateService(Scripted::new()),
            version,
        }
    }
}

impl Interface for Versioned {
    fn description(&self, offset: u32) -> &[u8] {
        self.update.description(offset)
    }

    fn fingerprint(&self) -> u32 {
        self.version
    }

    fn resolve(&self, key: u32) -> Option<u16> {
        self.update.resolve(key)
    }
}

impl Dispatch for Versioned {
    fn dispatch(
        &mut self,
        index: u16,
        arguments: Arguments<'_>,
        reply: Reply<'_>,
    ) -> Result<Replied, Fault> {
        self.update.dispatch(index, arguments, reply)
    }
}

#[test]
fn a_device_that_goes_back_to_other_firmware_meanwhile_is_updated_all_the_same() {
    let simulated = SimulatedDevice::with(Versioned::new(1));
    let device = Connection::to(simulated.clone());
    let image = new();
    let mut changes = 0;
    let updated = device.update(&FirmwareUpdate::to(&image), |step| {
        if changes == 0 && matches!(step, UpdateStep::Writing { done: 4000.., .. }) {
            changes += 1;
            simulated.power_cycle(Versioned::new(2));
        }
    });
    assert_eq!(changes, 1);
    let outcome = updated.map(|updated| updated.outcome);
    assert_eq!(outcome, Ok(UpdateOutcome::Confirmed));
}

#[test]
fn a_boot_loader_that_starts_the_old_image_is_found_out() {
    for (then, failure) in [
        (
            SlotState::Failed,
            UpdateFailure::TrialFailed {
                version: "1.0.0".to_owned(),
            },
        ),
        (
            SlotState::Empty,
            UpdateFailure::NotStarted {
                version: "1.0.0".to_owned(),
            },
        ),
    ] {
        let device = scripted(Scripted {
            then,
            ..Scripted::new()
        });
        assert_eq!(update(&device), Err(failure));
    }
}

#[test]
fn a_device_that_never_restarts_is_given_up_in_time() {
    let device = scripted(Scripted {
        restarts: false,
        ..Scripted::new()
    });
    let started = Instant::now();
    let limit = Duration::from_secs(1);
    assert_eq!(update(&device), Err(UpdateFailure::NotBack(limit)));
    assert!(started.elapsed() < 5 * limit);
}

#[test]
fn a_device_that_wants_bytes_behind_the_end_is_refused() {
    let device = scripted(Scripted {
        skips: 9001,
        ..Scripted::new()
    });
    assert_eq!(update(&device), Err(CallError::BadReply.into()));
}

#[test]
fn a_device_that_has_more_to_check_than_there_is_is_refused() {
    let device = scripted(Scripted {
        left: u32::MAX,
        ..Scripted::new()
    });
    assert_eq!(update(&device), Err(CallError::BadReply.into()));
}

#[test]
fn an_image_without_the_service_is_said_to_stay_unconfirmed() {
    let lamp = Scripted {
        restarts: false,
        ..Scripted::new()
    };
    let told = Arc::clone(&lamp.told);
    let lamp = Offered::new(SimulatedDevice::with(UpdateService(lamp)));
    let device = Connection::open(&lamp.port()).unwrap();
    let updating = thread::spawn(move || {
        let image = new();
        device.update(&FirmwareUpdate::to(&image), |_| ())
    });
    while !told.load(Ordering::Relaxed) && !updating.is_finished() {
        thread::sleep(Duration::from_millis(1));
    }
    let calculator: Offered<TestDevice<_>> = lamp.replaced_by(SimulatedDevice::new());
    let updated = updating.join().unwrap();
    assert_eq!(updated.unwrap_err(), UpdateFailure::NoService);
    drop(calculator);
}

#[test]
fn an_image_that_was_only_activated_is_not_started_after_all() {
    let slots = SimulatedSlots::new(ADDRESS, &firmware("1.0.0", 5000));
    let simulated = UpdatableDevice::new(slots);
    let device = Connection::to(simulated.clone());
    let image = new();
    let mut upload = rpc_proto::services::update::Upload::new(&image.bytes, &[]);
    upload.run(&mut device.clone(), |_| ()).unwrap();
    UpdateClient::new(&device).activate().unwrap();

    let reverted = device.revert_update(Duration::from_secs(1)).unwrap();
    assert_eq!(reverted.outcome, UpdateOutcome::Withdrawn);
    simulated.power_cycle();
    let active = UpdateClient::new(&device).slot(Which::Active).unwrap();
    assert_eq!(active.version, "1.0.0");
}

#[test]
fn an_update_ends_when_its_connection_is_cancelled() {
    let device = scripted(Scripted {
        restarts: false,
        ..Scripted::new()
    });
    let cancelled = device.clone();
    let image = new();
    let to = FirmwareUpdate::to(&image);
    let started = Instant::now();
    let canceller = thread::spawn(move || {
        thread::sleep(Duration::from_millis(500));
        cancelled.cancel();
    });
    let error = device.update(&to, |_| ()).unwrap_err();
    canceller.join().unwrap();
    assert!(matches!(error, UpdateFailure::Call(_)), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
}
