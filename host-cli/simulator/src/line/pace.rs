//! The speed of a line.

use rpc_proto::time::Duration;

/// The speed of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Bits per second, ten of them to a byte (8N1); None if bytes take no time.
    pub baud: Option<u32>,
    /// The delay from a byte's last bit to its arrival, as behind a USB adapter's timer.
    pub latency: Duration,
}

impl Pace {
    /// Bytes arrive when they are sent.
    pub const INSTANT: Self = Self {
        baud: None,
        latency: Duration::from_micros(0),
    };

    /// Returns the pace of a UART without anything between the two ends.
    pub const fn uart(baud: u32) -> Self {
        Self {
            baud: Some(baud),
            ..Self::INSTANT
        }
    }

    /// Returns the pace of a UART behind an adapter that passes bytes on after `latency`.
    pub const fn adapter(baud: u32, latency: Duration) -> Self {
        Self {
            baud: Some(baud),
            latency,
        }
    }

    /// Returns the time that a byte occupies the line, in nanoseconds: 86.8 µs at 115,200 baud, so
    /// whole microseconds would be too coarse.
    pub(super) const fn byte_nanos(self) -> u64 {
        match self.baud {
            None | Some(0) => 0,
            Some(baud) => 10_000_000_000 / baud as u64,
        }
    }
}
