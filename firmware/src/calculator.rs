//! The calculator's implementation of its interface.

pub use crate::interface::*;

use crate::{arithmetic, expression, statistics};
use heapless::Vec;
use rpc_proto::events::Emit;
use rpc_proto::server::NoEvents;
use rpc_proto::service::{Items, Moving, Recent};
use rpc_proto::services::log::{Level, LogRecord};

/// A [`Calculator`] that checks every result.
///
/// Its state is the running total, which starts at zero, and the last calculations. It emits an
/// event to `E` at every change of the total, and logs unusual calls.
#[derive(Clone, Debug, Default)]
pub struct CheckedCalculator<E = NoEvents> {
    total: i64,
    history: Recent<Calculation, HISTORY>,
    events: E,
}

impl CheckedCalculator {
    /// Creates a calculator whose running total is zero, without events.
    #[must_use]
    pub const fn new() -> Self {
        Self::telling(NoEvents)
    }
}

impl<E> CheckedCalculator<E> {
    /// Creates a calculator whose running total is zero, and which emits its changes to `events`.
    #[must_use]
    pub const fn telling(events: E) -> Self {
        Self {
            total: 0,
            history: Recent::new(),
            events,
        }
    }
}

impl<E: Emit> CheckedCalculator<E> {
    /// Keeps a calculation for the history.
    fn keep<T: Copy + Into<i64>>(
        &mut self,
        operation: Operation,
        result: Result<T, MathError>,
    ) -> Result<T, MathError> {
        self.history.push(Calculation {
            operation,
            result: result.map(Into::into),
        });
        result
    }

    fn carry_out(&mut self, operation: Operation) -> Result<i64, MathError> {
        let small = match operation {
            Operation::Add(x, y) => self.add(x, y),
            Operation::Sub(x, y) => self.sub(x, y),
            Operation::Mul(x, y) => self.mul(x, y),
            Operation::Div(x, y) => self.div(x, y),
            Operation::Rem(x, y) => self.rem(x, y),
            Operation::Pow(base, exponent) => self.pow(base, exponent),
            Operation::Accumulate(amount) => return self.accumulate(amount),
            Operation::Clear => {
                self.clear();
                Ok(0)
            }
        };
        small.map(i64::from)
    }

    fn set_total(&mut self, total: i64) {
        if self.total != total {
            self.total = total;
            self.events.emit(&CalculatorTotalChanged { total });
        }
    }

    fn log(&self, level: Level, text: &str) {
        let target = "calculator";
        self.events.emit(&LogRecord {
            level,
            target,
            text,
        });
    }
}

impl<E: Emit> Calculator for CheckedCalculator<E> {
    fn add(&mut self, x: i32, y: i32) -> Result<i32, MathError> {
        self.keep(Operation::Add(x, y), arithmetic::add(x, y))
    }

    fn sub(&mut self, x: i32, y: i32) -> Result<i32, MathError> {
        self.keep(Operation::Sub(x, y), arithmetic::sub(x, y))
    }

    fn mul(&mut self, x: i32, y: i32) -> Result<i32, MathError> {
        self.keep(Operation::Mul(x, y), arithmetic::mul(x, y))
    }

    fn div(&mut self, x: i32, y: i32) -> Result<i32, MathError> {
        let quotient = arithmetic::div(x, y);
        if quotient == Err(MathError::DivideByZero) {
            self.log(Level::Warn, "asked to divide by zero");
        }
        self.keep(Operation::Div(x, y), quotient)
    }

    fn rem(&mut self, x: i32, y: i32) -> Result<i32, MathError> {
        self.keep(Operation::Rem(x, y), arithmetic::rem(x, y))
    }

    fn pow(&mut self, base: i32, exponent: u32) -> Result<i32, MathError> {
        let power = arithmetic::pow(base, exponent);
        self.keep(Operation::Pow(base, exponent), power)
    }

    /// Follows IEEE 754: the root of -0.0 is -0.0, of infinity infinity, and of NaN NaN.
    fn sqrt(&mut self, x: f64) -> Result<f64, MathError> {
        if x < 0.0 {
            return Err(MathError::NegativeRoot);
        }
        Ok(libm::sqrt(x))
    }

    fn statistics(&mut self, samples: Vec<f64, MAX_SAMPLES>) -> Result<Summary, MathError> {
        statistics::summarise(&samples)
    }

    fn evaluate(&mut self, expression: &str) -> Result<i32, ExpressionError> {
        expression::evaluate(expression)
    }

