//! The handlers of the endpoints.

use crate::{Calculation, Operands};
use postcard_rpc::header::VarHeader;
use size::{Calculator, Checked};

/// Adds.
pub fn add(calculator: &mut Checked, _: VarHeader, (x, y): Operands) -> Calculation {
    Ok(calculator.add(x, y)?)
}

/// Subtracts.
pub fn sub(calculator: &mut Checked, _: VarHeader, (x, y): Operands) -> Calculation {
    Ok(calculator.sub(x, y)?)
}

/// Multiplies.
pub fn mul(calculator: &mut Checked, _: VarHeader, (x, y): Operands) -> Calculation {
    Ok(calculator.mul(x, y)?)
}

/// Divides.
pub fn div(calculator: &mut Checked, _: VarHeader, (x, y): Operands) -> Calculation {
    Ok(calculator.div(x, y)?)
}
