//! Evaluates an expression of integers while reading it, in one pass and without a syntax tree.
//!
//! A recursive descent: one function for each level of the grammar.
//!
//! ```text
//! sum     = product { ("+" | "-") product }
//! product = operand { ("*" | "/" | "%") operand }
//! operand = number | ("+" | "-") operand | "(" sum ")"
//! ```
//!
//! It recurses only at a parenthesis or a sign, of which no more than [`MAX_OPEN`] may be open at
//! once. So its use of stack is bounded for any input. ASCII whitespace may stand anywhere but
//! inside a number.
//!
//! Of several mistakes the first one is reported: an operator is computed as soon as its right
//! operand is complete, so `1/0+` divides by zero before it lacks an operand.

use crate::arithmetic;
use crate::interface::ExpressionReason::{
    DivideByZero, ExpectedOperand, ExpectedOperator, Overflow, TooDeep, Unclosed, Unopened,
};
use crate::interface::{ExpressionError, ExpressionReason, MathError};

/// The most parentheses and signs that may be open at once.
const MAX_OPEN: u8 = 8;

/// Computes one operator of two operands.
type Operator = fn(i32, i32) -> Result<i32, MathError>;

pub fn evaluate(expression: &str) -> Result<i32, ExpressionError> {
    let mut evaluator = Evaluator {
        text: expression.as_bytes(),
        position: 0,
        open: 0,
    };
    let value = evaluator.sum()?;
    match evaluator.peek() {
        None => Ok(value),
        Some(b')') => Err(error(evaluator.position, Unopened)),
        Some(_) => Err(error(evaluator.position, ExpectedOperator)),
    }
}

struct Evaluator<'a> {
    text: &'a [u8],
    /// Offset of the first byte not yet consumed.
    position: usize,
    /// Parentheses and signs whose operand is not complete yet.
    open: u8,
}

impl Evaluator<'_> {
    fn sum(&mut self) -> Result<i32, ExpressionError> {
        let mut value = self.product()?;
        loop {
            let operator: Operator = match self.peek() {
                Some(b'+') => arithmetic::add,
                Some(b'-') => arithmetic::sub,
                _ => return Ok(value),
            };
            let at = self.advance();
            value = apply(operator, at, value, self.product()?)?;
        }
    }

    fn product(&mut self) -> Result<i32, ExpressionError> {
        let mut value = self.operand()?;
        loop {
            let operator: Operator = match self.peek() {
                Some(b'*') => arithmetic::mul,
                Some(b'/') => arithmetic::div,
                Some(b'%') => arithmetic::rem,
                _ => return Ok(value),
            };
            let at = self.advance();
            value = apply(operator, at, value, self.operand()?)?;
        }
    }

    fn operand(&mut self) -> Result<i32, ExpressionError> {
        match self.peek() {
            Some(b'0'..=b'9') => self.number(1),
            Some(b'+') => self.open(|evaluator, _| evaluator.operand()),
            Some(b'-') => self.open(Self::negated),
            Some(b'(') => self.open(Self::parenthesised),
            _ => Err(error(self.position, ExpectedOperand)),
        }
    }

    /// Reads the operand of the minus sign at `sign`, negated.
    fn negated(&mut self, sign: usize) -> Result<i32, ExpressionError> {
        match self.peek() {
            // `i32::MIN` is a number only together with its sign.
            Some(b'0'..=b'9') => self.number(-1),
            _ => apply(arithmetic::sub, sign, 0, self.operand()?),
        }
    }

    /// Reads the content of the parenthesis at `parenthesis`.
    fn parenthesised(&mut self, parenthesis: usize) -> Result<i32, ExpressionError> {
        let value = self.sum()?;
        match self.peek() {
            Some(b')') => {
                self.advance();
                Ok(value)
            }
            None => Err(error(parenthesis, Unclosed)),
            Some(_) => Err(error(self.position, ExpectedOperator)),
        }
    }

    /// Consumes a sign or parenthesis and reads its operand; `read` gets its position.
    fn open(
        &mut self,
        read: fn(&mut Self, usize) -> Result<i32, ExpressionError>,
    ) -> Result<i32, ExpressionError> {
        let at = self.advance();
        if self.open == MAX_OPEN {
            return Err(error(at, TooDeep));
        }
        self.open += 1;
        let value = read(self, at);
        self.open -= 1;
        value
    }

    /// Reads the decimal number that starts here, times `sign`, which is 1 or -1.
    fn number(&mut self, sign: i32) -> Result<i32, ExpressionError> {
        let start = self.position;
        let mut value: i32 = 0;
        while let Some(&digit @ b'0'..=b'9') = self.text.get(self.position) {
            self.position += 1;
            value = value
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(sign * i32::from(digit - b'0')))
                .ok_or(error(start, Overflow))?;
        }
        Ok(value)
    }

    /// Returns the next byte that is not whitespace; consumes the whitespace, but not the byte.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.get(self.position)?;
            if !byte.is_ascii_whitespace() {
                return Some(byte);
            }
            self.position += 1;
        }
    }

    /// Consumes the byte just peeked at and returns its position.
    fn advance(&mut self) -> usize {
        let position = self.position;
        self.position += 1;
        position
    }
}

