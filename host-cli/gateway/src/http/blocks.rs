//! Blocks, read and written as bytes.

use super::passage::Passage;
use super::problem::{Answer, Kind, Problem};
use super::{Shared, body, interface, lines};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use rpc_proto::wire::crc::Crc32;
use serde_json::{Value, json};
use serial_rpc::Connection;
use std::collections::HashSet;
use std::convert::Infallible;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;

/// The media type of a block.
pub const BYTES: &str = "application/octet-stream";

/// The number of pieces that wait for the client.
const WAITING: usize = 8;

/// The most transfers at a time, each of which takes up a thread.
const MOST: usize = 16;

/// The transfers in progress.
#[derive(Debug)]
pub struct Transfers {
    all: Arc<Semaphore>,
    /// The names of the devices that a block is written on.
    writing: Arc<Mutex<HashSet<String>>>,
}

/// A transfer in progress, until this is dropped.
struct Transfer {
    _permit: OwnedSemaphorePermit,
    writing: Option<(Arc<Mutex<HashSet<String>>>, String)>,
}

impl Default for Transfers {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(MOST)),
            writing: Arc::default(),
        }
    }
}

impl Transfers {
    fn begin(&self) -> Answer<Transfer> {
        let permit = Arc::clone(&self.all).try_acquire_owned();
        let permit = permit.map_err(|_| {
            Problem::new(
                Kind::TooMany,
                "too many blocks are read and written just now",
            )
        })?;
        Ok(Transfer {
            _permit: permit,
            writing: None,
        })
    }

    /// Begins to write, which a device lets one client do at a time.
    fn begin_writing(&self, device: &str) -> Answer<Transfer> {
        let mut transfer = self.begin()?;
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if !writing.insert(device.to_owned()) {
            let message = "another client writes a block of this device just now";
            return Err(Problem::new(Kind::TooMany, message));
        }
        drop(writing);
        transfer.writing = Some((Arc::clone(&self.writing), device.to_owned()));
        Ok(transfer)
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if let Some((writing, device)) = &self.writing {
            let mut writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
            writing.remove(device);
        }
    }
}

