//! Idempotency keys: a call runs exactly once, however often its client asks.

use crate::bench::{Bench, call};
use axum::http::StatusCode;
use serde_json::json;
use tests::test_device::Line;

const ACCUMULATE: &str = "/devices/counter/counter.accumulate";

#[tokio::test]
async fn a_call_that_is_repeated_by_its_key_runs_once_and_its_outcome_is_repeated() {
    let bench = Bench::new();
    let key = [("idempotency-key", "\"a-key\"")];
    for repeated in ["", "true", "true"] {
        let answer = bench.send(call(ACCUMULATE, &key, "[5]")).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!(5)));
        assert_eq!(answer.header("idempotency-repeated"), repeated);
    }
    assert_eq!(bench.journal.runs_of(5), 1);
    let other = bench.send(call(ACCUMULATE, &key, "[6]")).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(bench.journal.runs(), 1);
}

#[tokio::test]
async fn many_at_once_by_one_key_run_once() {
    let bench = Bench::new();
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(bench.send(call(ACCUMULATE, &[("idempotency-key", "k")], "[5]")));
    }
    for answer in futures_util::future::join_all(answers).await {
        assert_eq!(answer.json(), json!(5));
    }
    assert_eq!(bench.journal.runs_of(5), 1);
}

#[tokio::test]
async fn a_call_whose_answer_was_lost_is_not_made_again() {
    let bench = Bench::new();
    // Its session begins while the line is good.
    assert_eq!(bench.call(ACCUMULATE, "[1]").await.status, StatusCode::OK);
    bench.counter.set_line(Line::RepliesLost);
    let headers = [("idempotency-key", "k"), ("timeout", "0.3")];
    let first = bench.send(call(ACCUMULATE, &headers, "[5]")).await;
    assert_eq!(first.json()["ran"], "maybe", "{first:?}");
    bench.counter.set_line(Line::Good);
    let again = bench.send(call(ACCUMULATE, &headers, "[5]")).await;
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("idempotency-repeated"), "true");
    assert_eq!(bench.journal.runs_of(5), 1);
}

#[tokio::test]
async fn a_call_that_never_ran_is_made_when_its_client_asks_again() {
    let bench = Bench::new();
    bench.counter.set_line(Line::Unplugged);
    let headers = [("idempotency-key", "k"), ("timeout", "0.2")];
    let first = bench.send(call(ACCUMULATE, &headers, "[5]")).await;
    assert_eq!(first.json()["ran"], "never");
    bench.counter.set_line(Line::Good);
    let patient = [("idempotency-key", "k")];
    let again = bench.send(call(ACCUMULATE, &patient, "[5]")).await;
    assert_eq!(again.json(), json!(5));
    assert_eq!(bench.journal.runs_of(5), 1);
}

#[tokio::test]
async fn a_key_is_no_key_for_lines_and_has_plain_letters() {
    let bench = Bench::new();
    for (path, key) in [
        ("/devices/calculator/calculator.history", "k"),
        ("/devices/calculator/calculator.add", ""),
        ("/devices/calculator/calculator.add", "a b"),
        ("/devices/calculator/calculator.add", &"k".repeat(256)),
    ] {
        let answer = bench
            .send(call(path, &[("idempotency-key", key)], "[]"))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{key}");
    }
}
