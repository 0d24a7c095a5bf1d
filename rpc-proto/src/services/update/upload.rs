//! The caller's side of an update: writes an image to the spare slot and has it verified.

use super::{
    ImageInfo, UpdateBegin, UpdateChecksum, UpdateError, UpdateTarget, UpdateVerify, UpdateWrite,
    Which,
};
use crate::client::{CallError, Caller, Running, SingleCall, Target, read};
use crate::service::Procedure;
use crate::services::pieces::{self, ATTEMPTS};
use crate::time::Duration;
use crate::wire::crc::Crc32;
use crate::wire::frame::encode;
use core::fmt;

/// The time that a call gets: erasing a large sector of flash takes a few seconds.
const TIME: Duration = Duration::from_secs(10);

/// The time to check a signature: a Cortex-M0 at 16 MHz takes 12 seconds for ed25519.
const CHECK_TIME: Duration = Duration::from_secs(60);

/// The number of bytes per request for a checksum, unless pages are longer.
const CHECKED_AT_ONCE: u32 = 4 * 1024;

/// The fewest bytes per request for a checksum.
const FEWEST_CHECKED: u32 = 256;

impl fmt::Display for UpdateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooLong => "the image is longer than the device's slot",
            Self::OutOfRange => "the bytes lie behind the end of the slot",
            Self::NotBegun => "the device was reset while the image was written",
            Self::Gap => "the image was written by someone else at the same time",
            Self::Differs => "what is in the device's flash is not what was sent",
            Self::WrongProduct => "the image is not for this product",
            Self::BadSignature => "the signature is not one of this image by the device's key",
            Self::NotVerified => "the image was not verified",
            Self::OnTrial => "the running image is on trial: confirm or revert it first",
            Self::NothingToRevert => "the device has no image to go back to",
            Self::Failed => "the device's flash failed",
        })
    }
}

impl core::error::Error for UpdateError {}

/// The reason why an image was not written.
pub type UploadError = CallError<UpdateError>;

/// Writes an image to the spare slot and has it verified, so that it can be activated. If
/// [`run`](Self::run) fails, it can be run again and resumes after the bytes that the device has
/// kept; so does another `Upload` of the same image.
#[derive(Clone, Debug)]
pub struct Upload<'n> {
    image: &'n [u8],
    signature: &'n [u8],
    /// The number of bytes that the device has taken.
    done: u32,
}

impl<'n> Upload<'n> {
    /// Creates an upload of that image with that signature, which is empty for a device that needs none.
    pub const fn new(image: &'n [u8], signature: &'n [u8]) -> Self {
        Self {
            image,
            signature,
            done: 0,
        }
    }

    /// Returns how many bytes the device has taken.
    pub const fn done(&self) -> u32 {
        self.done
    }

    /// Writes until the device has all bytes and has verified them. `progress` is called with the
    /// number of bytes that it has whenever it has taken some, or lost some in a reset.
    ///
    /// An image that is too long, or not for the device's product, is not sent.
    ///
    /// # Errors
    /// Returns the reason if the upload failed.
    pub fn run<C: Caller>(
        &mut self,
        caller: &mut C,
        mut progress: impl FnMut(u32),
    ) -> Result<(), UploadError> {
        let mut attempts = 0;
        loop {
            let before = self.done;
            match self.attempt(caller, &mut progress) {
                // The device was reset, or something else has written to its flash.
                Err(CallError::Error(UpdateError::NotBegun | UpdateError::Differs))
                    if attempts < ATTEMPTS =>
                {
                    attempts = match self.done > before {
                        true => 0,
                        false => attempts + 1,
                    };
                }
                end => return end,
            }
        }
    }

    fn attempt<C: Caller>(
        &mut self,
        caller: &mut C,
        progress: &mut impl FnMut(u32),
    ) -> Result<(), UploadError> {
        let target = call::<UpdateTarget>(caller, TIME, &()).map_err(CallError::widen)?;
        let info = ImageInfo::find(self.image);
        if info.is_none_or(|info| info.product() != target.product) {
            return Err(CallError::Error(UpdateError::WrongProduct));
        }
        let total = u32::try_from(self.image.len()).unwrap_or(u32::MAX);
        if total > target.capacity {
            return Err(CallError::Error(UpdateError::TooLong));
        }
        let there = self.there(caller, target.page)?;
        let crc = Crc32::of(self.image).value();
        self.done = call::<UpdateBegin>(caller, TIME, &(total, crc, there))?;
        if self.done > total {
            return Err(CallError::BadReply);
        }
        progress(self.done);
        pieces::write::<UpdateWrite>(caller, self.image, self.done, TIME, |_, end| {
            self.done = end;
            progress(end);
        })?;
        let mut before = total;
        loop {
            let left = call::<UpdateVerify>(caller, CHECK_TIME, &(self.signature,))?;
            match left {
                0 => return Ok(()),
                _ if left < before => before = left,
                _ => return Err(CallError::BadReply),
            }
        }
    }

    /// Returns how many bytes of the image are in the spare slot already.
    fn there<C: Caller>(&self, caller: &mut C, page: u32) -> Result<u32, UploadError> {
        let (mut offset, mut crc) = (0, Crc32::new());
        // Roughly first.
        for step in [page.max(CHECKED_AT_ONCE), page.max(FEWEST_CHECKED)] {
            while let Some(rest @ [_, ..]) = self.image.get(offset as usize..) {
                let piece = rest.get(..step as usize).unwrap_or(rest);
                let after = crc.then(piece);
                let length = piece.len() as u32;
                let arguments = (Which::Spare, offset, length, crc.value());
                if call::<UpdateChecksum>(caller, TIME, &arguments)? != after.value() {
                    break;
                }
                (offset, crc) = (offset + length, after);
            }
        }
        Ok(offset)
    }
}

/// Calls a procedure, which gets that time.
fn call<'c, P: Procedure>(
    caller: &'c mut impl Caller,
    time: Duration,
    arguments: &P::Arguments<'_>,
) -> Result<P::Value<'c>, CallError<P::Error>> {
    let call = SingleCall::new(Target::of::<P>(), |place: &mut [u8]| {
        encode(arguments, place)
    });
    let ended = Running::new(&mut *caller, call.with_time(time)).wait();
    let answer = ended.and_then(|ticket| caller.take(ticket));
    read::<P>(answer.map_err(CallError::widen)?)
}
