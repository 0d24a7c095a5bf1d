//! Tests the async drivers on a host with tokio.

use embedded_hal_async::delay::DelayNs;
use embedded_io_adapters::tokio_1::FromTokio;
use firmware::calculator::{CalculatorAsyncClient, MathError};
use firmware::{Stopwatch, StopwatchAsyncClient, StopwatchService};
use rpc_proto::client::{CallError, Cause, Client, Timing};
use rpc_proto::drivers::YieldingCaller;
use rpc_proto::server::Server;
use rpc_proto::time::{self, Clock};
use std::time::Duration;
use tests::simulated::Simulated;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Tokio's time, as a clock and as a delay.
#[derive(Clone, Copy)]
struct TokioTime(Instant);

impl TokioTime {
    fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for TokioTime {
    fn now(&mut self) -> time::Instant {
        time::Instant::from_micros(self.0.elapsed().as_micros() as u64)
    }
}

impl DelayNs for TokioTime {
    async fn delay_ns(&mut self, nanos: u32) {
        tokio::time::sleep(Duration::from_nanos(nanos.into())).await;
    }
}

type Caller<S> = YieldingCaller<FromTokio<S>, TokioTime, TokioTime, Client<256>>;

fn caller<S: AsyncRead + AsyncWrite + Unpin>(stream: S, nonce: u32) -> Caller<S> {
    let time = TokioTime::start();
    YieldingCaller::new(
        FromTokio::new(stream),
        time,
        time,
        Client::new(nonce, Timing::default()),
    )
}

/// Starts another program, which simulates a device on a TCP port, and connects to it.
async fn simulated() -> (Simulated, TcpStream) {
    let simulated = Simulated::start(&["--tcp", "localhost:0"]);
    let address = simulated.port().strip_prefix("tcp:").expect("a TCP port");
    let stream = TcpStream::connect(address).await;
    let stream = stream.expect("the device can be reached");
    (simulated, stream)
}

#[tokio::test]
async fn a_typed_client_calls_a_device_over_tcp() {
    let (_simulated, stream) = simulated().await;
    let mut calculator = CalculatorAsyncClient::new(caller(stream, 1));
    assert_eq!(calculator.add(2, 3).await, Ok(5));
    let error = CallError::Error(MathError::DivideByZero);
    assert_eq!(calculator.div(1, 0).await, Err(error));
    assert_eq!(calculator.evaluate("2*(3+4)-5").await, Ok(9));
    for total in 1..=100 {
        assert_eq!(calculator.accumulate(1).await, Ok(total));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_may_be_made_by_a_spawned_task() {
    let (_simulated, stream) = simulated().await;
    let task = tokio::spawn(async {
        let mut calculator = CalculatorAsyncClient::new(caller(stream, 1));
        calculator.evaluate("6*7").await
    });
    assert_eq!(task.await.expect("it does not panic"), Ok(42));
}

#[tokio::test]
async fn one_thread_calls_two_devices_at_the_same_time() {
    let ((_left, left), (_right, right)) = tokio::join!(simulated(), simulated());
    let accumulate = async |stream, amount| {
        let mut calculator = CalculatorAsyncClient::new(caller(stream, 1));
        for calls in 1..=100 {
            assert_eq!(calculator.accumulate(amount).await, Ok(calls * amount));
        }
    };
    tokio::join!(accumulate(left, 1), accumulate(right, -1));
}

/// A stopwatch of tokio's time.
struct TokioStopwatch;

impl Stopwatch for TokioStopwatch {
    async fn wait(&mut self, millis: u32) -> u32 {
        let begin = Instant::now();
        tokio::time::sleep(Duration::from_millis(millis.into())).await;
        begin.elapsed().as_millis() as u32
    }

    fn blinks(&self) -> u32 {
        0
    }
}

/// Serves a stopwatch on a stream, in the same thread.
fn serve_stopwatch(stream: DuplexStream) {
    tokio::spawn(async {
        let mut server = Server::<_, 64, 1>::new(StopwatchService(TokioStopwatch));
        server.serve_async(&mut FromTokio::new(stream)).await
    });
}

#[tokio::test(start_paused = true)]
async fn a_device_may_be_simulated_on_the_runtime_of_its_caller() {
    let (near, far) = tokio::io::duplex(64);
    serve_stopwatch(far);
    let mut stopwatch = StopwatchAsyncClient::new(caller(near, 1));
    assert_eq!(stopwatch.wait(1500).await, Ok(1500));
    let late = CallError::OutcomeUnknown(Cause::Timeout);
    assert_eq!(stopwatch.wait(2500).await, Err(late));
    assert_eq!(stopwatch.wait(10).await, Ok(10));
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_dropped_by_a_timeout_and_the_next_one_works() {
    let (near, far) = tokio::io::duplex(16);
    serve_stopwatch(far);
    let mut stopwatch = StopwatchAsyncClient::new(caller(near, 1));
    for millis in 0..50 {
        let patience = Duration::from_millis(millis);
        let waited = tokio::time::timeout(patience, stopwatch.wait(25)).await;
        if let Ok(waited) = waited {
            assert_eq!(waited, Ok(25));
        }
        assert_eq!(stopwatch.blinks().await, Ok(0));
    }
}
