//! Tests the typed client and the server, connected by a serial port of the system.
#![cfg(unix)]

use embedded_io_adapters::std::FromStd;
use firmware::CheckedCalculator;
use firmware::calculator::{CalculatorClient, CalculatorService};
use rpc_proto::drivers::LinkError;
use rpc_proto::server::Server;
use serial_rpc::Connection;
use serialport::{SerialPort, TTYPort};
use std::thread;
use std::time::Duration;
use tests::calculator;

#[test]
fn a_connection_over_a_serial_port_gets_every_answer() {
    let (mut master, slave) = TTYPort::pair().expect("the system has a PTY to spare");
    master.set_timeout(Duration::from_secs(20)).unwrap();
    let path = slave.name().expect("a PTY's slave has a name");
    let served = thread::spawn(move || {
        let calculator = CalculatorService(CheckedCalculator::new());
        let mut server = Server::<_, 160, 4>::new(calculator);
        server.serve(&mut FromStd::new(master))
    });

    let device = Connection::open(&path).expect("the slave can be opened");
    calculator::assert_answers(&mut CalculatorClient::new(&device));

    // When both handles of the slave are closed, the master reads an end or an error.
    drop((device, slave));
    let ended = served.join().expect("the server does not panic");
    assert!(matches!(ended, Err(LinkError::Closed | LinkError::Io(_))));
}
