//! A device whose firmware can be replaced: simulated flash, the code of `embassy-boot` as its boot
//! loader, and an application that is nothing but the service `update`.
//!
//! It boots what is in its active partition. If that is neither of the two images that there are, the
//! test fails.

use crate::line::{Faults, Pace};
use crate::nor_flash::{Chip, Region, Times};
use crate::shelf::pattern;
use crate::virtual_link::{Fate, VirtualCaller, VirtualLink};
use embassy_boot::{BootLoader, BootLoaderConfig};
use firmware_update::ed25519::Ed25519;
use firmware_update::embassy::{EmbassyBoot, Partitions};
use rpc_proto::client::CallError;
use rpc_proto::service::Dispatch;
use rpc_proto::services::update::{
    ImageInfo, SlotState, Unsigned, UpdateClient, UpdateError, UpdateService, Updater, Upload,
    UploadError, Verifier, Which,
};
use salty::Keypair;
use std::cell::RefMut;

/// The longest frame of caller and device.
pub const FRAME: usize = 128;
/// The number of calls in flight.
pub const WINDOW: usize = 4;

/// The number of bytes in a page.
pub const PAGE: usize = 256;
/// The number of bytes in a word.
const WORD: usize = 8;
/// The number of bytes that run, so that all cuts of power can be tried.
const ACTIVE: usize = 4 * PAGE;
const DFU: usize = ACTIVE + PAGE;
/// The address that images run at.
pub const ADDRESS: u32 = 0x0000_8000;

/// The firmware that the device has from the start, and a newer one.
pub static OLD: ImageInfo = ImageInfo::new("lamp", "1.0.0");
/// See [`OLD`].
pub static NEW: ImageInfo = ImageInfo::new("lamp", "2.0.0");

/// The place of the description in an image.
const INFO_AT: usize = 132;

/// Returns an image of that length with that description.
///
/// # Panics
/// Panics if it has no room for it.
#[must_use]
pub fn image(info: &ImageInfo, length: usize) -> Vec<u8> {
    let shift = usize::from(info.version().as_bytes()[0]);
    let mut image = pattern(length + shift).split_off(shift);
    image[INFO_AT..INFO_AT + ImageInfo::LENGTH].copy_from_slice(info.as_bytes());
    image
}

/// Returns the firmware that the device has from the start.
#[must_use]
pub fn old() -> Vec<u8> {
    image(&OLD, 700)
}

/// Returns the newer firmware.
#[must_use]
pub fn new() -> Vec<u8> {
    image(&NEW, 900)
}

/// The flash of the device.
pub type Flash = Region<WORD, PAGE>;

/// The slots of the device.
pub type Slots = EmbassyBoot<Flash, Flash, Flash, Box<dyn FnMut()>>;

/// The interface of a device that has the service `update`.
pub trait Updatable: Dispatch {
    /// Decides which images it takes.
    type Verifier: Key;

    /// Creates the interface of the firmware with that description.
    fn new(info: &'static ImageInfo, updater: Updater<Slots, Self::Verifier>) -> Self;

    /// Returns the updater.
    fn updater(&mut self) -> &mut Updater<Slots, Self::Verifier>;
}

/// A device that has no other service, and takes images that `V` accepts.
pub type Plain<V = Unsigned> = UpdateService<Updater<Slots, V>>;

impl<V: Key> Updatable for Plain<V> {
    type Verifier = V;

    fn new(_info: &'static ImageInfo, updater: Updater<Slots, V>) -> Self {
        Self(updater)
    }

    fn updater(&mut self) -> &mut Updater<Slots, V> {
        &mut self.0
    }
}

/// A verifier that a device begins with.
pub trait Key: Verifier {
    /// Returns the verifier.
    fn key() -> Self;
}

impl Key for Unsigned {
    fn key() -> Self {
        Self
    }
}

/// The secret half of the key of a device that takes signed images.
pub const SEED: [u8; 32] = [7; 32];

impl Key for Ed25519 {
    fn key() -> Self {
        Self::new(Keypair::from(&SEED).public.to_bytes())
    }
}

/// A caller of such a device.
pub type UpdateCaller<D = Plain> = VirtualCaller<D, FRAME, WINDOW>;

/// Returns a caller on a fast line to a device that runs the old firmware.
#[must_use]
pub fn caller<D: Updatable>() -> UpdateCaller<D> {
    let mut caller = VirtualLink::caller(Pace::uart(921_600), Faults::NONE, 1, start::<D>);
    caller.link().set_fate(fate::<D>);
    caller
}

/// Returns the partitions of the device.
pub fn partitions<D: Updatable>(
    caller: &mut UpdateCaller<D>,
) -> &mut Partitions<Flash, Flash, Flash> {
    caller.link().interface().updater().slots().partitions()
}

/// Returns the flash of the device.
pub fn chip<D: Updatable>(caller: &mut UpdateCaller<D>) -> RefMut<'_, Chip> {
    partitions(caller).active.chip()
}

