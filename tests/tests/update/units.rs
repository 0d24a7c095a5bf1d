//! Flash that wants to be read and written in large units, and whose driver is async.

use embassy_futures::yield_now;
use embedded_storage::nor_flash::{NorFlash as _, NorFlashErrorKind, ReadNorFlash as _};
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use firmware_update::blocking::Blocking;
use firmware_update::embassy::{EmbassyBoot, Partitions};
use rpc_proto::services::update::{SlotState, Unsigned, Update, Updater, Which};
use rpc_proto::wire::crc::Crc32;
use tests::nor_flash::{Region, Times};
use tests::updatable::{OLD, new};

const READ: usize = 4;
const WRITE: usize = 32;
const PAGE: usize = 1024;

/// A flash that is ready some polls later, and refuses buffers that are not aligned.
#[derive(Clone, Debug)]
struct Slow(Region<WRITE, PAGE>);

impl ErrorType for Slow {
    type Error = NorFlashErrorKind;
}

fn check(unit: usize, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
    let is_right = (offset as usize).is_multiple_of(unit)
        && bytes.len().is_multiple_of(unit)
        && bytes.as_ptr().addr().is_multiple_of(4);
    match is_right {
        true => Ok(()),
        false => Err(NorFlashErrorKind::NotAligned),
    }
}

impl ReadNorFlash for Slow {
    const READ_SIZE: usize = READ;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check(READ, offset, bytes)?;
        yield_now().await;
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl NorFlash for Slow {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        yield_now().await;
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check(WRITE, offset, bytes)?;
        yield_now().await;
        self.0.write(offset, bytes)
    }
}

#[test]
fn an_image_is_written_to_flash_of_large_units_by_an_async_driver() {
    let chip = Region::chip_of(8 * PAGE, Times::default());
    let part = |page, pages| Blocking(Slow(chip.part(page * PAGE, pages * PAGE)));
    let partitions = Partitions {
        active: part(0, 2),
        dfu: part(2, 3),
        state: part(5, 1),
    };
    let slots = EmbassyBoot::<_, _, _, _, 64>::new(partitions, 0, || ());
    let mut device = Updater::new(&OLD, slots, Unsigned);
    let image = new();
    let crc = Crc32::of(&image).value();
    assert_eq!(device.begin(900, crc, 0), Ok(0));
    for (index, piece) in image.chunks(57).enumerate() {
        device.write(57 * index as u32, piece).unwrap();
    }
    // Of an odd length, from an odd offset.
    let some = device.checksum(Which::Spare, 13, 101, 0).unwrap();
    assert_eq!(some, Crc32::of(&image[13..114]).value());
    assert_eq!(device.verify(&[]), Ok(0));
    device.activate().unwrap();
    let spare = device.slot(Which::Spare).unwrap();
    assert_eq!(
        (spare.state, spare.version.as_str()),
        (SlotState::Pending, "2.0.0")
    );
    assert!(chip.content()[2 * PAGE..].starts_with(&image));
}
