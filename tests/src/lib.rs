//! Pieces that the tests share: what connects two ends, and the clock they go by.

pub mod clock;
pub mod loopback;
