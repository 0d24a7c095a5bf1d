//! Blocks as bytes.

use crate::bench::{Bench, request};
use axum::http::{Method, StatusCode};
use serde_json::json;

const NOTES: &str = "/devices/calculator/blocks/notes";
const BYTES: (&str, &str) = ("content-type", "application/octet-stream");

#[tokio::test]
async fn a_block_that_was_written_is_listed_and_read() {
    let bench = Bench::new();
    let bytes: Vec<u8> = (0..2_000_u32).map(|byte| byte as u8).collect();
    let written = bench
        .send(request(Method::PUT, NOTES, &[BYTES], bytes.clone()))
        .await;
    assert_eq!(written.status, StatusCode::OK, "{written:?}");
    assert_eq!(written.json()["bytes"], 2_000);
    let list = bench.get("/devices/calculator/blocks").await.json();
    assert_eq!(
        list,
        json!([{"name": "notes", "length": 2_000, "capacity": 2_048}])
    );
    let read = bench.get(NOTES).await;
    assert_eq!(read.header("content-length"), "2000");
    assert_eq!(read.body, bytes);
}

#[tokio::test]
async fn a_client_that_accepts_lines_sees_how_far_writing_is() {
    let bench = Bench::new();
    let lines = [BYTES, ("accept", "application/jsonl")];
    let written = bench
        .send(request(Method::PUT, NOTES, &lines, vec![7; 1_500]))
        .await;
    let lines = written.lines();
    let (last, progress) = lines.split_last().unwrap();
    assert_eq!(
        (&last["done"], &last["bytes"]),
        (&json!(true), &json!(1_500))
    );
    assert_eq!(progress.last().unwrap()["written"], 1_500);
    let wrong = [BYTES, ("accept", "application/jsonl")];
    let refused = bench
        .send(request(Method::PUT, NOTES, &wrong, vec![7; 3_000]))
        .await;
    assert_eq!(refused.lines().last().unwrap()["problem"]["status"], 413);
}

#[tokio::test]
async fn what_is_wrong_with_a_block_is_a_problem() {
    let bench = Bench::new();
    let none = "/devices/calculator/blocks/none";
    assert_eq!(bench.get(none).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        bench.get("/devices/counter/blocks").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        bench.get("/devices/counter/blocks/x").await.status,
        StatusCode::NOT_FOUND
    );
    for (path, headers, bytes, status) in [
        (none, &[BYTES][..], vec![1], StatusCode::NOT_FOUND),
        (
            NOTES,
            &[BYTES],
            vec![1; 2_049],
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        (NOTES, &[], vec![1], StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        let answer = bench.send(request(Method::PUT, path, headers, bytes)).await;
        assert_eq!(answer.status, status, "{path}");
    }
    let empty = bench.send(request(Method::PUT, NOTES, &[BYTES], "")).await;
    assert_eq!(empty.status, StatusCode::OK);
    assert!(bench.get(NOTES).await.body.is_empty());
}
