//! Everything that the demonstration device offers.

use crate::interface::CalculatorService;
use crate::{CheckedCalculator, Notes};
use rpc_proto::events::EventQueue;
use rpc_proto::services::blocks::{BlocksService, Stored};
use rpc_proto::services::log::LogService;

/// Where the demonstration device has its events from: room for a dozen lines of its log.
pub type DemonstrationEvents = EventQueue<512>;

rpc_proto::interface! {
    /// The calculator, a block of notes, and a log.
    pub struct Demonstration("calculator", env!("CARGO_PKG_VERSION")) {
        /// The calculator.
        pub calculator: CalculatorService<CheckedCalculator<&'static DemonstrationEvents>>,
        /// The notes.
        pub blocks: BlocksService<Stored<Notes>>,
        /// The log.
        pub log: LogService<()>,
    }
}

impl Demonstration {
    /// The device, just switched on, which tells of its events there.
    #[must_use]
    pub const fn new(events: &'static DemonstrationEvents) -> Self {
        Self {
            calculator: CalculatorService(CheckedCalculator::telling(events)),
            blocks: BlocksService(Stored::new(Notes::new())),
            log: LogService(()),
        }
    }
}
