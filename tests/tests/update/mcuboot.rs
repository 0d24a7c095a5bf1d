//! The slots of MCUboot, with a boot loader that does what MCUboot's documentation says.

use firmware_update::mcuboot::Mcuboot;
use rpc_proto::services::update::{
    SlotState, Slots, Unsigned, Update, UpdateError, Updater, Which,
};
use rpc_proto::wire::crc::Crc32;
use tests::mcuboot::{SlotFlash, TRAILER, boot, signed, whole};
use tests::nor_flash::{Moment, Times};
use tests::updatable::{NEW, OLD, new, old};

type Device = Updater<Mcuboot<SlotFlash, SlotFlash, fn()>, Unsigned>;

const SLOT: usize = 8 * 1024;

/// Boots what is in the flash.
///
/// # Panics
/// Panics if that is neither of the images.
fn booted(primary: &SlotFlash, secondary: &SlotFlash) -> Device {
    boot(primary, secondary);
    let content = primary.content();
    let info = match whole(&content) {
        Some(image) if image == signed(&old()) => &OLD,
        Some(image) if image == signed(&new()) => &NEW,
        _ => panic!("neither of the images is booted"),
    };
    let restart: fn() = || ();
    let slots = Mcuboot::new(primary.clone(), secondary.clone(), 0, restart);
    Updater::new(info, slots, Unsigned)
}

/// Returns a device that runs the old image.
fn factory() -> Device {
    let chip = SlotFlash::chip_of(2 * SLOT, Times::default());
    chip.chip().program(0, &signed(&old()));
    booted(&chip.part(0, SLOT), &chip.part(SLOT, SLOT))
}

fn reset(device: &mut Device) {
    let (primary, secondary) = device.slots().flash();
    *device = booted(&primary.clone(), &secondary.clone());
}

/// Writes the new image and has it verified.
fn write(device: &mut Device, image: &[u8]) -> Result<(), UpdateError> {
    let offset = device.begin(image.len() as u32, Crc32::of(image).value(), 0)?;
    for (index, piece) in image[offset as usize..].chunks(90).enumerate() {
        device.write(offset + 90 * index as u32, piece)?;
    }
    while device.verify(&[])? > 0 {}
    device.activate()
}

/// Brings the device to an image, however often it fails on the way.
fn bring_to(device: &mut Device, image: &[u8]) {
    let is_there = |device: &mut Device| {
        let primary = device.slots().flash().0.content();
        whole(&primary) == Some(image)
    };
    for _ in 0..4 {
        if is_there(device) {
            let _ = device.confirm();
        } else {
            let _ = write(device, image);
        }
        reset(device);
        if is_there(device) && states(device).0 == SlotState::Confirmed {
            return;
        }
    }
    panic!("it is not updated: {:?}", states(device));
}

fn states(device: &mut Device) -> (SlotState, SlotState) {
    let active = device.slot(Which::Active).unwrap().state;
    (active, device.slot(Which::Spare).unwrap().state)
}

fn version(device: &mut Device, which: Which) -> String {
    device.slot(which).unwrap().version.to_string()
}

#[test]
fn an_image_is_on_trial_then_confirmed_or_reverted() {
    let mut device = factory();
    let image = signed(&new());
    assert_eq!(device.target().capacity as usize, SLOT - TRAILER);
    assert_eq!(
        states(&mut device),
        (SlotState::Confirmed, SlotState::Empty)
    );
    write(&mut device, &image).unwrap();
    assert_eq!(
        states(&mut device),
        (SlotState::Confirmed, SlotState::Pending)
    );
    reset(&mut device);
    assert_eq!(version(&mut device, Which::Active), "2.0.0");
    assert_eq!(
        states(&mut device),
        (SlotState::OnTrial, SlotState::Previous)
    );
    assert_eq!(write(&mut device, &image), Err(UpdateError::OnTrial));

    reset(&mut device);
    assert_eq!(version(&mut device, Which::Active), "1.0.0");
    assert_eq!(states(&mut device).0, SlotState::Confirmed);

    write(&mut device, &image).unwrap();
    reset(&mut device);
    device.confirm().unwrap();
    for _ in 0..2 {
        assert_eq!(
            states(&mut device),
            (SlotState::Confirmed, SlotState::Previous)
        );
        assert_eq!(version(&mut device, Which::Active), "2.0.0");
        assert_eq!(version(&mut device, Which::Spare), "1.0.0");
        let length = device.slot(Which::Active).unwrap().length as usize;
        assert_eq!(length, image.len());
        reset(&mut device);
    }
    device.revert().unwrap();
    reset(&mut device);
    assert_eq!(version(&mut device, Which::Active), "1.0.0");
    assert_eq!(
        states(&mut device),
        (SlotState::OnTrial, SlotState::Previous)
    );
}

#[test]
fn an_activation_is_undone() {
    let mut device = factory();
    write(&mut device, &signed(&new())).unwrap();
    device.revert().unwrap();
    assert_eq!(device.revert(), Err(UpdateError::NothingToRevert));
    reset(&mut device);
    assert_eq!(version(&mut device, Which::Active), "1.0.0");
    write(&mut device, &signed(&new())).unwrap();
    reset(&mut device);
    assert_eq!(version(&mut device, Which::Active), "2.0.0");
}

#[test]
fn power_cut_in_any_operation_leaves_one_of_the_images() {
    let mut cuts = 0;
    for moment in [Moment::Before, Moment::Within] {
        for before in 0.. {
            let mut device = factory();
            device.slots().flash().0.chip().cut_after(before, moment);
            for program in [new(), old()] {
                bring_to(&mut device, &signed(&program));
            }
            if device.slots().flash().0.chip().cuts() == 0 {
                break;
            }
            assert_eq!(version(&mut device, Which::Active), "1.0.0");
            assert_eq!(
                device.slots().state(Which::Active),
                Ok(SlotState::Confirmed)
            );
            cuts += 1;
        }
    }
    println!("{cuts} cuts of power");
    assert_eq!(cuts, 468);
}
