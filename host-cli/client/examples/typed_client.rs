//! Calls a device through the typed client of its service: calls, a procedure's own error, a stream, a
//! feed and an event.
//!
//! It starts a simulated device. With a board, open its port instead: `Connection::open("/dev/ttyACM0")?`.

use firmware::calculator::{CalculatorClient, MathError, Operation};
use serial_rpc::{CallError, Connection};
use serial_rpc_simulator::SimulatedDevice;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let device = Connection::to(SimulatedDevice::new());
    let mut calculator = CalculatorClient::new(&device);
    println!("2 + 3 = {}", calculator.add(2, 3)?);

    match calculator.div(1, 0) {
        Err(CallError::Error(MathError::DivideByZero)) => println!("1 / 0 is refused"),
        other => println!("1 / 0 = {}", other?),
    }

    // A client owns its connection, so each part of a program can have one of its own.
    let mut totals = CalculatorClient::new(&device).total_changed()?;
    let total = calculator.replay([Operation::Accumulate(5), Operation::Accumulate(-7)])?;
    println!("after two operations, the total is {total}");
    for event in totals.by_ref().take(2) {
        println!("the device tells of the total {}", event?.data.total);
    }

    for calculation in calculator.history() {
        println!("{:?}", calculation?);
    }
    Ok(())
}
