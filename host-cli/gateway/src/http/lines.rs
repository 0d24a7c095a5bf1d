//! Streams and feeds as lines of JSON, an item each, as fast as the slower end takes them.

use super::Shared;
use super::body::{Pieces, is_of_type, parsed, too_large};
use super::passage::Passage;
use super::problem::{Answer, Kind, Problem};
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use serial_rpc::connection::{NamedCallError, NamedFeed, NamedResult, NamedStream};
use serial_rpc::description::Procedure;
use serial_rpc::{Connection, Ran, arguments, value};
use std::convert::Infallible;

/// The media type of lines of JSON.
pub const JSONL: &str = "application/jsonl";

/// Returns a body of lines.
pub fn response(body: Body) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static(JSONL))], body).into_response()
}

/// Returns a value as a line.
pub fn line(value: &Value) -> Bytes {
    format!("{value}\n").into()
}

/// Returns the items of a stream, once the first has come.
pub async fn items(
    passage: Passage,
    connection: Connection,
    procedure: &Procedure,
    arguments: &Value,
) -> Answer<Response> {
    let stream = connection.stream_async(&procedure.path, arguments).await;
    let mut stream = match stream {
        Ok(stream) => stream,
        Err(error) => return passage.end(&connection, Err(error)),
    };
    // What fails at once has a status of its own.
    let first = match stream.next_async().await {
        Some(Err(error)) => return passage.end(&connection, Err(error)),
        first => first,
    };
    let items = Items {
        stream,
        connection,
        passage: Some(passage),
        first: Some(first),
        told: 0,
    };
    let lines = stream::unfold(items, |mut items| async move {
        let line = items.next().await?;
        Some((Ok::<_, Infallible>(line), items))
    });
    Ok(response(Body::from_stream(lines)))
}

/// The items of a stream that has begun.
struct Items {
    stream: NamedStream,
    connection: Connection,
    /// None once the stream has ended.
    passage: Option<Passage>,
    /// The first item until it is taken; it is none of an empty stream.
    first: Option<Option<NamedResult<Value>>>,
    /// The number of lost items that the client knows of.
    told: u32,
}

impl Items {
    async fn next(&mut self) -> Option<Bytes> {
        self.passage.as_ref()?;
        let next = match self.first.take() {
            Some(first) => first,
            None => self.stream.next_async().await,
        };
        match next {
            Some(Ok(item)) => {
                let mut object = json!({ "item": item });
                let lost = self.stream.lost();
                if lost > self.told {
                    object["lost"] = (lost - self.told).into();
                    self.told = lost;
                }
                Some(line(&object))
            }
            None => {
                self.passage.take()?.note(None);
                None
            }
            Some(Err(error)) => {
                let end = self.passage.take()?.end::<()>(&self.connection, Err(error));
                let problem = end.err()?;
                Some(line(&json!({ "problem": problem.to_json() })))
            }
        }
    }
}

/// Feeds the lines of a body to a procedure: the first has the other arguments, the others an item
/// each.
pub async fn feed(
    shared: &Shared,
    passage: Passage,
    connection: Connection,
    procedure: &Procedure,
    body: Body,
) -> Answer<Value> {
    let mut lines = Lines::new(body, shared);
    let fed = fed(&connection, procedure, &mut lines).await;
    match fed {
        Ok(end) => passage.end(&connection, end),
        Err(problem) => {
            passage.note(Some(&problem));
            Err(problem)
        }
    }
}

async fn fed(
    connection: &Connection,
    procedure: &Procedure,
    lines: &mut Lines,
) -> Answer<NamedResult<Value>> {
    let Some(first) = lines.next().await? else {
        let message = "the first line has the arguments before the items, such as []";
        return Err(Problem::new(Kind::Mistaken, message));
    };
    let mut head = parsed(&first)?;
    let failed = |error: NamedCallError| Problem::call(connection, error);
    arguments::strict(&procedure.without_items(), &mut head)
        .map_err(|error| failed(error.into()))?;
    let feed = connection.feed_json_async(&procedure.path, &head).await;
    let mut feed = feed.map_err(failed)?;
    loop {
        let mistaken = match lines.next().await {
            Ok(None) => return Ok(feed.finish_async().await),
            Ok(Some(line)) => match item(procedure, &line) {
                Ok(item) => match feed.push_async(&item).await {
                    Ok(()) => continue,
                    Err(NamedCallError::Item { error, .. }) => error.to_string(),
                    Err(error) => return Ok(Err(error)),
                },
                Err(mistake) => mistake,
            },
            Err(problem) => return Err(stopped(feed, problem).await),
        };
        let message = format!("line {}: {mistaken}", lines.number);
        return Err(stopped(feed, Problem::new(Kind::Mistaken, message)).await);
    }
}

/// Reads an item, in the form that the document allows.
fn item(procedure: &Procedure, line: &[u8]) -> Result<Value, String> {
    let item = serde_json::from_slice(line);
    let mut item = item.map_err(|error| format!("the item is not JSON: {error}"))?;
    if let Some(ty) = procedure.item() {
        value::strict(ty, &mut item).map_err(|error| error.to_string())?;
    }
    Ok(item)
}

/// Ends a feed whose lines cannot be read to their end.
async fn stopped(feed: NamedFeed, problem: Problem) -> Problem {
    // It waits for the calls in flight.
    let taken = tokio::task::spawn_blocking(move || feed.stop()).await;
    match taken {
        Ok(0) => problem.hint("no item was sent"),
        Ok(taken) => {
            let mut problem = problem.hint(format!("the first {taken} items were taken"));
            problem.failure.ran = Ran::Unknown;
            problem
        }
        Err(_) => problem.may_have_run(),
    }
}

/// Returns true if the body has lines of JSON.
pub fn are_in(headers: &HeaderMap) -> bool {
    is_of_type(headers, JSONL)
}

/// The lines of a body as they come.
struct Lines {
    pieces: Pieces,
    /// What has come of the lines that were not taken yet.
    rest: Vec<u8>,
    /// The place in it up to which there is no end of a line.
    searched: usize,
    is_over: bool,
    longest: usize,
    /// The number of the line that was taken last, counted from 1.
    number: u64,
}

impl Lines {
    const fn new(body: Body, shared: &Shared) -> Self {
        Self {
            pieces: Pieces::new(body, &shared.limits),
            rest: Vec::new(),
            searched: 0,
            is_over: false,
            longest: shared.limits.body,
            number: 0,
        }
    }

    /// Returns the next line that is not blank. None at the end.
    async fn next(&mut self) -> Answer<Option<Vec<u8>>> {
        loop {
            let Some(line) = self.take().await? else {
                return Ok(None);
            };
            self.number += 1;
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }

    async fn take(&mut self) -> Answer<Option<Vec<u8>>> {
        loop {
            let unseen = self.rest.get(self.searched..).unwrap_or_default();
            if let Some(end) = unseen.iter().position(|byte| *byte == b'\n') {
                let behind = self.rest.split_off(self.searched + end + 1);
                self.searched = 0;
                return Ok(Some(std::mem::replace(&mut self.rest, behind)));
            }
            self.searched = self.rest.len();
            if self.is_over {
                let last = std::mem::take(&mut self.rest);
                return Ok((!last.is_empty()).then_some(last));
            }
            if self.searched > self.longest {
                return Err(too_large(self.longest));
            }
            match self.pieces.next().await? {
                Some(piece) => self.rest.extend_from_slice(&piece),
                None => self.is_over = true,
            }
        }
    }
}
