//! Prints the outcome of an update, and the images of a device.

use super::progress::Sent;
use crate::failure::Failure;
use crate::output;
use rpc_proto::services::update::{Slot, SlotState, Target};
use rpc_proto::wire::crc::Crc32;
use serde::Serialize;
use serial_rpc::connection::{UpdateOutcome, UpdatePlan, Updated};
use serial_rpc::image::Image;
use serial_rpc::safe;

/// The report of an update.
#[derive(Serialize)]
pub struct Report<'r> {
    outcome: &'static str,
    product: &'r str,
    before: &'r str,
    version: &'r str,
    bytes: usize,
    crc32: String,
    #[serde(flatten)]
    sent: Option<Sent>,
}

impl<'r> Report<'r> {
    /// Creates the report of what would be done.
    pub fn planned(plan: &'r UpdatePlan, image: &Image) -> Self {
        Self {
            outcome: match plan.runs {
                true => UpdateOutcome::UpToDate.name(),
                false => "planned",
            },
            product: &plan.target.product,
            before: &plan.active.version,
            version: &plan.version,
            bytes: image.bytes.len(),
            crc32: hex(Crc32::of(&image.bytes).value()),
            sent: None,
        }
    }

    /// Creates the report of what was done.
    pub fn updated(
        plan: &'r UpdatePlan,
        image: &Image,
        updated: &'r Updated,
        sent: Option<Sent>,
    ) -> Self {
        Self {
            outcome: updated.outcome.name(),
            before: &updated.before,
            version: &updated.version,
            sent,
            ..Self::planned(plan, image)
        }
    }

    /// Prints it.
    pub fn print(&self, json: bool) -> Result<(), Failure> {
        if json {
            return output::print_json(self);
        }
        let [product, before, version] = [self.product, self.before, self.version].map(safe::line);
        let Self { bytes, crc32, .. } = self;
        let mut text = match self.outcome {
            "up-to-date" => format!("{product}: {version} runs already"),
            "planned" => format!("{product}: {version} would replace {before}"),
            "on-trial" => format!(
                "{product}: {version} runs on trial in place of {before}\n\
                 `serial-rpc update confirm` keeps it"
            ),
            _ => format!("{product}: {version} runs in place of {before}"),
        };
        text += &format!("\n{bytes} bytes, CRC-32 {crc32}");
        if let Some(Sent {
            sent: sent @ 1..,
            seconds,
            bytes_per_second,
        }) = self.sent
        {
            text += &format!(", {sent} sent in {seconds:.1} s ({bytes_per_second} bytes/s)");
        }
        output::print(text)
    }
}

fn hex(crc: u32) -> String {
    format!("{crc:#010x}")
}

/// The images that a device has, and those that it takes.
#[derive(Serialize)]
pub struct Status {
    /// The images that it takes.
    pub target: Target,
    /// The image that runs.
    pub active: Slot,
    /// The image in the other slot.
    pub spare: Slot,
}

impl Status {
    /// Returns it for people.
    pub fn text(&self) -> String {
        let Target {
            product,
            address,
            capacity,
            signed,
            ..
        } = &self.target;
        format!(
            "product  {}\n\
             images   at {address:#010x}, up to {capacity} bytes, {}\n\
             active   {}\n\
             spare    {}",
            safe::line(product),
            if *signed { "signed" } else { "not signed" },
            described(&self.active),
            described(&self.spare),
        )
    }
}

fn described(slot: &Slot) -> String {
    let state = match slot.state {
        SlotState::Empty => "empty",
        SlotState::Verified => "verified, but not activated",
        SlotState::Pending => "starts at the next restart",
        SlotState::Previous => "ran before",
        SlotState::Failed => "failed its trial",
        SlotState::OnTrial => "on trial",
        SlotState::Confirmed => "confirmed",
    };
    let mut text = safe::line(&slot.version);
    if !text.is_empty() {
        text += ", ";
    }
    text += state;
    if slot.length > 0 {
        text += &format!(", {} bytes, CRC-32 {}", slot.length, hex(slot.crc));
    }
    text
}
