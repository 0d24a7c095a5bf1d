//! Tests streams and feeds through the typed clients that let other tasks run meanwhile.

use embassy_futures::{block_on, poll_once};
use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{ErrorType, Read, Write};
use rpc_proto::client::{CallError, Client, Timing};
use rpc_proto::drivers::YieldingCaller;
use rpc_proto::server::Server;
use rpc_proto::service;
use rpc_proto::service::Items;
use rpc_proto::time::Instant;
use rpc_proto::wire::message::Kind;
use serde::Serialize;
use std::convert::Infallible;
use std::pin::pin;
use tests::loopback::Loopback;
use tests::wire::Message;

/// Counts.
#[service]
trait Counter {
    /// The numbers below `to`.
    fn up(&mut self, to: u32) -> impl Iterator<Item = u32>;
    /// Adds numbers, and returns the sum.
    fn add(&mut self, numbers: Items<'_, u32>) -> u32;
    /// Adds numbers below 100.
    fn add_small(&mut self, numbers: Items<'_, u32>) -> Result<u32, u32>;
}

/// Counts when it has waited for something.
#[service]
trait Waiter {
    /// The numbers below `to`, or what is the matter.
    async fn up(&mut self, to: u8) -> Result<impl Iterator<Item = u8>, u8>;
    /// The sum of numbers.
    async fn add(&mut self, numbers: Items<'_, u8>) -> u8;
}

struct Turn;

impl Waiter for Turn {
    async fn up(&mut self, to: u8) -> Result<impl Iterator<Item = u8>, u8> {
        embassy_futures::yield_now().await;
        (to < 100).then_some(0..to).ok_or(to)
    }
    async fn add(&mut self, numbers: Items<'_, u8>) -> u8 {
        embassy_futures::yield_now().await;
        numbers.sum()
    }
}

struct Sum(u32);

impl Counter for Sum {
    fn up(&mut self, to: u32) -> impl Iterator<Item = u32> {
        0..to
    }
    fn add(&mut self, numbers: Items<'_, u32>) -> u32 {
        self.0 += numbers.sum::<u32>();
        self.0
    }
    fn add_small(&mut self, mut numbers: Items<'_, u32>) -> Result<u32, u32> {
        match numbers.find(|&number| number >= 100) {
            Some(large) => Err(large),
            None => Ok(self.0),
        }
    }
}

/// A link whose reads wait until a byte comes, and yield once before.
struct Link(Loopback<CounterService<Sum>, 48, 4>, bool);

impl ErrorType for Link {
    type Error = Infallible;
}

impl Read for Link {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        self.1 = !self.1;
        if self.1 {
            embassy_futures::yield_now().await;
        }
        match embedded_io::ReadReady::read_ready(&mut self.0)? {
            true => embedded_io::Read::read(&mut self.0, buffer),
            false => std::future::pending().await,
        }
    }
}

impl Write for Link {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        embedded_io::Write::write(&mut self.0, bytes)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Waits for three turns of the executor, for any duration.
struct Turns;

impl DelayNs for Turns {
    async fn delay_ns(&mut self, _ns: u32) {
        for _ in 0..3 {
            embassy_futures::yield_now().await;
        }
    }
}

/// A caller over a link that waits, with room for four calls.
type Caller<K> = YieldingCaller<Link, K, Turns, Client<48, 4>>;

fn counter() -> CounterAsyncClient<Caller<impl FnMut() -> Instant>> {
    let link = Link(Loopback::new(CounterService(Sum(0))), false);
    let mut micros = 0;
    let clock = move || {
        micros += 1;
        Instant::from_micros(micros)
    };
    let caller = YieldingCaller::new(
        link,
        clock,
        Turns,
        Client::<48, 4>::new(1, Timing::default()),
    );
    CounterAsyncClient::new(caller)
}

#[test]
fn all_items_come_in_order() {
    let mut counter = counter();
    block_on(async {
        let mut numbers = counter.up(500);
        for number in 0..500 {
            assert_eq!(numbers.next().await, Some(Ok(number)));
        }
        assert_eq!(numbers.next().await, None);
        assert_eq!(numbers.next().await, None);
    });
}

#[test]
fn waiting_for_an_item_may_be_broken_off_at_any_turn() {
    let mut counter = counter();
    let mut numbers = counter.up(200);
    let mut broken_off = 0;
    for number in 0..200 {
        loop {
            if let std::task::Poll::Ready(item) = poll_once(pin!(numbers.next())) {
                assert_eq!(item, Some(Ok(number)));
                break;
            }
            broken_off += 1;
        }
    }
    assert!(broken_off > 10, "{broken_off}");
}

#[test]
fn items_are_fed_and_an_error_says_how_many_were_taken() {
    let mut counter = counter();
    block_on(async {
        assert_eq!(counter.add(0..100).await, Ok(4_950));
        assert_eq!(counter.add([]).await, Ok(4_950));
        let failed = counter.add_small(0..200).await.unwrap_err();
        assert!(matches!(failed.error, CallError::Error(100..200)));
        assert!((1..=100).contains(&failed.taken));
    });
}

/// Returns the answer to such a call of a device whose procedures wait.
fn answer(number: u16, arguments: impl Serialize) -> Message {
    let mut server = Server::<_, 64, 1>::new(WaiterService(Turn));
    let frames = [Message::connect(1), Message::call(0, number, arguments)];
    let mut said = Vec::new();
    block_on(async {
        for byte in frames.iter().flat_map(Message::frame) {
            server.receive_async(byte).await;
            let outgoing = server.outgoing();
            let len = outgoing.len();
            said.extend_from_slice(outgoing);
            server.sent(len);
        }
    });
    Message::all_in(&said).pop().expect("an answer")
}

#[test]
fn a_procedure_that_waits_returns_and_takes_items_as_others_do() {
    let (kind, seq) = (Kind::Return, 0);
    let body = vec![1, 2, 0x82];
    assert_eq!(
        answer(8, (1_u32, 127_u8, 3_u8)),
        Message { kind, seq, body }
    );
    assert_eq!(
        answer(8, (1_u32, 127_u8, 100_u8)),
        Message::error(0, 100_u8)
    );
    assert_eq!(
        answer(9, ([3_u8, 4, 5].as_slice(),)),
        Message::value(0, 12_u8)
    );
}
