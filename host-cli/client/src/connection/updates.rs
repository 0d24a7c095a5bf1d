//! Replaces the firmware of a device, and goes on after a reset, a power cut or a lost cable.

use super::Connection;
use super::attempts::Attempts;
use rpc_proto::client::{CallError, Cause};
use rpc_proto::services::update::{
    ImageInfo, Slot, SlotState, Target, UpdateClient, UpdateError, Upload, Which,
};
use rpc_proto::wire::crc::Crc32;
use serial_rpc_image::{Image, Misplaced};
use std::thread;
use std::time::{Duration, Instant};

/// The interval at which a device that restarts is asked if it is back.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The time after which a device that still answers as before has not got the request to restart.
const RESTARTS_WITHIN: Duration = Duration::from_secs(5);

/// The number of bytes per request for a checksum.
const CHECKED_AT_ONCE: usize = 4 * 1024;

/// An image for a device, and what is to happen with it.
#[derive(Clone, Copy, Debug)]
pub struct FirmwareUpdate<'i> {
    /// The image.
    pub image: &'i Image,
    /// The signature of the image, for a device that needs one: an Ed25519 signature of the SHA-512 of
    /// its bytes.
    pub signature: Option<&'i [u8]>,
    /// Confirms the image when it runs. Otherwise it stays on trial, and the next reboot brings
    /// back the one before unless it confirms itself.
    pub confirm: bool,
    /// The longest time that the device may take to restart, its boot loader's work included.
    pub restart: Duration,
}

impl<'i> FirmwareUpdate<'i> {
    /// Creates an update to that image, without a signature, which is confirmed if the device is back
    /// within two minutes.
    #[must_use]
    pub const fn to(image: &'i Image) -> Self {
        Self {
            image,
            signature: None,
            confirm: true,
            restart: Duration::from_secs(120),
        }
    }
}

/// A device and an image for it, checked before anything is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdatePlan {
    /// The images that the device takes.
    pub target: Target,
    /// The image that runs.
    pub active: Slot,
    /// The image in the other slot.
    pub spare: Slot,
    /// The version of the new image.
    pub version: String,
    /// True if the new image is the one that runs.
    pub runs: bool,
}

impl UpdatePlan {
    /// Returns true if the new image was on trial before, and was not confirmed.
    #[must_use]
    pub fn failed_before(&self, image: &Image) -> bool {
        self.spare.state == SlotState::Failed && holds(&self.spare, image)
    }
}

/// The progress of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateStep {
    /// The device has that many bytes of the image. When it has all, it verifies them.
    Writing {
        /// The number of bytes that it has.
        done: u32,
        /// The number of bytes in the image.
        total: u32,
    },
    /// The device restarts with the new image.
    Restarting,
}

/// A successful update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// The outcome.
    pub outcome: UpdateOutcome,
    /// The version that ran before.
    pub before: String,
    /// The version that runs now.
    pub version: String,
}

/// The outcome of a successful update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// The device ran the image already. Nothing was sent.
    UpToDate,
    /// The image runs, and stays.
    Confirmed,
    /// The image runs on trial.
    OnTrial,
    /// The image before runs again.
    Reverted,
    /// What was activated will not be started.
    Withdrawn,
}

