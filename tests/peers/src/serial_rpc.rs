//! Calls serial-rpc's `add` in every way that is measured.

use crate::pty;
use ::serial_rpc::Connection;
use ::serial_rpc::connection::Options;
use ::serial_rpc::port::Port;
use firmware::CheckedCalculator;
use firmware::calculator::{CalculatorAdd, CalculatorClient, CalculatorService};
use rpc_proto::client::{Client, Target, Timing, read};
use rpc_proto::server::Server;
use rpc_proto::time::{Duration, Instant};

/// Returns the device: frames of up to 256 bytes, up to 8 calls ahead, like `sim`.
fn device() -> Server<CalculatorService<CheckedCalculator>, 256, 8> {
    Server::new(CalculatorService(CheckedCalculator::new())).with_buffer(1024)
}

/// Returns the device, polled by hand.
fn polled_device() -> impl FnMut(&[u8], &mut Vec<u8>) {
    let mut server = device();
    move |bytes, answer| {
        for &byte in bytes {
            server.receive(byte);
            let outgoing = server.outgoing();
            answer.extend(outgoing);
            let sent = outgoing.len();
            server.sent(sent);
        }
    }
}

/// Passes bytes directly between caller and device.
pub fn state_machines() -> impl FnMut(u32) {
    let now = Instant::from_micros(0);
    let deadline = now + Duration::from_millis(1_000);
    let mut client = Client::<64, 1>::new(1, Timing::default());
    let mut server = device();
    move |count| {
        for _ in 0..count {
            let target = Target::of::<CalculatorAdd>();
            let ticket = client.start(target, deadline, &(2, 3)).expect("room");
            while !client.is_ended(ticket) {
                let outgoing = client.outgoing(now);
                let sent = outgoing.len();
                for &byte in outgoing {
                    server.receive(byte);
                }
                client.sent(now, sent);
                let outgoing = server.outgoing();
                let sent = outgoing.len();
                for &byte in outgoing {
                    client.receive(now, byte);
                }
                server.sent(sent);
            }
            let answer = client.take(ticket).expect("it has ended");
            let sum = answer.map_or_else(|error| Err(error.widen()), read::<CalculatorAdd>);
            assert_eq!(sum, Ok(5));
        }
    }
}

/// Uses the typed client over a connection to the simulated device.
pub fn connection_to_simulated() -> impl FnMut(u32) {
    let device = Connection::to(serial_rpc_simulator::SimulatedDevice::new());
    move |count| add(&device, count)
}

/// Uses the typed client over a connection to a device behind a PTY.
pub fn connection_over_pty() -> impl FnMut(u32) {
    let port = pty::Port::served_by(polled_device).expect("the system has a PTY");
    let device = Connection::open_with(Port::Serial(port.path().into()), Options::default())
        .expect("the PTY can be opened");
    move |count| {
        let _open_as_long = &port;
        add(&device, count);
    }
}

/// Makes that many calls.
pub fn add(device: &Connection, count: u32) {
    let mut calculator = CalculatorClient::new(device);
    for _ in 0..count {
        assert_eq!(calculator.add(2, 3), Ok(5));
    }
}
