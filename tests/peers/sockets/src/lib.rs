//! The calculator of `tests/size` for ergot: one endpoint per procedure.
//!
//! The desktop needs it too, to make the frames.
#![no_std]

#[cfg(target_os = "none")]
pub mod polled;

// For its critical section.
#[cfg(target_os = "none")]
use cortex_m as _;
use device::{Calculation, Operands};
use ergot::endpoint;

endpoint!(Add, Operands, Calculation, "calculator/add");
endpoint!(Sub, Operands, Calculation, "calculator/sub");
endpoint!(Mul, Operands, Calculation, "calculator/mul");
endpoint!(Div, Operands, Calculation, "calculator/div");