impl UpdateOutcome {
    /// Returns its name for programs, such as `up-to-date`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UpToDate => "up-to-date",
            Self::Confirmed => "confirmed",
            Self::OnTrial => "on-trial",
            Self::Reverted => "reverted",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// The reason why an update failed. Whatever it is, the device has a whole image to run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateFailure {
    /// A call failed, or the device refused to go on.
    #[error("{}", said(.0))]
    Call(#[from] CallError<UpdateError>),
    /// The image does not say for which product it is. Nothing was sent.
    #[error("the image does not say for which product it is")]
    NoInfo,
    /// The image is for another product. Nothing was sent.
    #[error("the image is for `{image}`, the device is a `{device}`")]
    WrongProduct {
        /// The product of the image.
        image: String,
        /// The product of the device.
        device: String,
    },
    /// The image is for another address. Nothing was sent.
    #[error("the image {why}, the device runs images at {address:#010x}")]
    Misplaced {
        /// The address of the device's images.
        address: u32,
        /// The reason.
        why: Misplaced,
    },
    /// The image is too long. Nothing was sent.
    #[error("the image has {length} bytes, and the device has room for {capacity}")]
    TooLong {
        /// The number of bytes in it.
        length: usize,
        /// The most that the device takes.
        capacity: u32,
    },
    /// The device takes signed images only. Nothing was sent.
    #[error("the device takes signed images only")]
    Unsigned,
    /// The new image did not start, or was not confirmed in time, and the one before runs again.
    #[error("the new image failed its trial: the device runs {version} again")]
    TrialFailed {
        /// The version that runs.
        version: String,
    },
    /// The device restarted, but its boot loader did not start the new image.
    #[error("the device restarted, but still runs {version}")]
    NotStarted {
        /// The version that runs.
        version: String,
    },
    /// The new image runs, but has no service for updates, so that it cannot be confirmed.
    #[error("the new image runs, but offers no updates: it cannot be confirmed")]
    NoService,
    /// The device did not run the image in time after it was restarted.
    #[error("the device was restarted, and did not run the image within {} seconds", .0.as_secs())]
    NotBack(Duration),
}

/// Returns the device's own error as it is, without saying that a procedure ended in it.
fn said(error: &CallError<UpdateError>) -> String {
    match error {
        CallError::Error(error) => error.to_string(),
        error => error.to_string(),
    }
}

impl Connection {
    /// Compares an image with what the device has and takes. Nothing is written.
    ///
    /// # Errors
    /// Fails if the device takes no such image, has no service for updates, or does not answer.
    pub fn plan_update(&self, update: &FirmwareUpdate<'_>) -> Result<UpdatePlan, UpdateFailure> {
        let image = update.image;
        let info = ImageInfo::find(&image.bytes).ok_or(UpdateFailure::NoInfo)?;
        let target = UpdateClient::new(self).target().map_err(CallError::widen)?;
        if info.product() != target.product {
            return Err(UpdateFailure::WrongProduct {
                image: info.product().as_str().to_owned(),
                device: target.product.as_str().to_owned(),
            });
        }
        if let Err(why) = image.check_address(target.address) {
            let address = target.address;
            return Err(UpdateFailure::Misplaced { address, why });
        }
        if image.bytes.len() > target.capacity as usize {
            return Err(UpdateFailure::TooLong {
                length: image.bytes.len(),
                capacity: target.capacity,
            });
        }
        if target.signed && update.signature.is_none() {
            return Err(UpdateFailure::Unsigned);
        }
        let [active, spare] = self.slots()?;
        Ok(UpdatePlan {
            runs: self.runs(&active, image)?,
            version: info.version().as_str().to_owned(),
            target,
            active,
            spare,
        })
    }

    /// Replaces the firmware of the device by another image. The device checks it, restarts with
    /// it, and keeps it when it has answered.
    ///
    /// It goes on after a reset of the device, and when a port that was unplugged is back; called
    /// again, it goes on where the last time ended. If the device runs the image already, nothing
    /// is sent.
    ///
    /// ```no_run
    /// use serial_rpc::Connection;
    /// use serial_rpc::connection::FirmwareUpdate;
    /// use serial_rpc::image::Image;
    ///
    /// let image = Image::read(&std::fs::read("target/thumbv7em-none-eabihf/release/lamp")?)?;
    /// let device = Connection::open("2e8a:000a")?;
    /// let updated = device.update(&FirmwareUpdate::to(&image), |step| println!("{step:?}"))?;
    /// println!("{} runs in place of {}", updated.version, updated.before);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Fails if the device does not take the image, if the image fails its trial, or if a call keeps
    /// failing. The device then has a whole image to run, the one before or the new one.
    pub fn update(
        &self,
        update: &FirmwareUpdate<'_>,
        mut progress: impl FnMut(UpdateStep),
    ) -> Result<Updated, UpdateFailure> {
        let mut run = Run {
            device: self.clone(),
            update,
            upload: Upload::new(&update.image.bytes, update.signature.unwrap_or_default()),
            before: None,
            restarted: false,
            cancellations: self.shared.state().cancellations,
        };
        let mut attempts = Attempts::default();
        loop {
            match run.attempt(&mut progress) {
                // Each attempt begins with a look at what it is for.
                Err(UpdateFailure::Call(error)) if attempts.go_on(passes(&error), run.done()) => {}
                end => return end,
            }
        }
    }

