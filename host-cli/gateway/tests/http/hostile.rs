//! Clients that mean harm: each is refused or cut off, and others are served meanwhile.

use crate::bench::{Bench, PATIENT, call, request};
use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode};
use futures_util::stream::{self, StreamExt};
use serde_json::json;
use serial_rpc_gateway::access::Access;
use serial_rpc_gateway::http::{KeyLimits, Limits};
use std::convert::Infallible;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const ADD: &str = "/devices/calculator/calculator.add";

fn strict() -> Limits {
    Limits {
        body: 1_000,
        block: 10_000,
        body_pause: Duration::from_millis(100),
        connections: 8,
        keys: KeyLimits {
            keys: 10,
            ..KeyLimits::default()
        },
        ..Limits::default()
    }
}

fn bench() -> Bench {
    Bench::with(Access::default(), strict())
}

async fn serves_others(bench: &Bench) {
    assert_eq!(bench.call(ADD, "[2, 3]").await.json(), json!(5));
}

/// Returns a body that never ends.
fn endless() -> Body {
    let piece = Bytes::from_static(&[b' '; 100]);
    Body::from_stream(stream::repeat(Ok::<_, Infallible>(piece)))
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_before_it_is_kept() {
    let bench = bench();
    let notes = "/devices/calculator/blocks/notes";
    let replay = "/devices/calculator/calculator.replay";
    for (method, path, media_type, body) in [
        (
            Method::POST,
            ADD,
            "application/json",
            Body::from(" ".repeat(1_001)),
        ),
        (Method::POST, ADD, "application/json", endless()),
        (Method::PUT, notes, "application/octet-stream", endless()),
        // A line without an end.
        (Method::POST, replay, "application/jsonl", endless()),
    ] {
        let headers = [("content-type", media_type)];
        let answer = bench.send(request(method, path, &headers, body)).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    // What is announced is not read at all.
    let headers = [
        ("content-length", "1000000000000"),
        ("content-type", "application/json"),
    ];
    let answer = bench.send(request(Method::POST, ADD, &headers, "")).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    serves_others(&bench).await;
}

#[tokio::test]
async fn a_body_that_stops_coming_is_given_up() {
    let bench = bench();
    for (path, media_type, begin) in [
        (ADD, "application/json", "[2,"),
        (
            "/devices/calculator/calculator.replay",
            "application/jsonl",
            "[]\n\"Clear\"\n",
        ),
    ] {
        let begin = stream::once(async move { Ok::<_, Infallible>(Bytes::from(begin)) });
        let body = Body::from_stream(begin.chain(stream::pending()));
        let headers = [("content-type", media_type)];
        let answer = bench
            .send(request(Method::POST, path, &headers, body))
            .await;
        assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{path}");
    }
    serves_others(&bench).await;
}

#[tokio::test]
async fn json_that_is_deep_or_broken_is_refused() {
    let bench = Bench::new();
    for body in [
        "[".repeat(100_000),
        "{\"x\":".repeat(100_000),
        "[1, 2".to_owned(),
        "\u{0}".to_owned(),
        "[1, 2] x".to_owned(),
        "\"\\ud800\"".to_owned(),
    ] {
        let answer = bench.call(ADD, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.body.len() < 1_000, "what was sent is not sent back");
    }
    let not_text = bench.call(ADD, vec![b'"', 0xff, b'"']).await;
    assert_eq!(not_text.status, StatusCode::BAD_REQUEST);
    serves_others(&bench).await;
}

#[tokio::test]
async fn thousands_of_keys_do_not_push_out_those_of_others() {
    let bench = bench();
    let keyed = |key: &str, body: &'static str| {
        call(
            "/devices/counter/counter.accumulate",
            &[("idempotency-key", key)],
            body,
        )
    };
    assert_eq!(
        bench.send(keyed("mine", "[5]")).await.status,
        StatusCode::OK
    );
    let mut refused = 0;
    for number in 0..2_000 {
        let answer = bench.send(keyed(&format!("key-{number}"), "[0]")).await;
        refused += u32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(refused, 2_000 - 9);
    let again = bench.send(keyed("mine", "[5]")).await;
    assert_eq!(again.header("idempotency-repeated"), "true");
    assert_eq!(bench.journal.runs_of(5), 1);
    serves_others(&bench).await;
}

#[tokio::test]
async fn who_asks_too_often_is_refused() {
    let limits = Limits {
        requests: 5,
        ..Limits::default()
    };
    let bench = Bench::with(Access::default(), limits);
    let mut statuses = Vec::new();
    for _ in 0..50 {
        statuses.push(bench.get("/healthz").await.status);
    }
    assert_eq!(statuses[..5], [StatusCode::OK; 5]);
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS));
}

/// Sends text, and returns all that comes back until the connection is closed.
async fn said(stream: &mut TcpStream, text: &str) -> String {
    // It may be closed already.
    let _ = stream.write_all(text.as_bytes()).await;
    let mut answer = Vec::new();
    let read = timeout(PATIENT, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("it is closed in time");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn bytes_that_are_no_http_end_their_connection_only() {
    let bench = bench();
    let address = bench.served().await;
    for text in [
        "\u{0}\u{1}\u{2}\r\n\r\n",
        "GET /devices HTTP/9.9\r\n\r\n",
        "GET  HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /devices HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "POST /devices HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        &format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
            "x".repeat(100_000)
        ),
        &format!("GET / HTTP/1.1\r\n{}\r\n", "X: x\r\n".repeat(1_000)),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = said(&mut stream, text).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    let good = "GET /devices HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(said(&mut stream, good).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn connections_that_say_nothing_do_not_keep_others_out_for_ever() {
    let bench = bench();
    let address = bench.served().await;
    // Half of all connections may be of one peer.
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut one_too_many = TcpStream::connect(address).await.unwrap();
    let get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(said(&mut one_too_many, get).await, "");
    drop(silent.pop());
    // The gateway sees the end of that connection soon.
    let served = async {
        loop {
            let mut stream = TcpStream::connect(address).await.unwrap();
            if said(&mut stream, get).await.starts_with("HTTP/1.1 200 OK") {
                return;
            }
        }
    };
    timeout(PATIENT, served).await.unwrap();
}

#[tokio::test]
async fn a_client_that_breaks_off_a_stream_or_a_body_harms_no_other() {
    let bench = bench();
    let address = bench.served().await;
    for text in [
        "POST /devices/calculator/calculator.history HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /devices/calculator/calculator.add HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n[1,",
        "GET /devices/calculator/log HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /devices/calculator/blocks/notes HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "PUT /devices/calculator/blocks/notes HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nxyz",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        drop(stream);
        serves_others(&bench).await;
    }
    // A block that nobody finished to send was never begun.
    let notes = bench.get("/devices/calculator/blocks/notes").await;
    assert_eq!((notes.status, notes.body.len()), (StatusCode::OK, 0));
}
