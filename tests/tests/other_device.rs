//! Tests the program when another device takes the place of the one that it talks to: it says so, and
//! sends it nothing that was meant for the one before.

use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use serial_rpc_simulator::{SimulatedDevice, SimulatedInterface};
use tests::offered::Offered;
use tests::running::Running;
use tests::test_device::TestDevice;

fn demonstration() -> Offered<TestDevice<SimulatedInterface>> {
    Offered::new(SimulatedDevice::new())
}

/// A device that has a calculator, too, but nothing else.
fn other() -> SimulatedDevice<CalculatorService<CheckedCalculator>> {
    SimulatedDevice::with(CalculatorService(CheckedCalculator::new()))
}

#[test]
fn a_batch_ends_with_a_message() {
    let port = demonstration();
    let mut batch = Running::start(&port.port(), &["batch", "/dev/stdin"]);
    batch.type_line("calculator.accumulate 1");
    assert!(batch.line().contains("\"value\":1"));
    let port = port.replaced_by(other());
    batch.type_line("calculator.accumulate 1");
    let outcome = batch.line();
    assert!(outcome.contains("another device"), "{outcome}");
    assert_eq!(batch.end(), Some(3));
    let outcome = tests::program::serial_rpc(&port.port(), &["call", "calculator.total"]);
    assert_eq!(outcome.stdout, "0\n");
}

#[test]
fn a_watch_says_so_and_goes_on() {
    let port = demonstration();
    let words = ["watch", "calculator.total", "--interval", "0.05"];
    let mut watching = Running::start(&port.port(), &words);
    watching.line();
    let port = port.replaced_by(other());
    let mut told = watching.notice();
    if told.contains("was lost") {
        told = watching.notice();
    }
    assert!(told.contains("another device is on"), "{told}");
    watching.line();
    drop(port);
    assert!(watching.notice().contains("was lost"));
}