    /// Brings back the image that ran before, for which the device restarts, or undoes the
    /// activation of one that has not run yet.
    ///
    /// # Errors
    /// Fails if there is no such image, or if the device does not run it within that time.
    pub fn revert_update(&self, restart: Duration) -> Result<Updated, UpdateFailure> {
        let cancellations = self.shared.state().cancellations;
        let mut client = UpdateClient::new(self);
        let [active, spare] = self.slots()?;
        client.revert()?;
        let before = active.version.as_str().to_owned();
        if spare.state == SlotState::Pending {
            return Ok(Updated {
                outcome: UpdateOutcome::Withdrawn,
                version: before.clone(),
                before,
            });
        }
        let back = self.restart(restart, cancellations, |[active, other]| {
            let is_back = is_same(&active, &spare) && other.state != SlotState::Pending;
            Ok(is_back.then_some(active))
        })?;
        // Some boot loaders start it on trial, as any image.
        if back.state == SlotState::OnTrial {
            client.confirm()?;
        }
        Ok(Updated {
            outcome: UpdateOutcome::Reverted,
            before,
            version: back.version.as_str().to_owned(),
        })
    }

    /// Restarts the device, and looks at its slots until `look` has found something in them.
    fn restart<T>(
        &self,
        limit: Duration,
        cancellations: u32,
        mut look: impl FnMut([Slot; 2]) -> Result<Option<T>, UpdateFailure>,
    ) -> Result<T, UpdateFailure> {
        let started = Instant::now();
        let mut asked: Option<Instant> = None;
        while started.elapsed() < limit {
            if asked.is_none_or(|asked| asked.elapsed() >= RESTARTS_WITHIN) {
                match UpdateClient::new(self).reboot() {
                    Err(error) if !passes(&error) => return Err(error.widen().into()),
                    // If the answer was lost, the slots tell.
                    _ => asked = Some(Instant::now()),
                }
            }
            thread::sleep(LOOK_EVERY);
            self.check_cancelled(cancellations)?;
            let looked = self
                .slots()
                .map_err(UpdateFailure::Call)
                .and_then(&mut look);
            match looked {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                // It restarts, and need not be asked to as soon as it is back.
                Err(UpdateFailure::Call(error)) if passes(&error) => asked = Some(Instant::now()),
                Err(error) => return Err(error),
            }
        }
        Err(UpdateFailure::NotBack(limit))
    }

    /// Fails if the connection was cancelled since that many times, perhaps while no call was in flight.
    fn check_cancelled(&self, cancellations: u32) -> Result<(), CallError<UpdateError>> {
        match self.shared.state().cancellations == cancellations {
            true => Ok(()),
            false => Err(CallError::Cancelled),
        }
    }

    /// Returns both slots: the active one and the spare one.
    fn slots(&self) -> Result<[Slot; 2], CallError<UpdateError>> {
        let mut client = UpdateClient::new(self);
        Ok([client.slot(Which::Active)?, client.slot(Which::Spare)?])
    }

    /// Returns true if that slot, the active one, has exactly that image.
    fn runs(&self, active: &Slot, image: &Image) -> Result<bool, CallError<UpdateError>> {
        if active.length > 0 {
            return Ok(holds(active, image));
        }
        // The device does not know where its image ends. If it begins with this one, it is this one.
        let mut client = UpdateClient::new(self);
        let (mut offset, mut crc) = (0, Crc32::new());
        for piece in image.bytes.chunks(CHECKED_AT_ONCE) {
            let length = piece.len() as u32;
            let of_device = client.checksum(Which::Active, offset, length, crc.value())?;
            crc = crc.then(piece);
            if of_device != crc.value() {
                return Ok(false);
            }
            offset += length;
        }
        Ok(true)
    }
}

/// Returns true if two slots have the same image, as far as the device knows.
fn is_same(one: &Slot, other: &Slot) -> bool {
    let is_known = one.length > 0 && other.length > 0;
    one.version == other.version
        && (!is_known || (one.length, one.crc) == (other.length, other.crc))
}

/// Returns true if a slot has that image, as far as the device knows.
fn holds(slot: &Slot, image: &Image) -> bool {
    slot.length as usize == image.bytes.len() && slot.crc == Crc32::of(&image.bytes).value()
}

/// Returns true if a call may fail like that while a device restarts with another firmware.
fn passes<E>(error: &CallError<E>) -> bool {
    error.may_pass()
        || matches!(
            error,
            CallError::OtherDevice | CallError::OutcomeUnknown(Cause::OtherDevice)
        )
}

/// An update in progress.
struct Run<'u> {
    device: Connection,
    update: &'u FirmwareUpdate<'u>,
    upload: Upload<'u>,
    /// The version that ran before, once it is known.
    before: Option<String>,
    /// True if the device was told to restart.
    restarted: bool,
    cancellations: u32,
}

