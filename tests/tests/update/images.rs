//! Images that are wrong, and devices that are: nothing that was not verified is activated.

use firmware_update::ed25519::Ed25519;
use rpc_proto::client::CallError;
use rpc_proto::services::update::{
    ImageInfo, Slot, SlotState, Target, Update, UpdateClient, UpdateError, UpdateService, Upload,
    UploadError, Which,
};
use rpc_proto::wire::crc::Crc32;
use salty::{Keypair, Sha512};
use tests::line::{Faults, Pace};
use tests::updatable::{
    NEW, OLD, PAGE, Plain, SEED, Updatable, UpdateCaller, bring_to, caller, chip, image, new, old,
    partitions, put, restart, running,
};
use tests::virtual_link::{VirtualCaller, VirtualLink};

fn factory() -> UpdateCaller {
    caller::<Plain>()
}

fn refused<T>(error: UpdateError) -> Result<T, UploadError> {
    Err(CallError::Error(error))
}

/// Sends an image without a look at it.
fn send<D: Updatable>(caller: &mut UpdateCaller<D>, image: &[u8]) -> Result<(), UploadError> {
    let mut client = UpdateClient::new(caller);
    let crc = Crc32::of(image).value();
    let mut offset = client.begin(image.len() as u32, crc, 0)?;
    for piece in image[offset as usize..].chunks(90) {
        client.write(offset, piece)?;
        offset += piece.len() as u32;
    }
    Ok(())
}

/// Tests that what was sent is not activated.
fn is_not_activated<D: Updatable>(caller: &mut UpdateCaller<D>) {
    let mut client = UpdateClient::new(&mut *caller);
    assert_eq!(client.activate(), refused(UpdateError::NotVerified));
    let spare = client.slot(Which::Spare).unwrap();
    assert_eq!(
        (spare.state, spare.version.as_str()),
        (SlotState::Empty, "")
    );
    restart(caller).unwrap();
    let active = UpdateClient::new(&mut *caller).slot(Which::Active).unwrap();
    assert_eq!(active.state, SlotState::Confirmed);
    assert_eq!(running(caller), &OLD);
}

#[test]
fn a_bit_that_is_wrong_in_flash_is_found_and_sent_again() {
    for at in (0..900).step_by(31) {
        let mut caller = factory();
        let new = new();
        send(&mut caller, &new).unwrap();
        let place = partitions(&mut caller).active.content().len() + at;
        chip(&mut caller).flip(place);
        let verified = UpdateClient::new(&mut caller).verify(&[]);
        assert_eq!(verified, refused(UpdateError::Differs), "{at}");
        let mut progress = Vec::new();
        let mut upload = Upload::new(&new, &[]);
        upload.run(&mut caller, |done| progress.push(done)).unwrap();
        assert_eq!(progress[0] as usize, at / PAGE * PAGE, "from that page on");
        UpdateClient::new(&mut caller).activate().unwrap();
        restart(&mut caller).unwrap();
        assert_eq!(running(&mut caller), &NEW);
    }
    let mut caller = factory();
    send(&mut caller, &new()).unwrap();
    let place = partitions(&mut caller).active.content().len();
    chip(&mut caller).flip(place);
    let _ = UpdateClient::new(&mut caller).verify(&[]);
    is_not_activated(&mut caller);
}

#[test]
fn an_image_that_is_too_long_is_not_begun() {
    let mut caller = factory();
    let long = image(&NEW, 993);
    assert_eq!(put(&mut caller, &long, &[]), refused(UpdateError::TooLong));
    assert_eq!(send(&mut caller, &long), refused(UpdateError::TooLong));
    let mut client = UpdateClient::new(&mut caller);
    assert_eq!(client.write(0, &[1]), refused(UpdateError::NotBegun));
    assert_eq!(client.begin(900, 1, 901), refused(UpdateError::OutOfRange));
    assert_eq!(client.begin(900, 1, 0), Ok(0));
    assert_eq!(client.write(8, &[1; 90]), refused(UpdateError::Gap));
    assert_eq!(
        client.write(890, &[1; 11]),
        refused(UpdateError::OutOfRange)
    );
    assert_eq!(client.verify(&[]), refused(UpdateError::Gap));
    let beyond = client.checksum(Which::Active, 990, 3, 0);
    assert_eq!(beyond, refused(UpdateError::OutOfRange));
    let beyond = client.checksum(Which::Spare, u32::MAX, 2, 0);
    assert_eq!(beyond, refused(UpdateError::OutOfRange));
    is_not_activated(&mut caller);
}

