//! Pieces that the tests share: what connects two ends, the clock they go by, messages made by
//! hand, and a service that can be asked what it ran.

pub mod clock;
pub mod loopback;
pub mod tally;
pub mod wire;