    fn accumulate(&mut self, amount: i64) -> Result<i64, MathError> {
        let total = self.total.checked_add(amount).ok_or(MathError::Overflow);
        match total {
            Ok(total) => self.set_total(total),
            Err(_) => self.log(Level::Warn, "the total would overflow, and stays as it is"),
        }
        self.keep(Operation::Accumulate(amount), total)
    }

    fn total(&mut self) -> i64 {
        self.total
    }

    fn clear(&mut self) {
        self.set_total(0);
        self.log(Level::Info, "the total was cleared");
        self.history.push(Calculation {
            operation: Operation::Clear,
            result: Ok(0),
        });
    }

    fn history(&mut self) -> Moving<impl Iterator<Item = Calculation>> {
        self.history.stream()
    }

    fn replay(&mut self, operations: Items<'_, Operation>) -> Result<i64, MathError> {
        for operation in operations {
            self.carry_out(operation)?;
        }
        Ok(self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calculator() -> CheckedCalculator {
        CheckedCalculator::new()
    }

    #[test]
    fn adding_subtracting_and_multiplying_give_the_exact_result() {
        assert_eq!(calculator().add(2, 3), Ok(5));
        assert_eq!(calculator().sub(2, 3), Ok(-1));
        assert_eq!(calculator().mul(-4, 3), Ok(-12));
    }

    #[test]
    fn a_result_beyond_32_bits_is_an_overflow() {
        assert_eq!(calculator().add(i32::MAX, 1), Err(MathError::Overflow));
        assert_eq!(calculator().sub(i32::MIN, 1), Err(MathError::Overflow));
        assert_eq!(calculator().mul(65_536, 32_768), Err(MathError::Overflow));
        assert_eq!(calculator().div(i32::MIN, -1), Err(MathError::Overflow));
        assert_eq!(calculator().pow(2, 31), Err(MathError::Overflow));
    }

    #[test]
    fn division_rounds_towards_zero() {
        assert_eq!(calculator().div(7, 2), Ok(3));
        assert_eq!(calculator().div(-7, 2), Ok(-3));
    }

    #[test]
    fn a_remainder_has_the_sign_of_the_dividend() {
        assert_eq!(calculator().rem(7, -2), Ok(1));
        assert_eq!(calculator().rem(-7, 2), Ok(-1));
    }

    #[test]
    fn the_remainder_fits_even_where_the_quotient_does_not() {
        assert_eq!(calculator().rem(i32::MIN, -1), Ok(0));
    }

    #[test]
    fn dividing_by_zero_is_an_error() {
        assert_eq!(calculator().div(1, 0), Err(MathError::DivideByZero));
        assert_eq!(calculator().rem(1, 0), Err(MathError::DivideByZero));
    }

    #[test]
    fn a_power_of_zero_is_one() {
        assert_eq!(calculator().pow(0, 0), Ok(1));
        assert_eq!(calculator().pow(-2, 31), Ok(i32::MIN));
    }

    #[test]
    fn only_a_negative_number_has_no_root() {
        assert_eq!(calculator().sqrt(2.25), Ok(1.5));
        assert_eq!(calculator().sqrt(-0.0), Ok(-0.0));
        assert_eq!(calculator().sqrt(f64::INFINITY), Ok(f64::INFINITY));
        assert!(calculator().sqrt(f64::NAN).is_ok_and(f64::is_nan));
        assert_eq!(calculator().sqrt(-1e-300), Err(MathError::NegativeRoot));
    }

    #[test]
    fn amounts_accumulate_until_the_total_is_cleared() {
        let mut calculator = calculator();
        assert_eq!(calculator.accumulate(40), Ok(40));
        assert_eq!(calculator.accumulate(2), Ok(42));
        assert_eq!(calculator.total(), 42);
        calculator.clear();
        assert_eq!(calculator.total(), 0);
    }

    #[test]
    fn an_overflowing_amount_leaves_the_total_as_it_was() {
        let mut calculator = calculator();
        assert_eq!(calculator.accumulate(i64::MAX), Ok(i64::MAX));
        assert_eq!(calculator.accumulate(1), Err(MathError::Overflow));
        assert_eq!(calculator.total(), i64::MAX);
    }

    #[test]
    fn the_last_calculations_are_kept_with_their_results() {
        let mut calculator = calculator();
        for x in 0..20 {
            let _ = calculator.add(x, i32::MAX);
        }
        let history: Vec<_, HISTORY> = calculator.history().items.collect();
        assert_eq!(history.len(), HISTORY);
        let newest = Calculation {
            operation: Operation::Add(19, i32::MAX),
            result: Err(MathError::Overflow),
        };
        assert_eq!(history.last(), Some(&newest));
        assert_eq!(history[0].operation, Operation::Add(4, i32::MAX));
    }
}