/// Returns the description of the firmware that runs.
pub fn running<D: Updatable>(caller: &mut UpdateCaller<D>) -> &'static ImageInfo {
    booted(partitions(caller))
}

/// Switches the device on: the boot loader runs, and then what it boots.
fn start<D: Updatable>(before: Option<&mut D>) -> D {
    let mut partitions = match before {
        Some(before) => before.updater().slots().partitions().clone(),
        None => {
            let all = Flash::chip_of(ACTIVE + DFU + PAGE, Times::default());
            all.chip().program(0, &old());
            Partitions {
                active: all.part(0, ACTIVE),
                dfu: all.part(ACTIVE, DFU),
                state: all.part(ACTIVE + DFU, PAGE),
            }
        }
    };
    boot(&mut partitions);
    let info = booted(&partitions);
    let flash = partitions.active.clone();
    let restart: Box<dyn FnMut()> = Box::new(move || flash.chip().restarts = true);
    let slots = EmbassyBoot::new(partitions, ADDRESS, restart);
    D::new(info, Updater::new(info, slots, D::Verifier::key()))
}

/// Runs the boot loader, as often as its power is cut.
fn boot(partitions: &mut Partitions<Flash, Flash, Flash>) {
    loop {
        partitions.active.chip().power_on();
        let mut loader = BootLoader::new(BootLoaderConfig {
            active: partitions.active.clone(),
            dfu: partitions.dfu.clone(),
            state: partitions.state.clone(),
        });
        let booted = loader.prepare_boot(&mut [0; 64]);
        if booted.is_ok() {
            return;
        }
        assert!(!partitions.active.chip().has_power(), "{booted:?}");
    }
}

/// Returns the description of the image in the active partition.
fn booted(partitions: &Partitions<Flash, Flash, Flash>) -> &'static ImageInfo {
    let active = partitions.active.content();
    match (active.starts_with(&old()), active.starts_with(&new())) {
        (true, false) => &OLD,
        (false, true) => &NEW,
        _ => panic!("the active partition has neither of the images"),
    }
}

fn fate<D: Updatable>(device: &mut D) -> Fate {
    let mut chip = device.updater().slots().partitions().active.chip();
    match (chip.has_power(), std::mem::take(&mut chip.restarts)) {
        (false, _) => Fate::Dies,
        (true, true) => Fate::Restarts,
        (true, false) => Fate::Busy(chip.take_busy()),
    }
}

/// Brings the device to a firmware, however often it fails on the way.
///
/// # Panics
/// Panics if the device is not there in the end.
pub fn bring_to<D: Updatable>(caller: &mut UpdateCaller<D>, image: &[u8]) {
    let mut last = Ok(false);
    for _ in 0..100 {
        last = step(caller, image);
        if last == Ok(true) {
            return;
        }
    }
    panic!("it is not updated: {last:?}");
}

/// Takes one step to a firmware. Returns true if it runs and is confirmed.
fn step<D: Updatable>(caller: &mut UpdateCaller<D>, image: &[u8]) -> Result<bool, UploadError> {
    let info = ImageInfo::find(image).expect("an image");
    let mut client = UpdateClient::new(&mut *caller);
    let active = client.slot(Which::Active)?;
    let is_there = active.version == info.version();
    match active.state {
        SlotState::Confirmed if is_there => return Ok(true),
        SlotState::OnTrial if is_there => client.confirm()?,
        SlotState::Confirmed => {
            put(caller, image, &[])?;
            restart(caller)?;
        }
        _ => restart(caller)?,
    }
    Ok(false)
}

/// Writes an image, has it verified and activates it.
///
/// # Errors
/// Fails as the calls do.
pub fn put<D: Updatable>(
    caller: &mut UpdateCaller<D>,
    image: &[u8],
    signature: &[u8],
) -> Result<(), UploadError> {
    Upload::new(image, signature).run(caller, |_| ())?;
    UpdateClient::new(caller).activate()
}

/// Restarts the device by a call.
///
/// # Errors
/// Fails as the call does.
pub fn restart<D: Updatable>(caller: &mut UpdateCaller<D>) -> Result<(), CallError<UpdateError>> {
    UpdateClient::new(caller).reboot().map_err(CallError::widen)
}
