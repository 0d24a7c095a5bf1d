//! How fast a line carries bytes.

use rpc_proto::time::Duration;

/// The speed of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Bits a second, ten of them to a byte (8N1); None if bytes take no time.
    pub baud: Option<u32>,
    /// How much later than its last bit a byte arrives, as behind a USB adapter's timer.
    pub latency: Duration,
}

impl Pace {
    /// Bytes arrive when they are sent.
    pub const INSTANT: Self = Self {
        baud: None,
        latency: Duration::from_micros(0),
    };

    /// A UART without anything between the two ends.
    pub const fn uart(baud: u32) -> Self {
        Self {
            baud: Some(baud),
            ..Self::INSTANT
        }
    }

    /// A UART behind an adapter that hands on what it received after `latency`.
    pub const fn adapter(baud: u32, latency: Duration) -> Self {
        Self {
            baud: Some(baud),
            latency,
        }
    }

    /// How long the line is taken up by a byte, in nanoseconds: at 115,200 baud 86.8 µs, too
    /// coarse a number in whole microseconds.
    pub(super) const fn byte_nanos(self) -> u64 {
        match self.baud {
            None | Some(0) => 0,
            Some(baud) => 10_000_000_000 / baud as u64,
        }
    }
}