/// `GET /devices/{name}/blocks`.
pub async fn list(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer<Json<Value>> {
    let device = shared.device(&name)?;
    let (connection, procedure) = interface::find(&device, "blocks.list", &headers).await?;
    let passage = Passage::unlimited(&shared, &device, &procedure.path)?;
    let blocks = connection.call_async(&procedure.path, &json!([])).await;
    passage.end(&connection, blocks).map(Json)
}

/// `GET /devices/{name}/blocks/{block}`: sends pieces as they come, and the last once all are known to be
/// right. What was not right is cut off before its end.
pub async fn read(
    State(shared): State<Arc<Shared>>,
    Path((name, block)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer<Response> {
    let device = shared.device(&name)?;
    let connection = body::within(device.connection(), &headers)?;
    let passage = Passage::unlimited(&shared, &device, "blocks.read")?;
    let transfer = shared.transfers.begin()?;
    let (sender, mut pieces) = mpsc::channel(WAITING);
    let patience = shared.limits.body_pause;
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let send = |piece| send(&runtime, patience, &sender, piece);
        let read = read_all(&connection, &block, &send);
        passage.note(read.as_ref().err());
        if let Err(problem) = read {
            // A client that has gone needs no reason.
            let _ = send(Err(problem));
        }
        drop(transfer);
    });
    let first = pieces.recv().await.unwrap_or_else(|| Err(broken()))?;
    let length = first.total;
    let pieces = stream::unfold((Some(first), pieces), |(first, mut pieces)| async {
        let piece = match first {
            Some(first) => Ok(first),
            None => pieces.recv().await?,
        };
        let piece = piece.map(|piece: Piece| piece.bytes);
        let piece = piece.map_err(|problem| io::Error::other(problem.failure.message));
        Some((piece, (None, pieces)))
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(BYTES)),
        (CONTENT_LENGTH, length.into()),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// A part of a block.
struct Piece {
    bytes: Bytes,
    /// The length of the block.
    total: u32,
}

/// Passes the pieces of a block to `send`, the last one if all are right.
fn read_all(
    connection: &Connection,
    block: &str,
    send: &dyn Fn(Answer<Piece>) -> Result<(), ()>,
) -> Answer<()> {
    let mut held: Option<Piece> = None;
    let mut received = 0;
    let mut has_sent = false;
    let read = connection.read_block(block, |offset, bytes, total| {
        if offset != received {
            // The block has changed. What was sent cannot be taken back.
            if has_sent || offset != 0 {
                return ControlFlow::Break(());
            }
            held = None;
        }
        received = offset + bytes.len() as u32;
        if let Some(piece) = held.take() {
            has_sent = true;
            if send(Ok(piece)).is_err() {
                return ControlFlow::Break(());
            }
        }
        held = Some(Piece {
            bytes: Bytes::copy_from_slice(bytes),
            total,
        });
        ControlFlow::Continue(())
    });
    read.map_err(|error| Problem::transfer(connection, block, error))?;
    let last = held.unwrap_or(Piece {
        bytes: Bytes::new(),
        total: 0,
    });
    // A client that has gone is nobody's fault.
    let _ = send(Ok(last));
    Ok(())
}

/// Sends a piece, unless the client does not take it for that long.
fn send(
    runtime: &Handle,
    patience: Duration,
    sender: &mpsc::Sender<Answer<Piece>>,
    piece: Answer<Piece>,
) -> Result<(), ()> {
    let sent = runtime.block_on(async { timeout(patience, sender.send(piece)).await });
    sent.map_err(drop)?.map_err(drop)
}

/// `PUT /devices/{name}/blocks/{block}`. A client that accepts lines gets the progress.
pub async fn write(
    State(shared): State<Arc<Shared>>,
    Path((name, block)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    let device = shared.device(&name)?;
    let connection = body::within(device.connection(), &headers)?;
    if !body::is_of_type(&headers, BYTES) {
        let message = format!("a block must be of the type {BYTES}");
        return Err(Problem::new(Kind::WrongType, message));
    }
    let passage = Passage::begin_change(&shared, &device, "blocks.write")?;
    let transfer = shared.transfers.begin_writing(device.name())?;
    let bytes = body::whole(&headers, body, &shared.limits, shared.limits.block).await?;
    let (progress, seen) = watch::channel(0);
    // It goes on if the client has gone: half a block is no use to anyone.
    let written = tokio::task::spawn_blocking(move || {
        let total = bytes.len();
        let put = connection.put_block(&block, &bytes, |done, _| {
            progress.send_replace(done);
        });
        let put = put.map_err(|error| Problem::transfer(&connection, &block, error));
        passage.note(put.as_ref().err());
        drop(transfer);
        put.map(|()| {
            let crc32 = format!("{:#010x}", Crc32::of(&bytes).value());
            json!({"block": block, "bytes": total, "crc32": crc32})
        })
    });
    let written = async move { written.await.unwrap_or_else(|_| Err(broken())) };
    if !accepts_lines(&headers) {
        return Ok(Json(written.await?).into_response());
    }
    let progress = stream::unfold(Some((seen, Box::pin(written))), |writing| async {
        let (mut seen, mut written) = writing?;
        let line = tokio::select! {
            biased;
            Ok(()) = seen.changed() => {
                let done = *seen.borrow_and_update();
                return Some((json!({"written": done}), Some((seen, written))));
            }
            end = &mut written => match end {
                Ok(Value::Object(mut report)) => {
                    report.insert("done".into(), true.into());
                    Value::Object(report)
                }
                Ok(report) => report,
                Err(problem) => json!({"problem": problem.to_json()}),
            }
        };
        Some((line, None))
    });
    let lines =
        futures_util::StreamExt::map(progress, |line| Ok::<_, Infallible>(lines::line(&line)));
    Ok(lines::response(Body::from_stream(lines)))
}

/// Returns true if the client wants lines.
fn accepts_lines(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter();
    let accepted = accepted.filter_map(|types| types.to_str().ok());
    accepted.flat_map(|types| types.split(',')).any(|given| {
        given
            .split(';')
            .next()
            .is_some_and(|given| given.trim() == lines::JSONL)
    })
}

fn broken() -> Problem {
    Problem::new(Kind::Internal, "the transfer came to no end").may_have_run()
}
