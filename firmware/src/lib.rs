//! What the demonstration boards run: the calculator, what its UART receives into, and a stopwatch
//! for those that have an async runtime.
//!
//! Nothing here knows a register, a pin or a serial port: [`CheckedCalculator`] implements the
//! interface [`Calculator`](rpc_proto::calculator::Calculator), and the boards under `boards/`
//! serve it over whatever UART they have. That is what lets the tests run on the desktop.
//!
//! [`Demonstration`] offers a block of notes besides, on devices with room for it.
//!
//! No input makes it panic, and an optimised build has no panic path in it: a microcontroller in
//! the field has nobody to read the message.
//!
//! ```
//! use firmware::CheckedCalculator;
//! use rpc_proto::calculator::{Calculator, MathError};
//!
//! let mut calculator = CheckedCalculator::new();
//! assert_eq!(calculator.evaluate("2*(3+4)-5"), Ok(9));
//! assert_eq!(calculator.div(1, 0), Err(MathError::DivideByZero));
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod arithmetic;
mod calculator;
mod demonstration;
mod expression;
mod interrupt_uart;
mod notes;
mod ring;
mod statistics;
mod stopwatch;

pub use calculator::CheckedCalculator;
pub use demonstration::{Demonstration, DemonstrationEvents};
pub use interrupt_uart::{InterruptUart, Receiver, UartError};
pub use notes::Notes;
pub use ring::ByteRing;
pub use stopwatch::{
    Stopwatch, StopwatchAsyncClient, StopwatchBlinks, StopwatchClient, StopwatchService,
    StopwatchWait,
};
