//! Shows the progress of an update, and measures it.

use crate::transfer;
use indicatif::ProgressBar;
use serde::Serialize;
use serial_rpc::connection::UpdateStep;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// The progress of the update on the terminal.
pub struct Progress {
    bar: ProgressBar,
    written: Cell<Option<Written>>,
}

/// The bytes that were written so far: the first and the last of them, and when they were.
#[derive(Clone, Copy)]
struct Written {
    from: u32,
    began: Instant,
    to: u32,
    ended: Instant,
}

impl Progress {
    /// Begins with nothing known.
    pub fn new() -> Self {
        Self {
            bar: transfer::bar(),
            written: Cell::default(),
        }
    }

    /// Shows a step.
    pub fn show(&self, step: UpdateStep) {
        match step {
            UpdateStep::Writing { done, total } => {
                let now = Instant::now();
                let before = self.written.get();
                self.written.set(Some(Written {
                    from: before.map_or(done, |before| before.from.min(done)),
                    began: before.map_or(now, |before| before.began),
                    to: done,
                    ended: now,
                }));
                self.bar.set_length(u64::from(total));
                self.bar.set_position(u64::from(done));
                if before.is_none() {
                    // The bytes that were there already are no measure of the rate.
                    self.bar.reset_eta();
                }
                if done == total {
                    self.wait("checking");
                } else if before.is_some_and(|before| before.to == total) {
                    // It was reset, and has lost some.
                    self.bar.disable_steady_tick();
                    self.bar.set_style(transfer::bar().style());
                }
            }
            UpdateStep::Restarting => self.wait("restarting"),
        }
    }

    /// Shows that the device works on something else.
    fn wait(&self, work: &str) {
        let style = transfer::style(&format!("{{spinner}} {work}, {{elapsed}}"));
        self.bar.set_style(style);
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// Removes the bar. Returns what was sent, if anything was.
    pub fn end(&self) -> Option<Sent> {
        self.bar.finish_and_clear();
        let written = self.written.get()?;
        let seconds = (written.ended - written.began).as_secs_f64();
        let sent = written.to - written.from;
        Some(Sent {
            sent,
            seconds,
            // Zero time would mean an infinite rate, which becomes the largest number.
            bytes_per_second: (f64::from(sent) / seconds).round() as u64,
        })
    }
}

/// The bytes that were sent.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sent {
    /// Their number.
    pub sent: u32,
    /// The time that it took.
    pub seconds: f64,
    /// The rate.
    pub bytes_per_second: u64,
}
