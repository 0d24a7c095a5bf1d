//! The power is cut in every operation of the flash, of the application and of the boot loader, and
//! at every byte of the link. Whatever happens, the device boots the old image or the new one, whole:
//! `tests/src/updatable.rs` sees to that at every boot.

use rpc_proto::client::CallError;
use rpc_proto::services::update::{SlotState, UpdateClient, UpdateError, Upload, Which};
use rpc_proto::time::Duration;
use rpc_proto::wire::crc::Crc32;
use tests::nor_flash::Moment;
use tests::updatable::{
    ADDRESS, NEW, OLD, PAGE, UpdateCaller, bring_to, caller, chip, new, old, put, restart, running,
};
use tests::virtual_link::Mishap;

type Caller = UpdateCaller;

/// Returns a caller to a device that runs the old firmware.
fn factory() -> Caller {
    caller()
}

/// Returns the states of both slots.
fn states(caller: &mut Caller) -> (SlotState, SlotState) {
    let mut client = UpdateClient::new(caller);
    let active = client.slot(Which::Active).unwrap().state;
    (active, client.slot(Which::Spare).unwrap().state)
}

/// Returns a caller to a device that runs the new firmware on trial.
fn on_trial() -> Caller {
    let mut caller = factory();
    put(&mut caller, &new(), &[]).unwrap();
    restart(&mut caller).unwrap();
    let on_trial = (SlotState::OnTrial, SlotState::Previous);
    assert_eq!(states(&mut caller), on_trial);
    caller
}

/// Returns a caller to a device that runs the new firmware for good.
fn confirmed() -> Caller {
    let mut caller = on_trial();
    UpdateClient::new(&mut caller).confirm().unwrap();
    let confirmed = (SlotState::Confirmed, SlotState::Previous);
    assert_eq!(states(&mut caller), confirmed);
    caller
}

/// Cuts the power of a device in each operation of the flash that `work` needs: before it and within it.
/// Tests that this is done so often.
fn cut_everywhere(cuts: u64, device: impl Fn() -> Caller, work: impl Fn(&mut Caller)) {
    let mut cut = 0;
    for moment in [Moment::Before, Moment::Within] {
        for before in 0.. {
            let mut caller = device();
            chip(&mut caller).cut_after(before, moment);
            work(&mut caller);
            if chip(&mut caller).cuts() == 0 {
                break;
            }
            cut += 1;
        }
    }
    println!("{cut} cuts of power");
    assert_eq!(cut, cuts);
}

#[test]
fn an_update_is_on_trial_and_then_confirmed() {
    let mut caller = factory();
    let mut client = UpdateClient::new(&mut caller);
    let target = client.target().unwrap();
    assert_eq!((target.product.as_str(), target.address), ("lamp", ADDRESS));
    assert_eq!(
        (target.capacity, target.page, target.signed),
        (992, 256, false)
    );
    let (old, new) = (old(), new());
    let slot = |caller: &mut Caller, which| {
        let slot = UpdateClient::new(caller).slot(which).unwrap();
        (slot.state, slot.version.to_string(), slot.length, slot.crc)
    };
    let crc = Crc32::of(&new).value();
    let none = (SlotState::Empty, String::new(), 0, 0);
    let factory = (SlotState::Confirmed, "1.0.0".into(), 0, 0);
    assert_eq!(slot(&mut caller, Which::Active), factory);
    assert_eq!(slot(&mut caller, Which::Spare), none);

    Upload::new(&new, &[]).run(&mut caller, |_| ()).unwrap();
    let verified = (SlotState::Verified, "2.0.0".into(), 900, crc);
    assert_eq!(slot(&mut caller, Which::Spare), verified);
    UpdateClient::new(&mut caller).activate().unwrap();
    let pending = (SlotState::Pending, "2.0.0".into(), 900, crc);
    assert_eq!(slot(&mut caller, Which::Spare), pending);

    restart(&mut caller).unwrap();
    let on_trial = (SlotState::OnTrial, "2.0.0".into(), 900, crc);
    assert_eq!(slot(&mut caller, Which::Active), on_trial);
    let previous = (SlotState::Previous, "1.0.0".into(), 0, 0);
    assert_eq!(slot(&mut caller, Which::Spare), previous);
    let mut client = UpdateClient::new(&mut caller);
    let before = client.checksum(Which::Spare, 0, 700, 0).unwrap();
    assert_eq!(before, Crc32::of(&old).value());

    client.confirm().unwrap();
    for _ in 0..2 {
        let confirmed = (SlotState::Confirmed, "2.0.0".into(), 900, crc);
        assert_eq!(slot(&mut caller, Which::Active), confirmed);
        assert_eq!(slot(&mut caller, Which::Spare), previous);
        assert_eq!(running(&mut caller), &NEW);
        caller.link().reset();
    }
}

#[test]
fn an_update_survives_a_power_cut_in_any_operation_of_the_flash() {
    cut_everywhere(806, factory, |caller| {
        bring_to(caller, &new());
        caller.link().reset();
        assert_eq!(running(caller), &NEW);
    });
}

