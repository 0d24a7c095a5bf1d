//! Arithmetic on `i32` with an error if there is no result.
//!
//! It is separate from the calculator because the expression evaluator needs the same operators.

use crate::interface::MathError;

pub fn add(x: i32, y: i32) -> Result<i32, MathError> {
    x.checked_add(y).ok_or(MathError::Overflow)
}

pub fn sub(x: i32, y: i32) -> Result<i32, MathError> {
    x.checked_sub(y).ok_or(MathError::Overflow)
}

pub fn mul(x: i32, y: i32) -> Result<i32, MathError> {
    x.checked_mul(y).ok_or(MathError::Overflow)
}

pub fn div(x: i32, y: i32) -> Result<i32, MathError> {
    match y {
        0 => Err(MathError::DivideByZero),
        // The quotient of `i32::MIN` and -1 is the only one that does not fit.
        _ => x.checked_div(y).ok_or(MathError::Overflow),
    }
}

pub fn rem(x: i32, y: i32) -> Result<i32, MathError> {
    match y {
        0 => Err(MathError::DivideByZero),
        // Not `checked_rem`: it refuses `i32::MIN % -1`, whose remainder is a plain 0.
        _ => Ok(x.wrapping_rem(y)),
    }
}

pub fn pow(base: i32, exponent: u32) -> Result<i32, MathError> {
    base.checked_pow(exponent).ok_or(MathError::Overflow)
}
