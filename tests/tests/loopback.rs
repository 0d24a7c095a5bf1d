//! Tests the typed client and the server, connected by memory.

use firmware::CheckedCalculator;
use firmware::calculator::{CalculatorClient, CalculatorService};
use rpc_proto::client::{CallError, Client, Timing};
use rpc_proto::drivers::BlockingCaller;
use rpc_proto::service;
use rpc_proto::service::Dispatch;
use serial_rpc::Connection;
use serial_rpc_simulator::SimulatedDevice;
use tests::calculator;
use tests::clock::VirtualClock;
use tests::loopback::Loopback;

/// Returns a caller over a perfect link to a device with that interface.
fn caller<I, const FRAME: usize>(
    interface: I,
) -> BlockingCaller<Loopback<I, FRAME, 1>, VirtualClock, Client<FRAME>>
where
    I: Dispatch,
{
    let link = Loopback::new(interface);
    BlockingCaller::new(
        link,
        VirtualClock::default(),
        Client::new(1, Timing::default()),
    )
}

#[test]
fn a_caller_without_heap_gets_every_answer() {
    let mut caller = caller::<_, 160>(CalculatorService(CheckedCalculator::new()));
    calculator::assert_answers(&mut CalculatorClient::new(&mut caller));
}

#[test]
fn a_connection_to_the_simulated_device_gets_every_answer() {
    let device = Connection::to(SimulatedDevice::new());
    calculator::assert_answers(&mut CalculatorClient::new(&device));
}

#[test]
fn adding_two_small_numbers_costs_ten_bytes_out_and_eight_back() {
    let mut caller = caller::<_, 160>(CalculatorService(CheckedCalculator::new()));
    let mut calculator = CalculatorClient::new(&mut caller);
    assert_eq!(calculator.add(1, 1), Ok(2));
    assert_eq!(calculator.add(2, 3), Ok(5));
    let link = caller.link();
    assert_eq!(last_frame(&link.calls).len(), 10);
    assert_eq!(last_frame(&link.replies).len(), 8);
}

/// Returns the last frame of a conversation, with its delimiter.
fn last_frame(bytes: &[u8]) -> &[u8] {
    let without_delimiter = &bytes[..bytes.len() - 1];
    let start = without_delimiter.iter().rposition(|&byte| byte == 0);
    &bytes[start.map_or(0, |position| position + 1)..]
}

/// An interface that is not the calculator's, but has a procedure of the same path.
mod other {
    use rpc_proto::service;

    /// A calculator for floats.
    #[service]
    pub trait Calculator {
        /// Adds two numbers.
        fn add(&mut self, x: f32, y: f32) -> f32;
    }
}

struct Floats;

impl other::Calculator for Floats {
    fn add(&mut self, x: f32, y: f32) -> f32 {
        x + y
    }
}

#[test]
fn a_changed_signature_is_noticed_before_the_call_is_sent() {
    let mut caller = caller::<_, 64>(other::CalculatorService(Floats));
    let mut calculator = CalculatorClient::new(&mut caller);
    assert_eq!(calculator.add(2, 3), Err(CallError::NoSuchProcedure));
    let mut calculator = other::CalculatorClient::new(&mut caller);
    assert_eq!(calculator.add(2.0, 3.0), Ok(5.0));
}

/// A service whose values borrow, as a device that sends from a buffer would have it.
#[service]
trait Notebook {
    /// Writes a line and returns it.
    fn write<'a>(&mut self, line: &'a str) -> &'a str;
    /// What was written so far.
    fn read(&mut self) -> &[u8];
}

#[derive(Default)]
struct Pages(Vec<u8>);

impl Notebook for Pages {
    fn write<'a>(&mut self, line: &'a str) -> &'a str {
        self.0.extend(line.bytes());
        line
    }

    fn read(&mut self) -> &[u8] {
        &self.0
    }
}

#[test]
fn arguments_and_values_may_borrow() {
    let mut caller = caller::<_, 64>(NotebookService(Pages::default()));
    let mut notebook = NotebookClient::new(&mut caller);
    assert_eq!(notebook.write("first, "), Ok("first, "));
    assert_eq!(notebook.write("second"), Ok("second"));
    assert_eq!(notebook.read(), Ok(&b"first, second"[..]));
}

#[test]
fn a_value_that_does_not_fit_a_frame_is_a_fault_and_the_next_call_works() {
    let mut caller = caller::<_, 32>(NotebookService(Pages(vec![7; 100])));
    let mut notebook = NotebookClient::new(&mut caller);
    assert_eq!(notebook.read(), Err(CallError::ReplyTooLarge));
    assert_eq!(notebook.write("short"), Ok("short"));
}

#[test]
fn arguments_that_do_not_fit_a_frame_are_not_sent() {
    let mut caller = caller::<_, 32>(NotebookService(Pages::default()));
    let mut notebook = NotebookClient::new(&mut caller);
    let long = "a line that is longer than 32 bytes";
    assert_eq!(notebook.write(long), Err(CallError::ArgumentsTooLarge));
    assert_eq!(notebook.read(), Ok(&b""[..]));
}
