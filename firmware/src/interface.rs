//! The interface of the calculator, which the demonstration firmware offers and the tests call.
//!
//! It is an example of a service. Its procedures cover every kind: with and without errors,
//! arguments and value, borrowed and owned arguments, idempotent and not, one that returns a
//! sequence and one that takes one. An event announces changes in between.

use heapless::Vec;
use rpc_proto::Schema;
use rpc_proto::service::{Items, Moving};
use serde::{Deserialize, Serialize};

/// Integer arithmetic that reports overflow, some statistics, and a running total.
#[rpc_proto::service]
pub trait Calculator {
    /// Adds two numbers.
    #[idempotent]
    fn add(&mut self, x: i32, y: i32) -> Result<i32, MathError>;

    /// Subtracts `y` from `x`.
    #[idempotent]
    fn sub(&mut self, x: i32, y: i32) -> Result<i32, MathError>;

    /// Multiplies two numbers.
    #[idempotent]
    fn mul(&mut self, x: i32, y: i32) -> Result<i32, MathError>;

    /// Divides `x` by `y`, rounding towards zero.
    #[idempotent]
    fn div(&mut self, x: i32, y: i32) -> Result<i32, MathError>;

    /// The remainder of dividing `x` by `y`; it has the sign of `x`.
    #[idempotent]
    fn rem(&mut self, x: i32, y: i32) -> Result<i32, MathError>;

    /// Raises `base` to the power of `exponent`.
    #[idempotent]
    fn pow(&mut self, base: i32, exponent: u32) -> Result<i32, MathError>;

    /// The square root of `x`.
    #[idempotent]
    fn sqrt(&mut self, x: f64) -> Result<f64, MathError>;

    /// Summarises up to 16 samples.
    #[idempotent]
    fn statistics(&mut self, samples: Vec<f64, MAX_SAMPLES>) -> Result<Summary, MathError>;

    /// Evaluates an expression of integers, `+ - * / %` and parentheses, such as `2*(3+4)-5`.
    #[idempotent]
    fn evaluate(&mut self, expression: &str) -> Result<i32, ExpressionError>;

    /// Adds `amount` to the running total and returns the new total.
    ///
    /// A total that would overflow is an error and leaves the total as it was.
    fn accumulate(&mut self, amount: i64) -> Result<i64, MathError>;

    /// The running total.
    #[idempotent]
    fn total(&mut self) -> i64;

    /// Sets the running total to zero.
    #[idempotent]
    fn clear(&mut self);

    /// The running total has become another.
    #[event]
    fn total_changed(total: i64);

    /// The last 16 calculations with integers and the running total, from the oldest.
    fn history(&mut self) -> Moving<impl Iterator<Item = Calculation>>;

    /// Carries out operations one after the other, up to the first that has no result, and returns
    /// the running total.
    fn replay(&mut self, operations: Items<'_, Operation>) -> Result<i64, MathError>;
}

/// The number of calculations that [`Calculator::history`] keeps.
pub const HISTORY: usize = 16;

/// A calculation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Operation {
    /// The sum of two numbers.
    Add(i32, i32),
    /// The first less the second.
    Sub(i32, i32),
    /// The product of two numbers.
    Mul(i32, i32),
    /// The first divided by the second.
    Div(i32, i32),
    /// The remainder of dividing the first by the second.
    Rem(i32, i32),
    /// The first to the power of the second.
    Pow(i32, u32),
    /// The running total and this amount.
    Accumulate(i64),
    /// Nothing: the running total is set to zero.
    Clear,
}

/// A past calculation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Calculation {
    /// The operation.
    pub operation: Operation,
    /// Its result, or the reason why it has none.
    pub result: Result<i64, MathError>,
}

/// The most samples that [`Calculator::statistics`] takes.
pub const MAX_SAMPLES: usize = 16;

/// The reason why a calculation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MathError {
    /// The result does not fit its type.
    Overflow,
    /// The divisor is zero.
    DivideByZero,
    /// The square root of a negative number is not a real number.
    NegativeRoot,
    /// There are no samples to summarise.
    NoSamples,
}

/// The results of [`Calculator::statistics`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Summary {
    /// The number of samples, 1 to 16.
    pub count: u8,
    /// The smallest sample.
    pub min: f64,
    /// The largest sample.
    pub max: f64,
    /// The arithmetic mean.
    pub mean: f64,
    /// The standard deviation of the population.
    pub deviation: f64,
}

/// The error of [`Calculator::evaluate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ExpressionError {
    /// The offset in bytes of the offending character, or of the end of the expression.
    pub position: u16,
    /// The reason.
    pub reason: ExpressionReason,
}

/// A mistake in an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ExpressionReason {
    /// A number, a sign or an opening parenthesis is expected here.
    ExpectedOperand,
    /// An operator, a closing parenthesis or the end is expected here.
    ExpectedOperator,
    /// This opening parenthesis is never closed.
    Unclosed,
    /// This closing parenthesis was never opened.
    Unopened,
    /// More than 8 parentheses and signs are open at once.
    TooDeep,
    /// This number or the result of this operator does not fit an `i32`.
    Overflow,
    /// The divisor of this operator is zero.
    DivideByZero,
}
