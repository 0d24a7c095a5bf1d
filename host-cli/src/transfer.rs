//! The shared parts of `get` and `put`: the progress bar, which `update` has too, and the report.

use crate::failure::Failure;
use crate::output;
use indicatif::{ProgressBar, ProgressStyle};
use rpc_proto::wire::crc::Crc32;
use serde_json::json;
use std::time::Instant;

/// A transfer in progress.
pub struct Transfer<'n> {
    name: &'n str,
    started: Instant,
    bar: ProgressBar,
}

/// Creates a bar that shows progress, rate and time left.
pub fn bar() -> ProgressBar {
    const TEMPLATE: &str = "{bar:40} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
    ProgressBar::new(0).with_style(style(TEMPLATE))
}

/// Returns the style of a template.
pub fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl<'n> Transfer<'n> {
    /// Begins the transfer of that block.
    pub fn new(name: &'n str) -> Self {
        Self {
            name,
            started: Instant::now(),
            bar: bar(),
        }
    }

    /// Shows the progress.
    pub fn progress(&self, done: u32, total: u32) {
        self.bar.set_length(u64::from(total));
        self.bar.set_position(u64::from(done));
    }

    /// Removes the bar.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints the report on that many bytes with that CRC-32.
    pub fn report(&self, json: bool, bytes: u64, crc: Crc32) -> Result<(), Failure> {
        let seconds = self.started.elapsed().as_secs_f64();
        // Zero time would mean an infinite rate, which becomes the largest number.
        let bytes_per_second = (bytes as f64 / seconds).round() as u64;
        let (block, crc32) = (self.name, format!("{:#010x}", crc.value()));
        if json {
            return output::print_json(&json!({
                "block": block,
                "bytes": bytes,
                "crc32": crc32,
                "seconds": seconds,
                "bytes_per_second": bytes_per_second,
            }));
        }
        output::print(format!(
            "{block}: {bytes} bytes, CRC-32 {crc32}, in {seconds:.1} s ({bytes_per_second} bytes/s)"
        ))
    }
}
