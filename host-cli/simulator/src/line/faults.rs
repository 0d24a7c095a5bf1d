//! The faults of a line, and their rates.

use super::random::SplitMix64;
use rpc_proto::time::Duration;

/// The rates of all faults. Rates are chances from 0 to 1; a byte has at most one fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    /// Chance per byte that one of its bits arrives inverted.
    pub flips: f64,
    /// Chance per byte that it is lost.
    pub drops: f64,
    /// Chance per byte that a random one arrives before it.
    pub insertions: f64,
    /// Chance per byte that it arrives twice.
    pub duplications: f64,
    /// Chance per byte that a run of [`burst`](Self::burst) garbage bytes begins.
    pub noise: f64,
    /// Chance per byte that a run of [`burst`](Self::burst) lost bytes begins.
    pub gaps: f64,
    /// The length of a run of garbage or of lost bytes, at least 1.
    pub burst: u16,
    /// Chance per byte that it and the rest of its frame are lost, the delimiter included.
    pub truncations: f64,
    /// Chance per byte that it and all that follow are held back for [`stall`](Self::stall).
    pub stalls: f64,
    /// The time for which bytes are held back.
    pub stall: Duration,
    /// Chance per frame that the sender prints a line of text after it.
    pub texts: f64,
}

impl Faults {
    /// A perfect line.
    pub const NONE: Self = Self {
        flips: 0.0,
        drops: 0.0,
        insertions: 0.0,
        duplications: 0.0,
        noise: 0.0,
        gaps: 0.0,
        burst: 8,
        truncations: 0.0,
        stalls: 0.0,
        stall: Duration::from_millis(200),
        texts: 0.0,
    };

    /// Returns all faults that damage bytes, equally often, with a total rate of `rate` per byte.
    /// Stalls are not included, and neither is text, which only one end of a line prints.
    pub const fn mixed(rate: f64) -> Self {
        /// The number of the rates below.
        const KINDS: f64 = 7.0;
        let each = rate / KINDS;
        Self {
            flips: each,
            drops: each,
            insertions: each,
            duplications: each,
            noise: each,
            gaps: each,
            truncations: each,
            ..Self::NONE
        }
    }

    /// Draws the fault of the next byte, if it has one.
    pub(super) fn draw(&self, random: &mut SplitMix64) -> Option<Disturbance> {
        let mut drawn = random.unit();
        let chances = [
            (self.flips, Disturbance::Flip),
            (self.drops, Disturbance::Drop),
            (self.insertions, Disturbance::Insertion),
            (self.duplications, Disturbance::Duplication),
            (self.noise, Disturbance::Noise),
            (self.gaps, Disturbance::Gap),
            (self.truncations, Disturbance::Truncation),
            (self.stalls, Disturbance::Stall),
        ];
        for (chance, disturbance) in chances {
            if drawn < chance {
                return Some(disturbance);
            }
            drawn -= chance;
        }
        None
    }
}

/// The fault of one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disturbance {
    Flip,
    Drop,
    Insertion,
    Duplication,
    Noise,
    Gap,
    Truncation,
    Stall,
}
