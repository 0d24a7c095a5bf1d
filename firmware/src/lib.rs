//! The demonstration that the boards run: the calculator, its interface and its implementation, and
//! a stopwatch for boards with an async runtime.
//!
//! Nothing here uses a register, a pin or a serial port: [`CheckedCalculator`] implements the
//! interface [`Calculator`](calculator::Calculator), and the boards under `boards/` serve it over
//! their UARTs. So the tests run on the desktop.
//!
//! [`Demonstration`] also offers a block of notes, on devices with room for it.
//!
//! No input makes it panic, and an optimised build has no panic path: on a microcontroller in the
//! field, nobody reads the message.
//!
//! ```
//! use firmware::CheckedCalculator;
//! use firmware::calculator::{Calculator, MathError};
//!
//! let mut calculator = CheckedCalculator::new();
//! assert_eq!(calculator.evaluate("2*(3+4)-5"), Ok(9));
//! assert_eq!(calculator.div(1, 0), Err(MathError::DivideByZero));
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod arithmetic;
pub mod calculator;
mod demonstration;
mod expression;
mod interface;
mod notes;
mod statistics;
mod stopwatch;

pub use calculator::CheckedCalculator;
pub use demonstration::{Demonstration, DemonstrationEvents};
pub use notes::Notes;
pub use stopwatch::{
    Stopwatch, StopwatchAsyncClient, StopwatchBlinks, StopwatchClient, StopwatchService,
    StopwatchWait,
};
