//! postcard-rpc on the links of the fault table: its own host client, its own server and dispatch,
//! and its own COBS accumulator, which is what its serial transport frames messages with.
//!
//! Between the two ends, which exchange whole messages through channels, stands a line each way.

use ::postcard_rpc::accumulator::raw::{CobsAccumulator, FeedResult};
use ::postcard_rpc::header::{VarHeader, VarKeyKind, VarSeqKind};
use ::postcard_rpc::host_client::test_channels::new_from_channels;
use ::postcard_rpc::server::Dispatch;
use ::postcard_rpc::server::impls::test_channels::dispatch_impl::{
    Settings, WireSpawnImpl, WireTxImpl, new_server,
};
use ::postcard_rpc::server::impls::test_channels::{ChannelWireRx, ChannelWireTx};
use ::postcard_rpc::{TopicDirection, define_dispatch, endpoints, topics};
use rpc_proto::time::Instant;
use std::time::Duration;
use tests::counter::Journal;
use tests::fault_table::{CALLS, End, PACE, Row, SEEDS};
use tests::line::{Faults, Line};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::LocalSet;

endpoints! {
    list = ENDPOINT_LIST;
    | EndpointTy         | RequestTy | ResponseTy | Path                 |
    | ----------         | --------- | ---------- | ----                 |
    | AccumulateEndpoint | i64       | i64        | "counter/accumulate" |
}

topics! {
    list = TOPICS_IN_LIST;
    direction = TopicDirection::ToServer;
    | TopicTy | MessageTy | Path |
    | ------- | --------- | ---- |
}

topics! {
    list = TOPICS_OUT_LIST;
    direction = TopicDirection::ToClient;
    | TopicTy | MessageTy | Path |
    | ------- | --------- | ---- |
}

/// The device's state.
pub struct Counter {
    total: i64,
    journal: Journal,
}

define_dispatch! {
    app: CounterApp;
    spawn_fn: spawn_fn;
    tx_impl: WireTxImpl;
    spawn_impl: WireSpawnImpl;
    context: Counter;

    endpoints: {
        list: ENDPOINT_LIST;

        | EndpointTy         | kind     | handler    |
        | ----------         | ----     | -------    |
        | AccumulateEndpoint | blocking | accumulate |
    };
    topics_in: {
        list: TOPICS_IN_LIST;

        | TopicTy | kind | handler |
        | ------- | ---- | ------- |
    };
    topics_out: {
        list: TOPICS_OUT_LIST;
    };
}

fn accumulate(counter: &mut Counter, _header: VarHeader, amount: i64) -> i64 {
    // A damaged amount may be any.
    counter.total = counter.total.wrapping_add(amount);
    counter.journal.enter(amount, counter.total);
    counter.total
}

/// How long a call is waited for. Time only passes when there is nothing left to do.
const PATIENCE: Duration = Duration::from_millis(20);

/// How many messages a channel holds; never more than a few are under way.
const DEPTH: usize = 64;

/// The longest message, as in postcard-rpc's own serial transport.
const LONGEST: usize = 1024;

/// postcard-rpc's row on links with those faults.
pub fn row(faults: Faults) -> Row {
    let mut row = Row::default();
    for seed in SEEDS {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without I/O needs nothing from the system");
        row += LocalSet::new().block_on(&runtime, calls(faults, seed));
    }
    row
}

/// Makes the calls on one link.
async fn calls(faults: Faults, seed: u64) -> Row {
    let [to_device, to_caller] = Line::pair(PACE, [faults, faults], seed);
    let (host_tx, from_host) = channel(DEPTH);
    let (to_server, server_rx) = channel(DEPTH);
    let (server_tx, from_server) = channel(DEPTH);
    let (to_host, host_rx) = channel(DEPTH);
    tokio::task::spawn_local(carry(to_device, from_host, to_server));
    tokio::task::spawn_local(carry(to_caller, from_server, to_host));

    let journal = Journal::default();
    let counter = Counter {
        total: 0,
        journal: journal.clone(),
    };
    let app = CounterApp::new(counter, WireSpawnImpl {});
    let kkind: VarKeyKind = app.min_key_len();
    let settings = Settings {
        tx: ChannelWireTx::new(server_tx),
        rx: ChannelWireRx::new(server_rx),
        buf: LONGEST,
        kkind,
    };
    let mut server = new_server(app, settings);
    tokio::task::spawn_local(async move { server.run().await });

    let client = new_from_channels(host_tx, host_rx, VarSeqKind::Seq2);
    let mut ends = Vec::new();
    for amount in 1..=CALLS {
        let call = client.send_resp::<AccumulateEndpoint>(&amount);
        ends.push(match tokio::time::timeout(PATIENCE, call).await {
            Ok(Ok(value)) => End::Returned(value),
            Ok(Err(_)) => End::Failed,
            Err(_) => End::Hung,
        });
    }
    Row::new(&ends, &journal, 0)
}

/// Carries messages over a line: frames them, sends every byte, and finds frames in what arrives.
async fn carry(mut line: Line, mut messages: Receiver<Vec<u8>>, arrived: Sender<Vec<u8>>) {
    // The line takes no time, so any time will do.
    let now = Instant::default();
    let mut accumulator = CobsAccumulator::<LONGEST>::new();
    while let Some(message) = messages.recv().await {
        for byte in cobs::encode_vec(&message).into_iter().chain([0]) {
            line.send(now, byte);
        }
        while let Some(byte) = line.receive(now) {
            // Like postcard-rpc's serial transport, goes on after frames that do not decode.
            if let FeedResult::Success { data, .. } = accumulator.feed(&[byte])
                && arrived.send(data.to_vec()).await.is_err()
            {
                return;
            }
        }
    }
}
