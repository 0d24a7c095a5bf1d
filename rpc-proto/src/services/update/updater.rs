//! The device's side of an update: checks every request, and tracks what was written and verified.

use super::image_info::{ImageInfo, text};
use super::{Slot, SlotState, Target, Update, UpdateError, Which};
use crate::wire::crc::Crc32;

/// The most bytes that one call of `verify` checks: less than a second's work, even with a signature.
const CHECKED_AT_ONCE: u32 = 16 * 1024;

/// The number of bytes that are read from flash at once.
const CHUNK: usize = 64;

/// The flash failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FlashFailed;

impl From<FlashFailed> for UpdateError {
    fn from(_: FlashFailed) -> Self {
        Self::Failed
    }
}

/// The place of the slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The address that an image runs at.
    pub address: u32,
    /// The longest image, in bytes.
    pub capacity: u32,
    /// The number of bytes that are erased at once.
    pub page: u32,
}

/// A whole image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// The number of bytes in it.
    pub length: u32,
    /// Their CRC-32.
    pub crc: u32,
}

/// The two slots of a boot loader: what an adapter implements.
///
/// An [`Updater`] calls its methods only in states and with ranges that are right.
pub trait Slots {
    /// Returns the place of the slots.
    fn geometry(&self) -> Geometry;

    /// Returns the state of a slot, as far as the boot loader knows it. An image in the spare slot
    /// that was only written or verified is [`Empty`](SlotState::Empty) to it.
    ///
    /// # Errors
    /// Fails if the flash fails, as do all methods.
    fn state(&mut self, which: Which) -> Result<SlotState, FlashFailed>;

    /// Returns the length and the CRC-32 of the image in a slot, as given to [`finish`](Self::finish), or
    /// zeros if that is not known.
    fn whole(&mut self, which: Which) -> Result<Whole, FlashFailed> {
        let _ = which;
        Ok(Whole::default())
    }

    /// Reads from a slot.
    fn read(&mut self, which: Which, offset: u32, bytes: &mut [u8]) -> Result<(), FlashFailed>;

    /// Prepares to write an image of `total` bytes to the spare slot, whose first `offset` bytes are
    /// there already. Returns the offset from which it can be written, which is not above `offset`.
    /// What was activated, or could have been reverted to, no longer is.
    fn begin(&mut self, total: u32, offset: u32) -> Result<u32, FlashFailed>;

    /// Writes the next bytes of the image to the spare slot, and erases pages as they are needed.
    /// With the last byte of the image, all of it can be read.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFailed>;

    /// Notes that the image in the spare slot has been verified.
    fn finish(&mut self, whole: Whole) -> Result<(), FlashFailed> {
        let _ = whole;
        Ok(())
    }

    /// Lets the next reboot start the image in the spare slot, on trial.
    fn activate(&mut self) -> Result<(), FlashFailed>;

    /// Keeps the running image, which was on trial.
    fn confirm(&mut self) -> Result<(), FlashFailed>;

    /// Undoes an activation if the spare slot is [`Pending`](SlotState::Pending). Otherwise it is
    /// [`Previous`](SlotState::Previous), and the next reboot starts its image.
    fn revert(&mut self) -> Result<(), FlashFailed>;

    /// Restarts the device in a moment. It must return, because the reply is sent after that: it may
    /// start a watchdog or a timer, or set a flag for the firmware's main loop.
    fn reboot(&mut self);
}

/// Decides by the signature of an image if the device takes it.
pub trait Verifier {
    /// False if images need no signature.
    const SIGNED: bool;

    /// Begins with an image.
    fn begin(&mut self);

    /// Takes the next bytes of the image.
    fn add(&mut self, bytes: &[u8]);

    /// Returns true if that is a signature of the bytes by the device's key.
    fn accepts(&mut self, signature: &[u8]) -> bool;
}

/// Takes any image for the right product, whoever made it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsigned;

impl Verifier for Unsigned {
    const SIGNED: bool = false;

    fn begin(&mut self) {}

    fn add(&mut self, _bytes: &[u8]) {}

    fn accepts(&mut self, _signature: &[u8]) -> bool {
        true
    }
}

/// [`Update`] made of [`Slots`]: it checks requests and tracks the progress of a write.
///
/// `V` says whose images it takes: anyone's if it is [`Unsigned`].
#[derive(Clone, Debug)]
pub struct Updater<S, V> {
    info: &'static ImageInfo,
    slots: S,
    verifier: V,
    writing: Writing,
}

