//! Calls every procedure of the calculator and checks the answers: the same conversation for every
//! link.

use firmware::calculator::{
    CalculatorClient, ExpressionError, ExpressionReason, MathError, Operation, Summary,
};
use rpc_proto::client::{CallError, Caller};

/// Calls each procedure of a calculator whose total is zero, for its value and its errors.
///
/// # Panics
/// Panics if an answer is not the right one.
pub fn assert_answers<C: Caller>(calculator: &mut CalculatorClient<C>) {
    assert_eq!(calculator.add(2, 3), Ok(5));
    assert_eq!(calculator.add(i32::MAX, 1), error(MathError::Overflow));
    assert_eq!(calculator.sub(-2_000_000_000, 1), Ok(-2_000_000_001));
    assert_eq!(calculator.mul(-12_345, 67_890), Ok(-838_102_050));
    assert_eq!(calculator.div(-7, 2), Ok(-3));
    assert_eq!(calculator.div(1, 0), error(MathError::DivideByZero));
    assert_eq!(calculator.rem(-7, 2), Ok(-1));
    assert_eq!(calculator.pow(2, 30), Ok(1 << 30));
    assert_eq!(calculator.pow(2, 31), error(MathError::Overflow));
    assert_eq!(calculator.sqrt(2.0), Ok(std::f64::consts::SQRT_2));
    assert_eq!(calculator.sqrt(-1.0), error(MathError::NegativeRoot));

    let samples = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
    let summary = Summary {
        count: 8,
        min: 2.0,
        max: 9.0,
        mean: 5.0,
        deviation: 2.0,
    };
    let samples = samples.into_iter().collect();
    assert_eq!(calculator.statistics(samples), Ok(summary));
    assert_eq!(
        calculator.statistics(heapless::Vec::new()),
        error(MathError::NoSamples)
    );

    assert_eq!(calculator.evaluate("2*(3+4)-5"), Ok(9));
    let unclosed = ExpressionError {
        position: 2,
        reason: ExpressionReason::Unclosed,
    };
    assert_eq!(
        calculator.evaluate("2*(3+4"),
        Err(CallError::Error(unclosed))
    );

    assert_eq!(calculator.accumulate(40), Ok(40));
    assert_eq!(calculator.accumulate(i64::MAX), error(MathError::Overflow));
    assert_eq!(calculator.accumulate(2), Ok(42));
    assert_eq!(calculator.total(), Ok(42));
    assert_eq!(calculator.clear(), Ok(()));
    assert_eq!(calculator.total(), Ok(0));

    let operations = (1..=100).map(Operation::Accumulate);
    assert_eq!(calculator.replay(operations), Ok(5_050));
    let last: Result<Vec<Operation>, _> = calculator
        .history()
        .map(|calculation| calculation.map(|calculation| calculation.operation))
        .collect();
    assert_eq!(last, Ok((85..=100).map(Operation::Accumulate).collect()));
    assert_eq!(calculator.clear(), Ok(()));
}

fn error<T>(error: MathError) -> Result<T, CallError<MathError>> {
    Err(CallError::Error(error))
}
