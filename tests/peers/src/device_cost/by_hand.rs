//! Makes the calls of the device that is written by hand, and measures their cost.

use super::Calls;
use device::by_hand::{ADD, DIV, call, reply};
use size::MathError;
use std::error::Error;
use std::path::Path;
use tests::board::LM3S6965;
use tests::device_cost::{Call, call_costs};
use tests::stepped::SteppedDevice;

pub fn costs(image: &Path) -> Result<Calls, Box<dyn Error>> {
    let calls = calls();
    let device = SteppedDevice::boot(&LM3S6965, image)?;
    Ok((call_costs(device, &calls)?, calls))
}

fn calls() -> Vec<Call> {
    let call = |name, procedure, (x, y), result| Call {
        name,
        frame: call(procedure, x, y).to_vec(),
        answer: reply(result).to_vec(),
    };
    vec![
        call("add(2, 3)", ADD, (2, 3), Ok(5)),
        call("add(2, 3) again", ADD, (2, 3), Ok(5)),
        call("add(123456, -98765)", ADD, (123_456, -98_765), Ok(24_691)),
        call("div(1, 0)", DIV, (1, 0), Err(MathError::DivideByZero)),
    ]
}