/// A write to the spare slot.
#[derive(Clone, Copy, Debug, Default)]
struct Writing {
    progress: Progress,
    image: Whole,
    written: u32,
    /// The number of bytes that `verify` has checked, their CRC-32, and true if the right product is
    /// named in them.
    checked: u32,
    crc: Crc32,
    is_for_us: bool,
}

/// The progress of a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    NotBegun,
    Begun,
    Verified,
}

impl<S, V> Updater<S, V> {
    /// Creates the updater of the firmware with that description.
    pub const fn new(info: &'static ImageInfo, slots: S, verifier: V) -> Self {
        Self {
            info,
            slots,
            verifier,
            writing: Writing {
                progress: Progress::NotBegun,
                image: Whole { length: 0, crc: 0 },
                written: 0,
                checked: 0,
                crc: Crc32::new(),
                is_for_us: false,
            },
        }
    }

    /// Returns the slots, for use by the rest of the firmware.
    pub const fn slots(&mut self) -> &mut S {
        &mut self.slots
    }

    /// Returns the write that has begun.
    const fn writing(&mut self) -> Result<&mut Writing, UpdateError> {
        match self.writing.progress {
            Progress::NotBegun => Err(UpdateError::NotBegun),
            Progress::Begun | Progress::Verified => Ok(&mut self.writing),
        }
    }
}

/// Reads a part of a slot, passes it to `take`, and returns the place of the description that names
/// the product, if one begins there and ends before `limit`.
fn scan<S: Slots>(
    slots: &mut S,
    info: &ImageInfo,
    which: Which,
    part: core::ops::Range<u32>,
    limit: u32,
    mut take: impl FnMut(&[u8]),
) -> Result<Option<u32>, FlashFailed> {
    let (ours, _) = info.as_bytes().split_at(ImageInfo::VERSION);
    let (mark, _) = ours.split_at(ImageInfo::ALIGNMENT);
    let mut found = None;
    let mut at = part.start;
    while at < part.end {
        let mut chunk = [0; CHUNK];
        let len = (part.end - at).min(CHUNK as u32);
        let bytes = chunk.get_mut(..len as usize).unwrap_or_default();
        slots.read(which, at, bytes)?;
        take(bytes);
        for (place, word) in (at..)
            .step_by(ImageInfo::ALIGNMENT)
            .zip(bytes.chunks(mark.len()))
        {
            if word == mark && limit.saturating_sub(place) >= ImageInfo::LENGTH as u32 {
                let mut theirs = [0; ImageInfo::VERSION];
                slots.read(which, place, &mut theirs)?;
                if theirs == *ours {
                    found = Some(place);
                }
            }
        }
        at += len;
    }
    Ok(found)
}

impl<S: Slots, V: Verifier> Update for Updater<S, V> {
    fn target(&mut self) -> Target {
        let Geometry {
            address,
            capacity,
            page,
        } = self.slots.geometry();
        Target {
            product: self.info.product(),
            address,
            capacity,
            page,
            signed: V::SIGNED,
        }
    }

    fn slot(&mut self, which: Which) -> Result<Slot, UpdateError> {
        let (slots, info) = (&mut self.slots, self.info);
        let mut state = slots.state(which)?;
        let mut whole = slots.whole(which)?;
        let mut version = [0; super::MAX_TEXT];
        if which == Which::Active {
            let (_, ours) = info.as_bytes().split_at(ImageInfo::VERSION);
            version.copy_from_slice(ours);
        } else {
            if state == SlotState::Empty && self.writing.progress == Progress::Verified {
                (state, whole) = (SlotState::Verified, self.writing.image);
            }
            let length = match (state, whole.length) {
                (SlotState::Empty, _) => 0,
                (_, 0) => slots.geometry().capacity,
                (_, length) => length,
            };
            if let Some(place) = scan(slots, info, which, 0..length, length, |_| ())? {
                slots.read(which, place + ImageInfo::VERSION as u32, &mut version)?;
            }
        }
        Ok(Slot {
            state,
            version: text(&version),
            length: whole.length,
            crc: whole.crc,
        })
    }

    fn checksum(
        &mut self,
        which: Which,
        offset: u32,
        length: u32,
        before: u32,
    ) -> Result<u32, UpdateError> {
        let end = offset.checked_add(length).ok_or(UpdateError::OutOfRange)?;
        if end > self.slots.geometry().capacity {
            return Err(UpdateError::OutOfRange);
        }
        let mut crc = Crc32::after(before);
        let take = |bytes: &[u8]| crc = crc.then(bytes);
        scan(&mut self.slots, self.info, which, offset..end, 0, take)?;
        Ok(crc.value())
    }

