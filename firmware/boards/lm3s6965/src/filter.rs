//! A service about what another task does: the programs of this board that have one differ in how it shares
//! its state with the procedures.

/// A filter that another task feeds.
#[rpc_proto::service]
pub trait Filter {
    /// How many samples the filter has been fed.
    #[idempotent]
    fn samples(&mut self) -> u32;

    /// The smoothed value.
    #[idempotent]
    fn value(&mut self) -> i32;
}

/// A moving average.
#[derive(Clone, Copy)]
pub struct Average {
    samples: u32,
    sum: i32,
}

impl Average {
    /// Creates a filter that was not fed.
    pub const fn new() -> Self {
        Self { samples: 0, sum: 0 }
    }

    /// Adds a sample.
    pub const fn feed(&mut self, sample: i32) {
        self.samples = self.samples.wrapping_add(1);
        self.sum = self.sum - self.sum / 16 + sample;
    }
}

impl Filter for Average {
    fn samples(&mut self) -> u32 {
        self.samples
    }

    fn value(&mut self) -> i32 {
        self.sum / 16
    }
}