#[test]
fn an_image_for_another_product_is_not_sent_and_not_taken() {
    static OTHER: ImageInfo = ImageInfo::new("lamp2", "9.0.0");
    let mut nameless = new();
    let place = nameless.windows(4).position(|word| word == b"lamp");
    // A mark with another one before it.
    nameless[place.unwrap() - 1] ^= 1;
    for image in [image(&OTHER, 900), nameless, vec![7; 900]] {
        let mut caller = factory();
        let operations = chip(&mut caller).operations();
        let sent = put(&mut caller, &image, &[]);
        assert_eq!(sent, refused(UpdateError::WrongProduct));
        assert_eq!(
            chip(&mut caller).operations(),
            operations,
            "nothing is sent"
        );
        send(&mut caller, &image).unwrap();
        let verified = UpdateClient::new(&mut caller).verify(&[]);
        assert_eq!(verified, refused(UpdateError::WrongProduct));
        is_not_activated(&mut caller);
    }
}

#[test]
fn a_description_counts_that_lies_in_the_image_from_end_to_end() {
    let mut caller = factory();
    let mut whole = vec![7; 900];
    let place = PAGE - 24..PAGE - 24 + ImageInfo::LENGTH;
    whole[place].copy_from_slice(NEW.as_bytes());
    send(&mut caller, &whole).unwrap();
    assert_eq!(UpdateClient::new(&mut caller).verify(&[]), Ok(0));
    // The rest of it is still in flash, behind the image.
    send(&mut caller, &whole[..PAGE]).unwrap();
    let verified = UpdateClient::new(&mut caller).verify(&[]);
    assert_eq!(verified, refused(UpdateError::WrongProduct));
    is_not_activated(&mut caller);

    // The beginning of one, at the very end.
    let mut full = image(&NEW, 992);
    full[988..].copy_from_slice(&NEW.as_bytes()[..4]);
    send(&mut caller, &full).unwrap();
    assert_eq!(UpdateClient::new(&mut caller).verify(&[]), Ok(0));
}

#[test]
fn images_of_every_length_are_written_whole() {
    let lengths = (200..992).step_by(17).chain([255, 256, 257, 991, 992]);
    for length in lengths {
        let mut caller = factory();
        let image = image(&NEW, length);
        put(&mut caller, &image, &[]).unwrap();
        let written = partitions(&mut caller).dfu.content();
        assert!(written.starts_with(&image), "{length}");
        let behind = length.next_multiple_of(32).min(written.len() - PAGE - 32);
        let blank = written[length..behind].iter().all(|&byte| byte == 0xFF);
        assert!(blank, "{length}");
    }
}

#[test]
fn what_is_on_trial_is_not_overwritten_and_keeps_what_was_before() {
    let mut caller = factory();
    put(&mut caller, &new(), &[]).unwrap();
    restart(&mut caller).unwrap();
    assert_eq!(put(&mut caller, &old(), &[]), refused(UpdateError::OnTrial));
    let mut client = UpdateClient::new(&mut caller);
    assert_eq!(client.begin(900, 1, 0), refused(UpdateError::OnTrial));
    assert_eq!(client.revert(), Ok(()));
    assert_eq!(client.revert(), Ok(()));
    restart(&mut caller).unwrap();
    assert_eq!(running(&mut caller), &OLD);
    let mut client = UpdateClient::new(&mut caller);
    assert_eq!(client.revert(), refused(UpdateError::NothingToRevert));
    assert_eq!(client.confirm(), Ok(()), "what is confirmed stays so");
}

#[test]
fn an_activation_can_be_undone_and_another_image_takes_its_place() {
    let mut caller = factory();
    put(&mut caller, &new(), &[]).unwrap();
    let mut client = UpdateClient::new(&mut caller);
    assert_eq!(client.activate(), Ok(()), "it is idempotent");
    assert_eq!(client.revert(), Ok(()));
    assert_eq!(client.revert(), refused(UpdateError::NothingToRevert));
    is_not_activated(&mut caller);

    put(&mut caller, &new(), &[]).unwrap();
    let crc = Crc32::of(&new()).value();
    let mut client = UpdateClient::new(&mut caller);
    assert_eq!(client.begin(800, !crc, 0), Ok(0));
    is_not_activated(&mut caller);
    bring_to(&mut caller, &new());
}