    fn begin(&mut self, total: u32, crc: u32, offset: u32) -> Result<u32, UpdateError> {
        let Geometry { capacity, page, .. } = self.slots.geometry();
        if total > capacity {
            return Err(UpdateError::TooLong);
        }
        if offset > total {
            return Err(UpdateError::OutOfRange);
        }
        if self.slots.state(Which::Active)? == SlotState::OnTrial {
            return Err(UpdateError::OnTrial);
        }
        let image = Whole { length: total, crc };
        let writing = &mut self.writing;
        if writing.progress != Progress::NotBegun
            && writing.image == image
            && writing.written >= offset
        {
            return Ok(writing.written);
        }
        *writing = Writing::default();
        // Within a page, the bytes behind the offset may be written already.
        let offset = match offset == total {
            true => total,
            false => offset - offset.checked_rem(page).unwrap_or(0),
        };
        writing.written = self.slots.begin(total, offset)?;
        writing.image = image;
        writing.progress = Progress::Begun;
        Ok(writing.written)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), UpdateError> {
        let &mut Writing { image, written, .. } = self.writing()?;
        let end = offset.checked_add(bytes.len() as u32);
        let end = end.filter(|&end| end <= image.length);
        let end = end.ok_or(UpdateError::OutOfRange)?;
        if end <= written {
            return Ok(());
        }
        let there = written.checked_sub(offset).ok_or(UpdateError::Gap)?;
        let next = bytes.get(there as usize..).unwrap_or_default();
        if let Err(FlashFailed) = self.slots.write(written, next) {
            // It is not known how many of them were written.
            self.writing = Writing::default();
            return Err(UpdateError::Failed);
        }
        self.writing.written = end;
        Ok(())
    }

    fn verify(&mut self, signature: &[u8]) -> Result<u32, UpdateError> {
        let writing = *self.writing()?;
        let total = writing.image.length;
        if writing.written != total {
            return Err(UpdateError::Gap);
        }
        if writing.progress == Progress::Verified {
            return Ok(0);
        }
        if writing.checked == 0 {
            self.verifier.begin();
        }
        let start = writing.checked;
        let end = start + CHECKED_AT_ONCE.min(total - start);
        let mut crc = writing.crc;
        let verifier = &mut self.verifier;
        let found = scan(
            &mut self.slots,
            self.info,
            Which::Spare,
            start..end,
            total,
            |bytes| {
                crc = crc.then(bytes);
                verifier.add(bytes);
            },
        )?;
        let is_for_us = writing.is_for_us || found.is_some();
        if end < total {
            self.writing = Writing {
                checked: end,
                crc,
                is_for_us,
                ..writing
            };
            return Ok(total - end);
        }
        self.writing = Writing {
            checked: 0,
            crc: Crc32::new(),
            is_for_us: false,
            ..writing
        };
        if crc.value() != writing.image.crc {
            self.writing = Writing::default();
            return Err(UpdateError::Differs);
        }
        if !is_for_us {
            return Err(UpdateError::WrongProduct);
        }
        if !self.verifier.accepts(signature) {
            return Err(UpdateError::BadSignature);
        }
        self.slots.finish(writing.image)?;
        self.writing.progress = Progress::Verified;
        Ok(0)
    }

    fn activate(&mut self) -> Result<(), UpdateError> {
        if self.slots.state(Which::Spare)? == SlotState::Pending {
            return Ok(());
        }
        if self.writing.progress != Progress::Verified {
            return Err(UpdateError::NotVerified);
        }
        self.writing = Writing::default();
        Ok(self.slots.activate()?)
    }

    fn confirm(&mut self) -> Result<(), UpdateError> {
        match self.slots.state(Which::Active)? {
            SlotState::OnTrial => Ok(self.slots.confirm()?),
            _ => Ok(()),
        }
    }

    fn revert(&mut self) -> Result<(), UpdateError> {
        match self.slots.state(Which::Spare)? {
            SlotState::Pending | SlotState::Previous => Ok(self.slots.revert()?),
            _ => Err(UpdateError::NothingToRevert),
        }
    }

    fn reboot(&mut self) {
        self.slots.reboot();
    }
}