impl Run<'_> {
    /// Returns a number that grows with the progress. 0 if the device has not answered yet.
    fn done(&self) -> u32 {
        match self.before {
            None => 0,
            Some(_) => self
                .upload
                .done()
                .saturating_add(1 + u32::from(self.restarted)),
        }
    }

    /// Does what is left, as far as it succeeds.
    fn attempt(&mut self, progress: &mut impl FnMut(UpdateStep)) -> Result<Updated, UpdateFailure> {
        self.device.check_cancelled(self.cancellations)?;
        let plan = self.device.plan_update(self.update)?;
        let (active, spare) = (&plan.active, &plan.spare);
        let previous = match plan.runs && active.state == SlotState::OnTrial {
            true => spare,
            false => active,
        };
        self.before
            .get_or_insert_with(|| previous.version.as_str().to_owned());
        if plan.runs {
            return self.keep(active, &plan.version);
        }
        if self.restarted && spare.state == SlotState::Failed {
            return Err(trial_failed(active));
        }
        let is_pending = spare.state == SlotState::Pending && holds(spare, self.update.image);
        if !is_pending {
            let total = self.update.image.bytes.len() as u32;
            let writing = |done| progress(UpdateStep::Writing { done, total });
            self.upload.run(&mut self.device.clone(), writing)?;
            self.device.check_cancelled(self.cancellations)?;
            UpdateClient::new(&self.device)
                .activate()
                .map_err(|error| match error {
                    // It was verified just now.
                    CallError::Error(UpdateError::NotVerified) => {
                        CallError::OutcomeUnknown(Cause::Reset)
                    }
                    error => error,
                })?;
        }
        progress(UpdateStep::Restarting);
        self.restarted = true;
        let (device, image) = (&self.device, self.update.image);
        let restart = self.update.restart;
        let started = device.restart(restart, self.cancellations, |[active, spare]| {
            if device.runs(&active, image)? {
                return Ok(Some(active));
            }
            match spare.state {
                SlotState::Pending => Ok(None),
                SlotState::Failed => Err(trial_failed(&active)),
                _ => Err(UpdateFailure::NotStarted {
                    version: active.version.as_str().to_owned(),
                }),
            }
        });
        match started {
            Ok(active) => self.keep(&active, &plan.version),
            Err(UpdateFailure::Call(CallError::NoSuchProcedure)) => Err(UpdateFailure::NoService),
            Err(error) => Err(error),
        }
    }

    /// Confirms the image, which runs.
    fn keep(&self, active: &Slot, version: &str) -> Result<Updated, UpdateFailure> {
        let outcome = match active.state {
            SlotState::OnTrial if !self.update.confirm => UpdateOutcome::OnTrial,
            SlotState::OnTrial => {
                UpdateClient::new(&self.device).confirm()?;
                UpdateOutcome::Confirmed
            }
            _ if self.restarted => UpdateOutcome::Confirmed,
            _ => UpdateOutcome::UpToDate,
        };
        Ok(Updated {
            outcome,
            before: self.before.clone().unwrap_or_default(),
            version: version.to_owned(),
        })
    }
}

fn trial_failed(active: &Slot) -> UpdateFailure {
    UpdateFailure::TrialFailed {
        version: active.version.as_str().to_owned(),
    }
}
