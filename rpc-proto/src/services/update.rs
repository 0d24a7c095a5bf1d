//! Updates of a device's firmware over the link, which a power cut at any moment cannot break
//! (PROTOCOL.md, "Updates").
//!
//! A device has two slots: the *active* one, whose image runs, and the *spare* one. A new image is written
//! to the spare slot, verified as a whole, and activated: the boot loader then starts it on trial. It
//! confirms itself, or is confirmed by the caller, or else the next reboot brings back the image before.
//!
//! A device offers an [`UpdateService`] of an [`Updater`], which checks requests and uses [`Slots`]: the
//! boot loader's part. Every image contains an [`ImageInfo`], so that none for another product gets in.
//! A caller writes an image with [`Upload`].

mod image_info;
mod updater;
mod upload;

pub use image_info::{ImageInfo, MAX_TEXT};
pub use updater::{FlashFailed, Geometry, Slots, Unsigned, Updater, Verifier, Whole};
pub use upload::{Upload, UploadError};

use crate::Schema;
use heapless::String;
use serde::{Deserialize, Serialize};

/// A device whose firmware can be replaced.
///
/// The signatures of these procedures never change, so that any caller can update any device. What is
/// added one day will be procedures of their own.
#[crate::service]
pub trait Update {
    /// The images that this device takes.
    #[idempotent]
    fn target(&mut self) -> Target;

    /// The image in a slot.
    #[idempotent]
    fn slot(&mut self, which: Which) -> Result<Slot, UpdateError>;

    /// The CRC-32 of bytes whose own is `before` (0 for none) and `length` bytes of a slot from `offset`
    /// on.
    #[idempotent]
    fn checksum(
        &mut self,
        which: Which,
        offset: u32,
        length: u32,
        before: u32,
    ) -> Result<u32, UpdateError>;

    /// Begins to write an image of `total` bytes with that CRC-32 to the spare slot, whose first `offset`
    /// bytes are those of the image already. Returns the offset to go on from: further if the write of
    /// this image was interrupted there, or before if flash has to be erased.
    #[idempotent]
    fn begin(&mut self, total: u32, crc: u32, offset: u32) -> Result<u32, UpdateError>;

    /// Writes the next bytes of the image; those that are there already are not written again.
    #[idempotent]
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), UpdateError>;

    /// Checks the next part of the written image as it is in flash, and returns how many bytes are left to
    /// check. At 0 the image has the right CRC-32 and product, and the signature is that of its SHA-512 by
    /// the device's key. Of a device that takes unsigned images, the signature is empty.
    #[idempotent]
    fn verify(&mut self, signature: &[u8]) -> Result<u32, UpdateError>;

    /// Lets the next reboot start the image that was verified, on trial.
    #[idempotent]
    fn activate(&mut self) -> Result<(), UpdateError>;

    /// Keeps the running image for good.
    #[idempotent]
    fn confirm(&mut self) -> Result<(), UpdateError>;

    /// Lets the next reboot start the image that ran before, or keeps what runs from being replaced by
    /// what was activated.
    #[idempotent]
    fn revert(&mut self) -> Result<(), UpdateError>;

    /// Restarts the device when the reply has been sent.
    fn reboot(&mut self);
}

/// The images that a device takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Target {
    /// The product that the image must name in its [`ImageInfo`].
    pub product: String<MAX_TEXT>,
    /// The address that the image runs at.
    pub address: u32,
    /// The longest image, in bytes.
    pub capacity: u32,
    /// The number of bytes that are erased at once: a write resumes at a multiple of it.
    pub page: u32,
    /// Images must be signed.
    pub signed: bool,
}

/// One of the two slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Which {
    /// The image that runs.
    Active,
    /// The image that is written, or that ran before.
    Spare,
}

/// A slot and the image in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Slot {
    /// The state of the image.
    pub state: SlotState,
    /// The version that the image names in its [`ImageInfo`], or nothing if there is none.
    pub version: String<MAX_TEXT>,
    /// The number of bytes in the image when an update last wrote it, or 0 if none did.
    pub length: u32,
    /// The CRC-32 of the image when an update last wrote it, or 0 if none did: a debugger may have written
    /// another since. [`checksum`](Update::checksum) is of what is there.
    pub crc: u32,
}

/// The state of the image in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SlotState {
    /// Spare: there is no whole image, or none that was verified since the start.
    Empty,
    /// Spare: an image was verified and can be activated.
    Verified,
    /// Spare: the next reboot starts this image, on trial.
    Pending,
    /// Spare: this image ran before, and [`revert`](Update::revert) brings it back.
    Previous,
    /// Spare: this image was on trial and was not confirmed.
    Failed,
    /// Active: the next reboot brings back the image before, unless this one is confirmed.
    OnTrial,
    /// Active: this image stays.
    Confirmed,
}

/// The reason why an update cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum UpdateError {
    /// The image is longer than a slot.
    TooLong,
    /// The bytes lie behind the end of the image or slot.
    OutOfRange,
    /// No write has begun since the device was started.
    NotBegun,
    /// These are not the next bytes, or not all bytes are there.
    Gap,
    /// The image in flash is not what was to be written.
    Differs,
    /// The image is for another product, or does not name one.
    WrongProduct,
    /// The signature is not one of this image by the device's key.
    BadSignature,
    /// The image was not verified.
    NotVerified,
    /// The running image is on trial: it has to be confirmed or reverted before another is written.
    OnTrial,
    /// There is no image to go back to.
    NothingToRevert,
    /// The flash failed.
    Failed,
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::service::Member;

    #[test]
    fn the_keys_are_those_of_the_first_release_and_of_every_later_one() {
        let keys = [
            (UpdateTarget::PATH, UpdateTarget::KEY),
            (UpdateSlot::PATH, UpdateSlot::KEY),
            (UpdateChecksum::PATH, UpdateChecksum::KEY),
            (UpdateBegin::PATH, UpdateBegin::KEY),
            (UpdateWrite::PATH, UpdateWrite::KEY),
            (UpdateVerify::PATH, UpdateVerify::KEY),
            (UpdateActivate::PATH, UpdateActivate::KEY),
            (UpdateConfirm::PATH, UpdateConfirm::KEY),
            (UpdateRevert::PATH, UpdateRevert::KEY),
            (UpdateReboot::PATH, UpdateReboot::KEY),
        ];
        let released = [
            ("update.target", 0x3094_5809),
            ("update.slot", 0x94B0_E120),
            ("update.checksum", 0x2368_F07A),
            ("update.begin", 0xA0CE_E4C8),
            ("update.write", 0xB85F_DF91),
            ("update.verify", 0x89B1_2BD3),
            ("update.activate", 0xF6CD_F72C),
            ("update.confirm", 0xAE5C_2F59),
            ("update.revert", 0x4641_3622),
            ("update.reboot", 0x42E5_DB2E),
        ];
        assert!(keys == released[..], "{keys:#010X?}");
        let (_, section) = include_str!("../../PROTOCOL.md")
            .split_once("### Updates")
            .unwrap();
        for (path, key) in released {
            let begin = std::format!("| `{}(", path.trim_start_matches("update."));
            let mut rows = section.lines().filter(|row| row.starts_with(&begin));
            let row = rows.next().unwrap();
            assert!(row.contains(&std::format!("| {key:#010X} |")), "{row}");
        }
    }
}