#[test]
fn pieces_that_overlap_and_offsets_within_a_page_are_written_whole() {
    let mut caller = factory();
    let new = new();
    let crc = Crc32::of(&new).value();
    let mut client = UpdateClient::new(&mut caller);
    assert_eq!(client.begin(900, crc, 0), Ok(0));
    for start in (0..600).step_by(40) {
        client.write(start as u32, &new[start..start + 90]).unwrap();
    }
    assert_eq!(client.begin(900, crc, 300), Ok(650), "it goes on");
    caller.link().reset();
    let mut client = UpdateClient::new(&mut caller);
    assert_eq!(client.write(650, &[1]), refused(UpdateError::NotBegun));
    assert_eq!(client.begin(900, crc, 600), Ok(512), "a page begins anew");
    assert_eq!(client.begin(900, !crc, 300), Ok(256), "of another image");
    assert_eq!(client.begin(900, crc, 300), Ok(256));
    for (index, piece) in new[256..].chunks(90).enumerate() {
        client.write(256 + 90 * index as u32, piece).unwrap();
    }
    assert_eq!(client.verify(&[]), Ok(0));
    assert_eq!(client.verify(&[]), Ok(0));
    assert_eq!(client.activate(), Ok(()));
    restart(&mut caller).unwrap();
    assert_eq!(running(&mut caller), &NEW);
}

#[test]
fn what_is_half_overwritten_is_not_gone_back_to() {
    for bytes in [0, 90, 270, 810] {
        let mut caller = factory();
        bring_to(&mut caller, &new());
        let old = old();
        let mut client = UpdateClient::new(&mut caller);
        let crc = Crc32::of(&old).value();
        assert_eq!(client.begin(700, crc, 700), Ok(0), "it is elsewhere");
        for (index, piece) in old[..bytes.min(700)].chunks(90).enumerate() {
            client.write(90 * index as u32, piece).unwrap();
        }
        caller.link().reset();
        let nothing = refused(UpdateError::NothingToRevert);
        assert_eq!(UpdateClient::new(&mut caller).revert(), nothing);
        restart(&mut caller).unwrap();
        assert_eq!(running(&mut caller), &NEW);
    }
}

/// Returns the signature of an image.
fn sign(seed: &[u8; 32], image: &[u8]) -> [u8; 64] {
    let hash = Sha512::new().updated(image).finalize();
    Keypair::from(seed).sign(&hash).to_bytes()
}

#[test]
fn an_image_that_is_not_signed_by_the_key_of_the_device_is_not_activated() {
    let mut caller = caller::<Plain<Ed25519>>();
    assert!(UpdateClient::new(&mut caller).target().unwrap().signed);
    let new = new();
    let right = sign(&SEED, &new);
    let other_key = sign(&[8; 32], &new);
    let other_image = sign(&SEED, &old());
    let mut wrong = right;
    wrong[40] ^= 1;
    for signature in [
        &[][..],
        &right[..63],
        &other_key,
        &other_image,
        &wrong,
        &[0xFF; 64],
    ] {
        let verified = put(&mut caller, &new, signature);
        assert_eq!(verified, refused(UpdateError::BadSignature));
        is_not_activated(&mut caller);
    }
    put(&mut caller, &new, &right).unwrap();
    restart(&mut caller).unwrap();
    assert_eq!(running(&mut caller), &NEW);
}

/// A device that makes no sense.
#[derive(Clone, Debug, Default)]
struct Liar {
    begun: u32,
    left: u32,
}

impl Update for Liar {
    fn target(&mut self) -> Target {
        Target {
            product: NEW.product(),
            address: 0,
            capacity: u32::MAX,
            page: 0,
            signed: false,
        }
    }

    fn slot(&mut self, _which: Which) -> Result<Slot, UpdateError> {
        Err(UpdateError::Failed)
    }

    fn checksum(&mut self, _: Which, _: u32, _: u32, _: u32) -> Result<u32, UpdateError> {
        Ok(0)
    }

    fn begin(&mut self, _total: u32, _crc: u32, _offset: u32) -> Result<u32, UpdateError> {
        Ok(self.begun)
    }

    fn write(&mut self, _offset: u32, _bytes: &[u8]) -> Result<(), UpdateError> {
        Ok(())
    }

    fn verify(&mut self, _signature: &[u8]) -> Result<u32, UpdateError> {
        Ok(self.left)
    }

    fn activate(&mut self) -> Result<(), UpdateError> {
        Ok(())
    }

    fn confirm(&mut self) -> Result<(), UpdateError> {
        Ok(())
    }

    fn revert(&mut self) -> Result<(), UpdateError> {
        Ok(())
    }

    fn reboot(&mut self) {}
}

#[test]
fn a_device_that_makes_no_sense_ends_an_upload() {
    type Caller = VirtualCaller<UpdateService<Liar>, 128, 4>;
    for (begun, left) in [(901, 0), (u32::MAX, 0), (0, 5), (900, u32::MAX)] {
        let mut caller: Caller =
            VirtualLink::caller(Pace::uart(921_600), Faults::NONE, 1, |_| Default::default());
        caller.link().interface().0 = Liar { begun, left };
        let uploaded = Upload::new(&new(), &[]).run(&mut caller, |_| ());
        assert_eq!(uploaded, Err(CallError::BadReply), "{begun} {left}");
    }
}