#[test]
fn so_does_one_that_overwrites_the_image_before() {
    cut_everywhere(750, confirmed, |caller| {
        bring_to(caller, &old());
        caller.link().reset();
        assert_eq!(running(caller), &OLD);
    });
}

#[test]
fn power_that_is_cut_again_and_again_only_makes_an_update_longer() {
    let mut cuts = 0;
    for every in (80..400).step_by(3) {
        let mut caller = factory();
        chip(&mut caller).cut_every(every);
        bring_to(&mut caller, &new());
        caller.link().reset();
        assert_eq!(running(&mut caller), &NEW);
        cuts += chip(&mut caller).cuts();
    }
    println!("{cuts} cuts of power");
    assert_eq!(cuts, 189);
}

#[test]
fn an_image_that_is_not_confirmed_makes_place_for_the_one_before_wherever_power_is_cut() {
    cut_everywhere(1_164, on_trial, |caller| {
        caller.link().reset();
        assert_eq!(running(caller), &OLD);
        let (active, spare) = states(caller);
        assert_eq!(active, SlotState::Confirmed);
        // Cut at the very end, the boot loader does not note that there was an image on trial.
        let was_cut = chip(caller).cuts() > 0;
        assert!(spare == SlotState::Failed || spare == SlotState::Empty && was_cut);
        bring_to(caller, &new());
    });
}

#[test]
fn power_cut_while_an_image_is_confirmed_leaves_one_of_both() {
    cut_everywhere(8, on_trial, |caller| {
        let _ = UpdateClient::new(&mut *caller).confirm();
        caller.link().reset();
        bring_to(caller, &new());
    });
}

#[test]
fn the_image_before_can_be_had_after_confirming_wherever_power_is_cut() {
    cut_everywhere(572, confirmed, |caller| {
        let reverted = UpdateClient::new(&mut *caller).revert();
        let nothing = Err(CallError::Error(UpdateError::NothingToRevert));
        caller.link().reset();
        if running(caller) == &NEW {
            // The cut was in this call. If not even that can be repeated, the old image has to be sent.
            assert!(reverted.is_err() || chip(caller).cuts() > 0);
            let again = UpdateClient::new(&mut *caller).revert();
            assert!(again == Ok(()) || again == nothing, "{again:?}");
            caller.link().reset();
        }
        bring_to(caller, &old());
        caller.link().reset();
        assert_eq!(running(caller), &OLD);
    });
    let mut caller = confirmed();
    UpdateClient::new(&mut caller).revert().unwrap();
    restart(&mut caller).unwrap();
    assert_eq!(running(&mut caller), &OLD);
    let reverted = (SlotState::Confirmed, SlotState::Failed);
    assert_eq!(states(&mut caller), reverted);
}

#[test]
fn an_update_survives_a_reset_at_any_byte_of_the_link() {
    let mut resets = 0;
    for bytes in 1.. {
        let mut caller = factory();
        caller.link().after(bytes, Mishap::Reset);
        bring_to(&mut caller, &new());
        if caller.link().is_to_come() {
            break;
        }
        resets += 1;
    }
    for bytes in 1.. {
        let mut caller = factory();
        caller.link().after_sent(bytes, Mishap::Reset);
        bring_to(&mut caller, &new());
        if caller.link().is_to_come() {
            break;
        }
        resets += 1;
    }
    println!("{resets} resets");
    assert_eq!(resets, 1_369);
}

#[test]
fn an_update_goes_on_where_it_was_when_the_line_is_mended() {
    let mut resumed = 0;
    for bytes in (1..1_050).step_by(7) {
        let mut caller = factory();
        caller.client().set_patience(Duration::from_millis(500), 0);
        caller.link().after(bytes, Mishap::Cut);
        let new = new();
        let mut upload = Upload::new(&new, &[]);
        assert!(upload.run(&mut caller, |_| ()).is_err(), "{bytes}");
        caller.link().to_caller.mend();
        // As by another program.
        let mut least = u32::MAX;
        let mut again = Upload::new(&new, &[]);
        let progress = |done| least = least.min(done);
        assert_eq!(again.run(&mut caller, progress), Ok(()));
        assert!(least >= upload.done(), "{bytes}: {least}");
        resumed += u32::from(least > 0);
    }
    assert!(resumed > 100, "{resumed}");
}

#[test]
fn after_a_reset_an_update_goes_on_with_the_page_where_it_was() {
    let new = new();
    for pages in 1..=3 {
        let mut caller = factory();
        let mut client = UpdateClient::new(&mut caller);
        let crc = Crc32::of(&new).value();
        assert_eq!(client.begin(900, crc, 0), Ok(0));
        let some = pages * PAGE + 100;
        for (index, piece) in new[..some].chunks(50).enumerate() {
            client.write(50 * index as u32, piece).unwrap();
        }
        caller.link().reset();
        let mut progress = Vec::new();
        let mut upload = Upload::new(&new, &[]);
        upload.run(&mut caller, |done| progress.push(done)).unwrap();
        assert_eq!(progress[0] as usize, pages * PAGE);
    }
}
