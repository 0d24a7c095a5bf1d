//! `serial-rpc update`: replaces the firmware of the device.

mod failures;
mod progress;
mod report;

use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::input::Input;
use crate::output;
use failures::{of_update, that_can_go_on};
use progress::Progress;
use report::{Report, Status};
use rpc_proto::services::update::{SlotState, UpdateClient, Which};
use serial_rpc::connection::{FirmwareUpdate, UpdateFailure, UpdateOutcome, Updated};
use serial_rpc::image::Image;
use serial_rpc::safe;
use serial_rpc::seconds::seconds;
use std::time::Duration;

/// The number of bytes of an Ed25519 signature.
const SIGNATURE: usize = 64;

/// Replace the firmware of the device.
///
/// The device needs the service `update` and a boot loader with two slots. The image must be for
/// its product and its address, or nothing is sent. The device checks all of it, restarts with it
/// on trial, and keeps it once it has answered; else the one before comes back. A power cut at any
/// moment leaves the device with one of the two, whole.
///
/// Writing goes on after a reset of the device, and when a port that was unplugged is back. After
/// Ctrl-C, the same command goes on where it was. If the device runs the image already, nothing is
/// sent.
///
/// As JSON, the output is an object: "outcome" ("confirmed", "on-trial", "up-to-date", or with
/// --dry-run "planned"), "product", "before" and "version", "bytes", "crc32", and if some were sent
/// "sent", "seconds" and "bytes_per_second".
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{DETAILS}")
)]
pub struct Update {
    #[command(subcommand)]
    step: Option<Step>,

    /// The image: ELF, Intel HEX, UF2 or BIN; - for stdin.
    #[arg(required = true)]
    image: Option<String>,

    /// Check the image and compare it with what the device has, and write nothing.
    #[arg(long)]
    dry_run: bool,

    /// Leave the image on trial: the next reset brings back the one before, unless the firmware confirms
    /// itself or `update confirm` does.
    #[arg(long)]
    no_confirm: bool,

    /// The signature of the image, for a device that takes signed images only.
    #[arg(long, value_name = "FILE")]
    signature: Option<String>,

    #[command(flatten)]
    restart: Restart,
}

/// The time to restart.
#[derive(Debug, clap::Args)]
struct Restart {
    /// Time limit for the device to restart, its boot loader's work included.
    #[arg(
        id = "restart",
        long = "restart-within",
        value_name = "SECONDS",
        value_parser = seconds,
        default_value = "2min"
    )]
    within: Duration,
}

/// A single step.
#[derive(Debug, clap::Subcommand)]
enum Step {
    /// Show the images that the device has, and those that it takes.
    ///
    /// As JSON, it is an object: "target", and the slots "active" and "spare", as `call
    /// update.target` and `call update.slot` print them.
    Status,
    /// Keep the image that runs on trial.
    ///
    /// As JSON, the output is an object: "outcome" ("confirmed") and "version".
    Confirm,
    /// Bring back the image that ran before, or do not start one that was only activated.
    ///
    /// As JSON, the output is an object: "outcome" ("reverted" or "withdrawn"), "before" and "version".
    Revert(Restart),
}

impl Update {
    /// Returns true if a file of it is stdin.
    pub fn reads_stdin(&self) -> bool {
        [&self.image, &self.signature].contains(&&Some("-".to_owned()))
    }
}

const EXAMPLES: &str = "\
Examples:
  serial-rpc update target/thumbv7em-none-eabihf/release/lamp
  serial-rpc update lamp.hex --dry-run
  serial-rpc update lamp.bin --signature lamp.sig
  serial-rpc update status
  serial-rpc update revert";

const DETAILS: &str = "\
Exit codes, for a script that updates many devices:
    0  the device runs the image, now or already: \"outcome\" tells
    2  the image is not for this device, or is no image, and nothing was sent
    3  the port is missing or was lost
    4  the device did not answer, or did not come back after the restart
    6  the device refused the image, for example for its signature
    8  the image failed its trial, and the device runs the one before
  130  interrupted with Ctrl-C
After 3, 4 and 130, the same command goes on where it was.

A signature is 64 bytes: Ed25519 over the SHA-512 of the image. With OpenSSL, once, where key.pem
stays secret and key.pub is for the firmware:
  openssl genpkey -algorithm ed25519 -out key.pem
  openssl pkey -in key.pem -pubout -outform der | tail -c 32 > key.pub
