//! Uses postcard-rpc as its documentation shows it: its own host client, its own server and
//! dispatch, and its own COBS accumulator, with which its serial transport frames messages.
//!
//! Both of its modules call the device that is defined here.

pub mod fault_table;
pub mod speed;

use ::postcard_rpc::header::VarHeader;
use ::postcard_rpc::server::Dispatch;
use ::postcard_rpc::server::impls::test_channels::dispatch_impl::{
    Settings, WireSpawnImpl, WireTxImpl, new_server,
};
use ::postcard_rpc::server::impls::test_channels::{ChannelWireRx, ChannelWireTx};
use ::postcard_rpc::{TopicDirection, define_dispatch, endpoints, topics};
use tests::counter::Journal;
use tokio::sync::mpsc::{Receiver, Sender};

endpoints! {
    list = ENDPOINT_LIST;
    | EndpointTy         | RequestTy  | ResponseTy | Path                 |
    | ----------         | ---------  | ---------- | ----                 |
    | AccumulateEndpoint | i64        | i64        | "counter/accumulate" |
    | AddEndpoint        | (i32, i32) | i32        | "calculator/add"     |
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
#[derive(Default)]
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
        | AddEndpoint        | blocking | add        |
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
    // A damaged amount may be any number.
    counter.total = counter.total.wrapping_add(amount);
    counter.journal.enter(amount, counter.total);
    counter.total
}

fn add(_counter: &mut Counter, _header: VarHeader, (x, y): (i32, i32)) -> i32 {
    x.wrapping_add(y)
}

/// The number of messages that a channel holds; never more than a few are in transit.
const DEPTH: usize = 64;

/// The longest message, as in postcard-rpc's own serial transport.
const LONGEST: usize = 1024;

/// Runs a device over postcard-rpc's channels; calls are made within a
/// [`LocalSet`](tokio::task::LocalSet).
fn spawn_server(journal: &Journal, from_host: Receiver<Vec<u8>>, to_host: Sender<Vec<u8>>) {
    let app = app(journal);
    let settings = Settings {
        kkind: app.min_key_len(),
        tx: ChannelWireTx::new(to_host),
        rx: ChannelWireRx::new(from_host),
        buf: LONGEST,
    };
    let mut server = new_server(app, settings);
    tokio::task::spawn_local(async move { server.run().await });
}

fn app(journal: &Journal) -> CounterApp {
    let counter = Counter {
        total: 0,
        journal: journal.clone(),
    };
    CounterApp::new(counter, WireSpawnImpl {})
}
