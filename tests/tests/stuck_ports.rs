//! Tests ports that get stuck: bytes are taken by others, a device stops reading, a TCP port does not
//! answer. Whatever happens, a call ends by its deadline, and knows whether it can have run.
#![cfg(target_os = "linux")]

use firmware::calculator::CalculatorClient;
use rpc_proto::client::{CallError, Ran};
use serial_rpc::link::{Connector, Offer, PortConnector};
use serial_rpc::port::OpenError;
use serial_rpc::{Connection, Options, Port};
use serial_rpc_simulator::SimulatedDevice;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use tests::offered::Offered;
use tests::party_line::PartyLine;

const TIMEOUT: Duration = Duration::from_millis(300);

/// Far more than the time limit of the calls here, on any machine.
const STUCK: Duration = Duration::from_secs(20);

/// Runs `action` on a thread of its own, and returns its result unless it is stuck.
fn unless_stuck<T: Send + 'static>(action: impl FnOnce() -> T + Send + 'static) -> T {
    let (result, ended) = mpsc::channel();
    thread::spawn(move || result.send(action()));
    ended.recv_timeout(STUCK).expect("it ends")
}

fn connect(port: &Port) -> Connection {
    let options = Options {
        timeout: TIMEOUT,
        ..Options::default()
    };
    Connection::open_with(port.clone(), options).expect("it opens")
}

/// Opens a serial port as a program does that locks nothing and waits for nothing.
fn open_too(port: &Port) -> File {
    const O_NONBLOCK: i32 = 0o4000;
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(O_NONBLOCK)
        .open(port.to_string())
        .expect("it is not locked yet")
}

#[test]
fn a_call_ends_in_time_though_another_program_takes_the_bytes() {
    let offer = Offer::pty().unwrap();
    let thieves = [(); 3].map(|()| open_too(offer.port()));
    let device = connect(offer.port());
    let master = offer.accept().unwrap();
    let served = PartyLine::over(Arc::clone(&master));
    assert_eq!(CalculatorClient::new(&device).accumulate(1), Ok(1));
    drop(served);

    let is_over = Arc::new(AtomicBool::new(false));
    let stealing = thieves.map(|mut thief| {
        let over = Arc::clone(&is_over);
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let _ = thief.read(&mut [0; 64]);
            }
        })
    });
    let noise = thread::spawn(move || {
        let begin = Instant::now();
        while begin.elapsed() < TIMEOUT / 2 {
            master.write(b"x", Duration::ZERO).unwrap();
            thread::sleep(Duration::from_micros(50));
        }
    });
    let error = unless_stuck(move || CalculatorClient::new(&device).accumulate(1)).unwrap_err();
    assert_eq!(error.ran(), Ran::Unknown);
    noise.join().unwrap();
    is_over.store(true, Ordering::Relaxed);
    for thread in stealing {
        thread.join().unwrap();
    }
}

#[test]
fn a_call_ends_in_time_though_the_device_stops_reading() {
    let offer = Offer::pty().unwrap();
    let mut other = open_too(offer.port());
    let device = connect(offer.port());
    let master = offer.accept().unwrap();
    let served = PartyLine::over(Arc::clone(&master));
    let long = ["1"; 90].join("+");
    assert_eq!(CalculatorClient::new(&device).evaluate(&long), Ok(90));
    drop(served);

    // The system moves bytes on from one buffer to another, for a while.
    while other.write(&[0]).is_ok() {
        while other.write(&[0; 64]).is_ok() {}
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(other.write(&[0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    let calling = device.clone();
    let error = unless_stuck(move || CalculatorClient::new(&calling).evaluate(&long));
    assert_eq!(error, Err(CallError::Timeout), "no byte of it was taken");
    assert_eq!(device.counters().sessions, 1, "the session goes on");
}

#[test]
fn a_write_to_a_port_that_nobody_reads_ends_in_time() {
    let tcp = Offer::tcp("127.0.0.1:0").unwrap();
    let serial = Offer::pty().unwrap();
    for offer in [tcp, serial] {
        let connector = PortConnector::new(offer.port().clone(), 115_200).unwrap();
        let link = connector.open(TIMEOUT).unwrap();
        let unread = offer.accept().unwrap();
        let written = unless_stuck(move || {
            let write = || link.write(&[0; 65_536], Duration::from_millis(20)).unwrap();
            std::iter::repeat_with(write)
                .take_while(|&count| count > 0)
                .sum::<usize>()
        });
        assert!(written > 0);
        drop(unread);
    }
}

#[test]
fn a_tcp_port_that_does_not_answer_is_given_up_within_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Connections that nobody accepts, until the system answers no more.
    let unaccepted: Vec<TcpStream> = std::iter::from_fn(|| {
        TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok()
    })
    .collect();
    let options = Options {
        timeout: TIMEOUT,
        ..Options::default()
    };
    let begin = Instant::now();
    let error = Connection::open_with(Port::Tcp(address.to_string()), options).unwrap_err();
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
    assert!(begin.elapsed() < 5 * TIMEOUT, "{:?}", begin.elapsed());
    drop(unaccepted);
}

#[test]
fn a_tcp_port_that_was_closed_while_idle_has_run_no_later_call() {
    let mut offered = Offered::new(SimulatedDevice::new());
    let device = connect(&offered.port().parse().unwrap());
    let mut calculator = CalculatorClient::new(&device);
    assert_eq!(calculator.accumulate(1), Ok(1));
    offered.pull_out();
    thread::sleep(TIMEOUT);
    assert_eq!(calculator.accumulate(1), Err(CallError::Disconnected));
    offered.plug_in();
    assert_eq!(calculator.accumulate(1), Ok(2));
}

#[test]
fn a_serial_port_that_was_unplugged_while_idle_has_run_no_later_call() {
    let offer = Offer::pty().unwrap();
    let device = connect(offer.port());
    let served = PartyLine::over(offer.accept().unwrap());
    let mut calculator = CalculatorClient::new(&device);
    assert_eq!(calculator.accumulate(1), Ok(1));
    drop(served);
    drop(offer);
    assert_eq!(calculator.accumulate(1), Err(CallError::Disconnected));
}
