//! Tests `serial-rpc simulate`: a device for programs that have none.
#![cfg(unix)]

use firmware::calculator::CalculatorClient;
use serial_rpc::Connection;
use tests::calculator;
use tests::simulated::Simulated;

#[test]
fn a_simulated_device_is_on_a_serial_port_until_ctrl_c() {
    let simulated = Simulated::start(&[]);
    let device = Connection::open(simulated.port()).expect("the port can be opened");
    calculator::assert_answers(&mut CalculatorClient::new(&device));
    drop(device);
    assert_eq!(simulated.interrupt(), Some(0));
}

#[test]
fn a_simulated_device_outlives_its_callers() {
    let simulated = Simulated::start(&["--tcp", "localhost:0"]);
    for total in [2, 4] {
        let device = Connection::open(simulated.port()).expect("the port can be reached");
        assert_eq!(CalculatorClient::new(&device).accumulate(2), Ok(total));
    }
}
