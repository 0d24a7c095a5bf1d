//! Everything that the demonstration device offers.

use crate::{CheckedCalculator, Notes};
use rpc_proto::blocks::{BlocksService, Stored};
use rpc_proto::calculator::CalculatorService;

rpc_proto::interface! {
    /// The calculator, and a block of notes.
    pub struct Demonstration("calculator", env!("CARGO_PKG_VERSION")) {
        /// The calculator.
        pub calculator: CalculatorService<CheckedCalculator>,
        /// The notes.
        pub blocks: BlocksService<Stored<Notes>>,
    }
}

impl Demonstration {
    /// The device, just switched on.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            calculator: CalculatorService(CheckedCalculator::new()),
            blocks: BlocksService(Stored::new(Notes::new())),
        }
    }
}

impl Default for Demonstration {
    fn default() -> Self {
        Self::new()
    }
}
