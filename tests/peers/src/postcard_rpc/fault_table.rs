//! postcard-rpc on the links of the fault table.
//!
//! The two ends exchange whole messages through channels, with a line in each direction between
//! them.

use super::{AccumulateEndpoint, DEPTH, LONGEST, spawn_server};
use ::postcard_rpc::accumulator::raw::{CobsAccumulator, FeedResult};
use ::postcard_rpc::header::VarSeqKind;
use ::postcard_rpc::host_client::test_channels::new_from_channels;
use rpc_proto::time::Instant;
use std::time::Duration;
use tests::counter::Journal;
use tests::fault_table::{CALLS, End, PACE, Row, SEEDS};
use tests::line::{Faults, Line};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::LocalSet;

/// The time limit of a call. Time only passes when there is nothing left to do.
const PATIENCE: Duration = Duration::from_millis(20);

/// Returns postcard-rpc's row on links with those faults.
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
    spawn_server(&journal, server_rx, server_tx);
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

/// Carries messages over a line: frames them, sends every byte, and finds frames in the bytes that
/// arrive.
async fn carry(mut line: Line, mut messages: Receiver<Vec<u8>>, arrived: Sender<Vec<u8>>) {
    // The line takes no time, so any time will do.
    let now = Instant::default();
    let mut accumulator = CobsAccumulator::<LONGEST>::new();
    while let Some(message) = messages.recv().await {
        for byte in cobs::encode_vec(&message).into_iter().chain([0]) {
            line.send(now, byte);
        }
        while let Some(byte) = line.receive(now) {
            // Like postcard-rpc's serial transport, this continues after frames that do not decode.
            if let FeedResult::Success { data, .. } = accumulator.feed(&[byte])
                && arrived.send(data.to_vec()).await.is_err()
            {
                return;
            }
        }
    }
}
