//! Reads what clients send: in bounded time, and no more than the limit.

use super::Limits;
use super::problem::{Answer, Kind, Problem};
use crate::stop::Stop;
use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::BodyExt;
use serde_json::Value;
use serial_rpc::Connection;
use std::future::pending;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The header for the time limit of a call in seconds.
pub const TIMEOUT: &str = "timeout";

/// The least and the greatest time limit in seconds.
pub const TIMEOUTS: [f64; 2] = [0.1, 3600.0];

/// Returns the time limit that the client asks for.
pub fn time_limit(headers: &HeaderMap) -> Answer<Option<Duration>> {
    let Some(given) = headers.get(TIMEOUT) else {
        return Ok(None);
    };
    let [least, most] = TIMEOUTS;
    given
        .to_str()
        .ok()
        .and_then(|text| text.parse::<f64>().ok())
        .filter(|seconds| (least..=most).contains(seconds))
        .map(|seconds| Some(Duration::from_secs_f64(seconds)))
        .ok_or_else(|| {
            let message =
                format!("the header Timeout is no number of seconds from {least} to {most}");
            Problem::new(Kind::Mistaken, message)
        })
}

/// Returns the connection with the time limit that the client asks for.
pub fn within(connection: Connection, headers: &HeaderMap) -> Answer<Connection> {
    Ok(match time_limit(headers)? {
        Some(limit) => connection.within(limit),
        None => connection,
    })
}

/// Waits for the end of an answer that goes on: until the time limit, or until the gateway stops.
pub async fn over(limit: Option<Duration>, stop: Stop) {
    let limit = async {
        match limit {
            Some(limit) => sleep(limit).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = limit => {}
        () = stop.requested() => {}
    }
}

/// Returns true if the body is of that media type, whatever its parameters.
pub fn is_of_type(headers: &HeaderMap, media_type: &str) -> bool {
    let given = headers.get(CONTENT_TYPE);
    let given = given
        .and_then(|given| given.to_str().ok())
        .unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default();
    given.trim().eq_ignore_ascii_case(media_type)
}

/// Reads a body of JSON. None if it is empty.
pub fn json(headers: &HeaderMap, body: &Bytes) -> Answer<Option<Value>> {
    if body.is_empty() {
        return Ok(None);
    }
    if !is_of_type(headers, "application/json") {
        return Err(Problem::new(
            Kind::WrongType,
            "the arguments must be of the type application/json",
        ));
    }
    parsed(body).map(Some)
}

/// Parses JSON.
pub fn parsed(json: &[u8]) -> Answer<Value> {
    serde_json::from_slice(json).map_err(|error| {
        let message = format!("the arguments are not JSON: {error}");
        Problem::new(Kind::Mistaken, message)
            .hint("write them as [2, 3], or as {\"x\": 2, \"y\": 3}")
    })
}

/// Reads a whole body.
pub async fn whole(headers: &HeaderMap, body: Body, limits: &Limits, most: usize) -> Answer<Bytes> {
    let announced = headers.get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > most as u64) {
        return Err(too_large(most));
    }
    let mut pieces = Pieces::new(body, limits);
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await? {
        if whole.len() + piece.len() > most {
            return Err(too_large(most));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.into())
}

/// Returns the problem of a body that is longer than that.
pub fn too_large(most: usize) -> Problem {
    Problem::new(
        Kind::TooLarge,
        format!("the body is longer than {most} bytes"),
    )
}

/// The pieces of a body as they come.
pub struct Pieces {
    body: Body,
    pause: Duration,
}

impl Pieces {
    /// Reads that body.
    pub const fn new(body: Body, limits: &Limits) -> Self {
        Self {
            body,
            pause: limits.body_pause,
        }
    }

    /// Returns the next piece. None at the end.
    pub async fn next(&mut self) -> Answer<Option<Bytes>> {
        loop {
            let frame = timeout(self.pause, self.body.frame());
            let frame = frame.await.map_err(|_| {
                let message = format!("no more of the body came for {:?}", self.pause);
                Problem::new(Kind::TooSlow, message)
            })?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|error| {
                Problem::new(Kind::Mistaken, format!("the body cannot be read: {error}"))
            })?;
            // Trailers are nothing to us.
            if let Ok(piece) = frame.into_data() {
                return Ok(Some(piece));
            }
        }
    }
}