And for each image:
  cargo objcopy --release -- -O binary lamp.bin
  openssl dgst -sha512 -binary -out lamp.sha512 lamp.bin
  openssl pkeyutl -sign -rawin -inkey key.pem -in lamp.sha512 -out lamp.sig";

/// Runs the step, or all of them.
pub fn run(context: &Context, update: &Update) -> Result<(), Failure> {
    match &update.step {
        Some(Step::Status) => status(context),
        Some(Step::Confirm) => confirm(context),
        Some(Step::Revert(restart)) => revert(context, restart.within),
        // clap requires one of them.
        None => all(context, update, update.image.as_deref().unwrap_or_default()),
    }
}

fn all(context: &Context, update: &Update, name: &str) -> Result<(), Failure> {
    // Before the port is opened: a file that is no image is no reason to wait for the device.
    let image = Image::read(&Input::open(name)?.all()?)
        .map_err(|error| Failure::new(Class::Usage, format!("{name} is no image: {error}")))?;
    let signature = update.signature.as_deref().map(signature).transpose()?;
    let to = FirmwareUpdate {
        signature: signature.as_deref(),
        confirm: !update.no_confirm,
        restart: update.restart.within,
        ..FirmwareUpdate::to(&image)
    };
    let device = context.connect()?;
    let plan = device
        .plan_update(&to)
        .map_err(|error| of_update(&device, error))?;
    if signature.is_some() && !plan.target.signed {
        output::notice(context.json, "the device checks no signatures");
    }
    if plan.failed_before(&image) {
        let again = "this image was on trial before, and was not confirmed";
        output::notice(context.json, again);
    }
    if update.dry_run {
        return Report::planned(&plan, &image).print(context.json);
    }
    let progress = Progress::new();
    let updated = device.update(&to, |step| progress.show(step));
    let sent = progress.end();
    let updated = updated.map_err(|error| that_can_go_on(of_update(&device, error)))?;
    Report::updated(&plan, &image, &updated, sent).print(context.json)
}

/// Reads a signature.
fn signature(name: &str) -> Result<Vec<u8>, Failure> {
    let bytes = Input::open(name)?.all()?;
    if bytes.len() != SIGNATURE {
        let message = format!(
            "{name} is no signature: it has {} bytes instead of {SIGNATURE}",
            bytes.len()
        );
        return Err(Failure::new(Class::Usage, message)
            .hint("`serial-rpc update --help` says how one is made"));
    }
    Ok(bytes)
}

fn confirm(context: &Context) -> Result<(), Failure> {
    let device = context.connect()?;
    let failed = |error| of_update(&device, UpdateFailure::Call(error));
    let mut client = UpdateClient::new(&*device);
    let active = client.slot(Which::Active).map_err(failed)?;
    client.confirm().map_err(failed)?;
    let version = active.version.as_str();
    if context.json {
        let report = serde_json::json!({ "outcome": "confirmed", "version": version });
        return output::print_json(&report);
    }
    let version = safe::line(version);
    output::print(match active.state {
        SlotState::OnTrial => format!("{version} is confirmed"),
        _ => format!("{version} was confirmed already"),
    })
}

fn revert(context: &Context, restart: Duration) -> Result<(), Failure> {
    let device = context.connect()?;
    let reverted = device.revert_update(restart);
    let Updated {
        outcome: how,
        before,
        version,
    } = reverted.map_err(|error| of_update(&device, error))?;
    if context.json {
        let report =
            serde_json::json!({ "outcome": how.name(), "before": before, "version": version });
        return output::print_json(&report);
    }
    let [before, version] = [before, version].map(|version| safe::line(&version));
    output::print(match how {
        UpdateOutcome::Withdrawn => {
            format!("{version} stays: what was activated will not be started")
        }
        _ => format!("{version} runs again in place of {before}"),
    })
}

fn status(context: &Context) -> Result<(), Failure> {
    let device = context.connect()?;
    let failed = |error| of_update(&device, UpdateFailure::Call(error));
    let mut client = UpdateClient::new(&*device);
    let status = Status {
        target: client.target().map_err(|error| failed(error.widen()))?,
        active: client.slot(Which::Active).map_err(failed)?,
        spare: client.slot(Which::Spare).map_err(failed)?,
    };
    if context.json {
        return output::print_json(&status);
    }
    output::print(status.text())
}
