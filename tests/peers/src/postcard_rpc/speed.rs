//! Calls postcard-rpc's `add` in every way that is measured.
//!
//! Its serial transport needs libudev through tokio-serial; [`SerialTx`] and [`SerialRx`] are that
//! transport over tokio alone.

use super::{AddEndpoint, DEPTH, LONGEST, app, spawn_server};
use crate::pty::Port;
use ::postcard_rpc::accumulator::raw::{CobsAccumulator, FeedResult};
use ::postcard_rpc::header::{VarHeader, VarSeqKind};
use ::postcard_rpc::host_client::test_channels::new_from_channels;
use ::postcard_rpc::host_client::{HostClient, WireRx, WireSpawn, WireTx};
use ::postcard_rpc::server::impls::test_channels::ChannelWireTx;
use ::postcard_rpc::server::{Dispatch, Sender};
use ::postcard_rpc::standard_icd::{ERROR_PATH, WireError};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use tests::counter::Journal;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::channel;
use tokio::task::LocalSet;

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system has file descriptors left")
}

async fn add(client: &HostClient<WireError>, count: u32) {
    for _ in 0..count {
        let sum = client.send_resp::<AddEndpoint>(&(2, 3)).await;
        assert!(matches!(sum, Ok(5)));
    }
}

/// Uses its host client and its server, on one thread, over its channels.
pub fn channels() -> impl FnMut(u32) {
    let runtime = runtime();
    let tasks = LocalSet::new();
    let (host_tx, server_rx) = channel(DEPTH);
    let (server_tx, host_rx) = channel(DEPTH);
    let client = tasks.block_on(&runtime, async {
        spawn_server(&Journal::default(), server_rx, server_tx);
        new_from_channels(host_tx, host_rx, VarSeqKind::Seq2)
    });
    move |count| tasks.block_on(&runtime, add(&client, count))
}

/// Uses its host client over a PTY, to its dispatch on a thread of its own.
pub fn over_pty() -> impl FnMut(u32) {
    let port = Port::served_by(device).expect("the system has a PTY");
    let runtime = runtime();
    let client = runtime.block_on(async { connect(port.path()) });
    let client = client.expect("the PTY can be opened");
    move |count| {
        let _open_as_long = &port;
        runtime.block_on(add(&client, count));
    }
}

/// Returns a device that is polled by hand: it finds a frame, dispatches it, and frames the answer.
fn device() -> impl FnMut(&[u8], &mut Vec<u8>) {
    let runtime = runtime();
    let (answers, mut answered) = channel(DEPTH);
    let mut accumulator = CobsAccumulator::<LONGEST>::new();
    let mut app = app(&Journal::default());
    let sender = Sender::new(ChannelWireTx::new(answers), app.min_key_len());
    move |received, answer| {
        let mut rest = received;
        while !rest.is_empty() {
            rest = match accumulator.feed(rest) {
                FeedResult::Consumed => break,
                FeedResult::OverFull(rest) | FeedResult::DeserError(rest) => rest,
                FeedResult::Success { data, remaining } => {
                    if let Some((header, body)) = VarHeader::take_from_slice(data) {
                        // The channel is open: both of its ends are here.
                        let _ = runtime.block_on(app.handle(&sender, &header, body));
                    }
                    remaining
                }
            };
        }
        while let Ok(message) = answered.try_recv() {
            answer.extend(cobs::encode_vec(&message));
            answer.push(0);
        }
    }
}

#[expect(deprecated, reason = "sound for a File, whose descriptor stays open")]
fn connect(path: &str) -> io::Result<HostClient<WireError>> {
    let port = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    let port = Arc::new(AsyncFd::new(port)?);
    let tx = SerialTx(Arc::clone(&port));
    let rx = SerialRx {
        port,
        buffer: Box::new([0; LONGEST]),
        accumulator: Box::new(CobsAccumulator::new()),
        pending: VecDeque::new(),
    };
    let seq = VarSeqKind::Seq2;
    Ok(HostClient::new_with_wire(tx, rx, Spawn, seq, ERROR_PATH, 8))
}

struct Spawn;

impl WireSpawn for Spawn {
    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::task::spawn(task));
    }
}

struct SerialTx(Arc<AsyncFd<File>>);

impl WireTx for SerialTx {
    type Error = io::Error;

    async fn send(&mut self, message: Vec<u8>) -> io::Result<()> {
        let mut frame = cobs::encode_vec(&message);
        frame.push(0);
        let mut rest = &frame[..];
        while !rest.is_empty() {
            let write = |mut port: &File| port.write(rest);
            let written = self.0.async_io(Interest::WRITABLE, write).await?;
            rest = &rest[written..];
        }
        Ok(())
    }
}

struct SerialRx {
    port: Arc<AsyncFd<File>>,
    buffer: Box<[u8; LONGEST]>,
    accumulator: Box<CobsAccumulator<LONGEST>>,
    pending: VecDeque<Vec<u8>>,
}

impl WireRx for SerialRx {
    type Error = io::Error;

    async fn receive(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(message) = self.pending.pop_front() {
                return Ok(message);
            }
            let read = |mut port: &File| port.read(&mut self.buffer[..]);
            let count = self.port.async_io(Interest::READABLE, read).await?;
            let mut rest = &self.buffer[..count];
            while !rest.is_empty() {
                rest = match self.accumulator.feed(rest) {
                    FeedResult::Consumed => break,
                    FeedResult::OverFull(rest) | FeedResult::DeserError(rest) => rest,
                    FeedResult::Success { data, remaining } => {
                        self.pending.push_back(data.to_vec());
                        remaining
                    }
                };
            }
        }
    }
}
