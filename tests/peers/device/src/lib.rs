//! The calculator of `tests/size` for postcard-rpc: one endpoint per procedure. `by_hand.rs` has it without a
//! library.
//!
//! The desktop needs it too, to make the frames.
#![no_std]

pub mod by_hand;
#[cfg(target_os = "none")]
pub mod polled;
pub mod procedures;

// For its critical section.
#[cfg(all(target_os = "none", not(target_has_atomic = "ptr")))]
use cortex_m as _;
use postcard_rpc::{TopicDirection, endpoints, topics};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// The error of `tests/size`, as postcard-rpc describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum MathError {
    /// The result does not fit.
    Overflow,
    /// The divisor is zero.
    DivideByZero,
}

impl From<size::MathError> for MathError {
    fn from(error: size::MathError) -> Self {
        match error {
            size::MathError::Overflow => Self::Overflow,
            size::MathError::DivideByZero => Self::DivideByZero,
        }
    }
}

/// The arguments of a procedure.
pub type Operands = (i32, i32);
/// The result of a procedure.
pub type Calculation = Result<i32, MathError>;

endpoints! {
    list = ENDPOINTS;
    | EndpointTy  | RequestTy | ResponseTy  | Path             |
    | ----------  | --------- | ----------  | ----             |
    | AddEndpoint | Operands  | Calculation | "calculator/add" |
    | SubEndpoint | Operands  | Calculation | "calculator/sub" |
    | MulEndpoint | Operands  | Calculation | "calculator/mul" |
    | DivEndpoint | Operands  | Calculation | "calculator/div" |
}

topics! {
    list = TOPICS_IN;
    direction = TopicDirection::ToServer;
    | TopicTy | MessageTy | Path |
    | ------- | --------- | ---- |
}

topics! {
    list = TOPICS_OUT;
    direction = TopicDirection::ToClient;
    | TopicTy | MessageTy | Path |
    | ------- | --------- | ---- |
}
