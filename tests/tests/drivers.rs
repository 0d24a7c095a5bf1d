//! Tests the drivers over awkward links: those that take a byte at a time, are not ready, or end.

use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};
use firmware::CheckedCalculator;
use firmware::calculator::{CalculatorClient, CalculatorService};
use rpc_proto::client::{CallError, Client, Timing};
use rpc_proto::drivers::{BlockingCaller, LinkError};
use rpc_proto::server::Server;
use rpc_proto::wire::message::Kind;
use std::collections::VecDeque;
use std::convert::Infallible;
use tests::clock::VirtualClock;
use tests::loopback::Loopback;
use tests::wire::Message;

/// A device's end of a link: bytes to read, bytes written, and the number of bytes that it still
/// takes.
#[derive(Default)]
struct Uart {
    received: VecDeque<u8>,
    sent: Vec<u8>,
    room: usize,
}

impl Uart {
    fn receiving(frames: &[Message]) -> Self {
        Self {
            received: frames.iter().flat_map(Message::frame).collect(),
            ..Self::default()
        }
    }

    fn with_room(self, room: usize) -> Self {
        Self { room, ..self }
    }
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Read for Uart {
    /// Reads a byte at a time; 0 if there are no more.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Ok(match self.received.pop_front() {
            Some(byte) => {
                buffer[0] = byte;
                1
            }
            None => 0,
        })
    }
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.received.is_empty())
    }
}

impl Write for Uart {
    /// Writes a byte at a time; 0 if there is no more room.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        if self.room == 0 {
            return Ok(0);
        }
        self.room -= 1;
        self.sent.push(bytes[0]);
        Ok(1)
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl WriteReady for Uart {
    fn write_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.room > 0)
    }
}

fn server() -> Server<CalculatorService<CheckedCalculator>, 160, 2> {
    Server::new(CalculatorService(CheckedCalculator::new()))
}

/// Returns a Connect, and a call of `calculator.accumulate`, number 17.
fn conversation() -> [Message; 2] {
    [Message::connect(1), Message::call(0, 17, (5_i64,))]
}

/// Asserts the device's answers to that.
fn assert_answered(sent: &[u8]) {
    let answers = Message::all_in(sent);
    let kinds: Vec<Kind> = answers.iter().map(|answer| answer.kind).collect();
    assert_eq!(kinds, [Kind::Accept, Kind::Return]);
    assert_eq!(answers[1], Message::value(0, 5_i64));
}

#[test]
fn a_link_that_carries_a_byte_at_a_time_is_served_until_it_ends() {
    let mut uart = Uart::receiving(&conversation()).with_room(1000);
    assert_eq!(server().serve(&mut uart), Err(LinkError::Closed));
    assert_answered(&uart.sent);
}

#[test]
fn a_link_that_takes_no_more_bytes_ends_serving_and_the_reply_can_go_on_later() {
    let mut server = server();
    let mut uart = Uart::receiving(&conversation()).with_room(5);
    assert_eq!(server.serve(&mut uart), Err(LinkError::Closed));
    assert_eq!(uart.sent.len(), 5);
    uart.room = 1000;
    assert_eq!(server.serve(&mut uart), Err(LinkError::Closed));
    assert_answered(&uart.sent);
}

#[test]
fn polling_does_what_can_be_done_and_comes_back() {
    let mut server = server();
    let mut uart = Uart::default();
    assert_eq!(server.poll(&mut uart), Ok(()), "with nothing to do");

    let bytes: Vec<u8> = conversation().iter().flat_map(Message::frame).collect();
    for byte in bytes {
        uart.received.push_back(byte);
        uart.room = 0;
        assert_eq!(server.poll(&mut uart), Ok(()), "with no room to send");
        // Waiting bytes are sent before the next byte is taken.
        while !server.outgoing().is_empty() {
            uart.room = 1;
            assert_eq!(server.poll(&mut uart), Ok(()), "with room for one byte");
        }
    }
    assert_answered(&uart.sent);
}

#[test]
fn polling_leaves_what_it_cannot_use_yet_in_the_link() {
    let mut server = server();
    // For the delimiter that a device begins with.
    let mut uart = Uart::receiving(&conversation()).with_room(1);
    assert_eq!(server.poll(&mut uart), Ok(()));
    assert_eq!(server.poll(&mut uart), Ok(()));
    let call = conversation()[1].frame();
    assert_eq!(uart.received, call, "the Accept is not sent");
}

#[test]
fn a_caller_whose_link_takes_no_bytes_is_told_that_the_call_never_ran() {
    let client = Client::<64>::new(1, Timing::default());
    let mut caller = BlockingCaller::new(Uart::default(), VirtualClock::default(), client);
    let mut calculator = CalculatorClient::new(&mut caller);
    assert_eq!(calculator.accumulate(1), Err(CallError::Disconnected));
    assert_eq!(calculator.add(2, 3), Err(CallError::Disconnected));
}

#[test]
fn a_caller_on_a_silent_link_is_told_so_when_its_time_is_up() {
    let uart = Uart::default().with_room(10_000);
    let mut caller = BlockingCaller::new(
        uart,
        VirtualClock::default(),
        Client::<64>::new(1, Timing::default()),
    );
    let mut calculator = CalculatorClient::new(&mut caller);
    assert_eq!(calculator.accumulate(1), Err(CallError::Timeout));
    assert!(caller.client().counters().sent > 2, "it asked again");
}

/// A link that sends its bytes only when it is flushed.
struct HoldingBack<L> {
    link: L,
    held: Vec<u8>,
}

impl<L: ErrorType> ErrorType for HoldingBack<L> {
    type Error = L::Error;
}

impl<L: Read> Read for HoldingBack<L> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, L::Error> {
        self.link.read(buffer)
    }
}

impl<L: ReadReady> ReadReady for HoldingBack<L> {
    fn read_ready(&mut self) -> Result<bool, L::Error> {
        self.link.read_ready()
    }
}

impl<L: Write> Write for HoldingBack<L> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, L::Error> {
        self.held.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), L::Error> {
        self.link.write_all(&self.held)?;
        self.held.clear();
        self.link.flush()
    }
}

#[test]
fn a_caller_flushes_a_link_that_holds_bytes_back() {
    let device: Loopback<_, 160, 1> = Loopback::new(CalculatorService(CheckedCalculator::new()));
    let held = Vec::new();
    let link = HoldingBack { link: device, held };
    let caller = BlockingCaller::new(
        link,
        VirtualClock::default(),
        Client::<64>::new(1, Timing::default()),
    );
    assert_eq!(CalculatorClient::new(caller).add(2, 3), Ok(5));
}
