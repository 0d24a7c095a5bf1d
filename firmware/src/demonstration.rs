//! The whole interface of the demonstration device.

use crate::interface::CalculatorService;
use crate::{CheckedCalculator, Notes};
use rpc_proto::events::{Emit, EventQueue};
use rpc_proto::services::blocks::{BlocksService, Stored};
use rpc_proto::services::log::LogService;

/// The event queue of the demonstration device: room for a dozen lines of its log.
pub type DemonstrationEvents = EventQueue<512>;

rpc_proto::interface! {
    /// The calculator, a block of notes, and a log. Its events go to `E`.
    pub struct Demonstration<E: Emit>("calculator", env!("CARGO_PKG_VERSION")) {
        /// The calculator.
        pub calculator: CalculatorService<CheckedCalculator<E>>,
        /// The notes.
        pub blocks: BlocksService<Stored<Notes>>,
        /// The log.
        pub log: LogService<()>,
    }
}

impl<E: Emit> Demonstration<E> {
    /// Creates the device, just switched on, with a queue for its events.
    #[must_use]
    pub const fn new(events: E) -> Self {
        Self {
            calculator: CalculatorService(CheckedCalculator::telling(events)),
            blocks: BlocksService(Stored::new(Notes::new())),
            log: LogService(()),
        }
    }
}
