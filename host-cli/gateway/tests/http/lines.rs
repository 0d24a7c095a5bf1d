//! Streams and feeds, a line for each item.

use crate::bench::{Bench, request};
use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode};
use futures_util::stream;
use serde_json::{Value, json};
use std::convert::Infallible;

const REPLAY: &str = "/devices/calculator/calculator.replay";

async fn replay(bench: &Bench, lines: impl Into<Body>) -> crate::bench::Answer {
    let jsonl = [("content-type", "application/jsonl")];
    bench
        .send(request(Method::POST, REPLAY, &jsonl, lines))
        .await
}

#[tokio::test]
async fn a_stream_is_a_line_for_each_item() {
    let bench = Bench::new();
    for amount in 1..=3 {
        let arguments = format!("[{amount}]");
        bench
            .call("/devices/calculator/calculator.accumulate", arguments)
            .await;
    }
    let answer = bench
        .call("/devices/calculator/calculator.history", "[]")
        .await;
    assert_eq!(answer.header("content-type"), "application/jsonl");
    let operations: Vec<Value> = answer
        .lines()
        .into_iter()
        .map(|line| line["item"]["operation"].clone())
        .collect();
    let expected = [
        json!({"Accumulate": 1}),
        json!({"Accumulate": 2}),
        json!({"Accumulate": 3}),
    ];
    assert_eq!(operations, expected);
}

#[tokio::test]
async fn a_stream_without_items_has_no_lines() {
    let bench = Bench::new();
    let answer = bench
        .call("/devices/calculator/calculator.history", "[]")
        .await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn a_feed_takes_more_items_than_fit_a_body_in_whatever_pieces_they_come() {
    let bench = Bench::new();
    let line = "{\"Accumulate\": 1}\n";
    let text = format!("[]\n{}", line.repeat(5_000));
    let pieces: Vec<Bytes> = text
        .as_bytes()
        .chunks(97)
        .map(Bytes::copy_from_slice)
        .collect();
    let pieces = stream::iter(pieces.into_iter().map(Ok::<_, Infallible>));
    let answer = replay(&bench, Body::from_stream(pieces)).await;
    assert_eq!(answer.json(), json!(5_000));
}

#[tokio::test]
async fn a_feed_may_also_come_as_one_list() {
    let bench = Bench::new();
    let answer = bench
        .call(REPLAY, r#"[[{"Accumulate": 2}, {"Accumulate": 3}]]"#)
        .await;
    assert_eq!(answer.json(), json!(5));
}

#[tokio::test]
async fn a_mistake_in_a_line_names_it_and_tells_how_many_items_were_taken() {
    let bench = Bench::new();
    for (lines, words, hint) in [
        ("", "the first line has the arguments", None),
        ("[1]\n", "takes 0 arguments", None),
        (
            "[]\n{\"Accumulate\": 1}\nx\n",
            "line 3: the item is not JSON",
            Some("no item was sent"),
        ),
        (
            "[]\n\n{\"Accumulate\": \"1\"}\n",
            "line 3: `Accumulate`: expected an integer",
            Some("no item was sent"),
        ),
    ] {
        let answer = replay(&bench, lines).await;
        let problem = answer.json();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains(words),
            "{problem}"
        );
        assert_eq!(problem["hint"].as_str(), hint);
        assert_eq!(problem["ran"], "never");
    }
    let many = format!("[]\n{}x\n", "{\"Accumulate\": 1}\n".repeat(1_000));
    let problem = replay(&bench, many).await.json();
    let hint = problem["hint"].as_str().unwrap();
    let taken = hint.strip_prefix("the first ").unwrap();
    let taken: u32 = taken
        .strip_suffix(" items were taken")
        .unwrap()
        .parse()
        .unwrap();
    let total = bench
        .call("/devices/calculator/calculator.total", "[]")
        .await
        .json();
    assert_eq!(total, json!(taken));
    assert_eq!(problem["ran"], "maybe");
}