fn apply(operator: Operator, at: usize, x: i32, y: i32) -> Result<i32, ExpressionError> {
    operator(x, y).map_err(|reason| match reason {
        MathError::DivideByZero => error(at, DivideByZero),
        _ => error(at, Overflow),
    })
}

/// Creates an error. Positions beyond the range of the interface are reported as 65535.
fn error(position: usize, reason: ExpressionReason) -> ExpressionError {
    ExpressionError {
        position: u16::try_from(position).unwrap_or(u16::MAX),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_fails(expression: &str, position: u16, reason: ExpressionReason) {
        assert_eq!(
            evaluate(expression),
            Err(ExpressionError { position, reason }),
            "{expression:?}"
        );
    }

    #[test]
    fn products_bind_tighter_than_sums() {
        assert_eq!(evaluate("2*(3+4)-5"), Ok(9));
        assert_eq!(evaluate("2+3*4"), Ok(14));
        assert_eq!(evaluate("20-12/4%2*5"), Ok(15));
    }

    #[test]
    fn operators_of_one_level_apply_from_left_to_right() {
        assert_eq!(evaluate("10-4-3"), Ok(3));
        assert_eq!(evaluate("100/10/5"), Ok(2));
        assert_eq!(evaluate("2*7%4"), Ok(2));
    }

    #[test]
    fn signs_bind_tightest_and_may_follow_an_operator() {
        assert_eq!(evaluate("-2*-3"), Ok(6));
        assert_eq!(evaluate("1--1"), Ok(2));
        assert_eq!(evaluate("+-+4"), Ok(-4));
        assert_eq!(evaluate("-(1+2)"), Ok(-3));
    }

    #[test]
    fn division_rounds_towards_zero_and_the_remainder_follows_the_dividend() {
        assert_eq!(evaluate("-7/2"), Ok(-3));
        assert_eq!(evaluate("-7%2"), Ok(-1));
        assert_eq!(evaluate("-2147483648%-1"), Ok(0));
    }

    #[test]
    fn whitespace_may_surround_everything_but_digits() {
        assert_eq!(evaluate(" ( 1 +\t2 ) \r\n* - 3 "), Ok(-9));
        assert_fails("1 2", 2, ExpectedOperator);
    }

    #[test]
    fn both_ends_of_the_range_can_be_written() {
        assert_eq!(evaluate("2147483647"), Ok(i32::MAX));
        assert_eq!(evaluate("-2147483648"), Ok(i32::MIN));
        assert_eq!(evaluate("- 2147483648"), Ok(i32::MIN));
        assert_eq!(evaluate("000000000000007"), Ok(7));
    }

    #[test]
    fn a_number_beyond_the_range_overflows_at_its_first_digit() {
        assert_fails("1+2147483648", 2, Overflow);
        assert_fails("-2147483649", 1, Overflow);
        assert_fails("-(2147483648)", 2, Overflow);
    }

    #[test]
    fn a_result_beyond_the_range_overflows_at_its_operator() {
        assert_fails("1 + 2147483647", 2, Overflow);
        assert_fails("1 + 65536*65536", 9, Overflow);
        assert_fails("-2147483648/-1", 11, Overflow);
        assert_fails("--2147483648", 0, Overflow);
    }

    #[test]
    fn dividing_by_zero_is_reported_at_the_operator() {
        assert_fails("4 / (2-2)", 2, DivideByZero);
        assert_fails("1%0", 1, DivideByZero);
    }

    #[test]
    fn a_missing_operand_is_reported_where_it_should_start() {
        assert_fails("", 0, ExpectedOperand);
        assert_fails("  ", 2, ExpectedOperand);
        assert_fails("1+", 2, ExpectedOperand);
        assert_fails("1 + *2", 4, ExpectedOperand);
        assert_fails("()", 1, ExpectedOperand);
        assert_fails("x", 0, ExpectedOperand);
    }

    #[test]
    fn whatever_follows_an_operand_must_be_an_operator() {
        assert_fails("2x", 1, ExpectedOperator);
        assert_fails("2(3)", 1, ExpectedOperator);
        assert_fails("(2 é)", 3, ExpectedOperator);
    }

    #[test]
    fn an_unclosed_parenthesis_is_reported_where_it_opens() {
        assert_fails("1+(2", 2, Unclosed);
        assert_fails("(1+(2)", 0, Unclosed);
    }

    #[test]
    fn an_unopened_parenthesis_is_reported_where_it_closes() {
        assert_fails("(1))", 3, Unopened);
        assert_fails("1)", 1, Unopened);
    }

    #[test]
    fn eight_parentheses_and_signs_may_be_open_but_not_nine() {
        assert_eq!(evaluate("((((((((1))))))))"), Ok(1));
        assert_eq!(evaluate("-(-(-(-(1))))"), Ok(1));
        assert_eq!(evaluate("--------1"), Ok(1));
        assert_fails("(((((((((1)))))))))", 8, TooDeep);
        assert_fails("((((((((-1))))))))", 8, TooDeep);
        assert_fails("---------1", 8, TooDeep);
    }

    #[test]
    fn what_has_been_closed_does_not_count_as_open() {
        assert_eq!(evaluate("-1-(1)-(1)-(1)-(1)-(1)-(1)-(1)-(1)-(1)"), Ok(-10));
    }
}
