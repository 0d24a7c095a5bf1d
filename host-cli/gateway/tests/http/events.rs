//! Events and the log, and what a client learns that was away.

use crate::bench::{Bench, PATIENT, get};
use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tests::test_device::Line;
use tokio::time::timeout;

const HAPPENED: &str = "/devices/counter/counter.happened";

/// A client that follows events.
struct Follower {
    body: Body,
    text: String,
}

/// An event that a client received.
#[derive(Debug, Default)]
struct Received {
    event: String,
    id: String,
    data: Value,
}

impl Follower {
    async fn begin(bench: &Bench, path: &str, headers: &[(&str, &str)]) -> Self {
        let response = bench.begin(get(path, headers)).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body(),
            text: String::new(),
        }
    }

    /// Waits for the next event. None at the end.
    async fn next(&mut self) -> Option<Received> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.text = rest;
                let mut received = Received::default();
                for line in message.lines() {
                    match line.split_once(": ") {
                        Some(("event", name)) => received.event = name.to_owned(),
                        Some(("id", id)) => received.id = id.to_owned(),
                        Some(("data", data)) => {
                            received.data = serde_json::from_str(data).unwrap();
                        }
                        _ => {}
                    }
                }
                if !received.event.is_empty() {
                    return Some(received);
                }
                continue;
            }
            let frame = timeout(PATIENT, self.body.frame())
                .await
                .expect("it comes in time");
            let bytes = frame?.unwrap().into_data().unwrap();
            self.text += str::from_utf8(&bytes).unwrap();
        }
    }
}

#[tokio::test]
async fn events_come_to_every_client_of_every_device() {
    let bench = Bench::new();
    let mut followers = vec![];
    for path in [
        HAPPENED,
        HAPPENED,
        "/devices/calculator/calculator.total_changed",
        "/devices/other/calculator.total_changed",
    ] {
        followers.push(Follower::begin(&bench, path, &[]).await);
    }
    bench.happen("rain");
    bench
        .call("/devices/calculator/calculator.accumulate", "[5]")
        .await;
    bench
        .call("/devices/other/calculator.accumulate", "[7]")
        .await;
    for (follower, event, data) in [
        (0, "counter.happened", json!({"what": "rain"})),
        (1, "counter.happened", json!({"what": "rain"})),
        (2, "calculator.total_changed", json!({"total": 5})),
        (3, "calculator.total_changed", json!({"total": 7})),
    ] {
        let received = followers[follower].next().await.unwrap();
        assert_eq!(received.event, event);
        assert_eq!(
            received.data,
            json!({"data": data, "lost": 0, "gap": false})
        );
    }
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_has_missed() {
    let bench = Bench::new();
    let mut first = Follower::begin(&bench, HAPPENED, &[]).await;
    bench.happen("one");
    let seen = first.next().await.unwrap();
    drop(first);
    let id = [("last-event-id", seen.id.as_str())];
    // One that stays, to know when they have come.
    let mut other = Follower::begin(&bench, HAPPENED, &[]).await;
    for what in ["two", "three"] {
        bench.happen(what);
        other.next().await.unwrap();
    }
    let mut back = Follower::begin(&bench, HAPPENED, &id).await;
    for what in ["two", "three"] {
        let received = back.next().await.unwrap();
        assert_eq!(
            received.data,
            json!({"data": {"what": what}, "lost": 0, "gap": false})
        );
    }
}

#[tokio::test]
async fn a_client_that_was_away_for_too_long_is_told_at_once_that_nobody_knows() {
    let bench = Bench::new();
    let mut back = Follower::begin(&bench, HAPPENED, &[("last-event-id", "00000000-7")]).await;
    let told = back.next().await.unwrap();
    assert_eq!(told.event, "gap");
    assert_eq!(told.data, json!({"lost": null, "of": "counter.happened"}));
    bench.happen("rain");
    assert_eq!(back.next().await.unwrap().data["gap"], true);
}

#[tokio::test]
async fn several_events_and_the_log_come_in_one_answer() {
    let bench = Bench::new();
    let path = "/devices/calculator/events?of=calculator.total_changed,log";
    let mut both = Follower::begin(&bench, path, &[]).await;
    bench
        .call("/devices/calculator/calculator.accumulate", "[5]")
        .await;
    let total = both.next().await.unwrap();
    assert_eq!(total.event, "calculator.total_changed");
    bench
        .call("/devices/calculator/calculator.div", "[1, 0]")
        .await;
    let line = both.next().await.unwrap();
    assert_eq!(line.event, "log");
    let expected = json!({
        "level": "warn",
        "target": "calculator",
        "text": "asked to divide by zero",
        "lost": 0,
        "gap": false,
    });
    assert_eq!(line.data, expected);
    // The id is the place in both.
    bench
        .call("/devices/calculator/calculator.accumulate", "[1]")
        .await;
    both.next().await.unwrap();
    let mut back = Follower::begin(&bench, path, &[("last-event-id", &total.id)]).await;
    let mut names = [
        back.next().await.unwrap().event,
        back.next().await.unwrap().event,
    ];
    names.sort();
    assert_eq!(names, ["calculator.total_changed", "log"]);
}

#[tokio::test]
async fn a_reset_and_a_pulled_plug_are_told_and_following_goes_on() {
    let bench = Bench::new();
    let mut follower = Follower::begin(&bench, HAPPENED, &[]).await;
    bench.happen("before");
    follower.next().await.unwrap();
    bench.counter.set_line(Line::Unplugged);
    let away = follower.next().await.unwrap();
    assert_eq!(
        (away.event.as_str(), &away.data["class"]),
        ("problem", &json!("port"))
    );
    bench.reset();
    bench.counter.set_line(Line::Good);
    // It is not subscribed again at once.
    let received = loop {
        bench.happen("after");
        if let Ok(received) = timeout(std::time::Duration::from_millis(50), follower.next()).await {
            break received.unwrap();
        }
    };
    assert_eq!(received.data["data"], json!({"what": "after"}));
    assert_eq!(received.data["gap"], true);
}

#[tokio::test]
async fn following_ends_at_the_time_limit_and_when_the_gateway_stops() {
    let bench = Bench::new();
    for path in [HAPPENED, "/devices/calculator/log", "/devices/changes"] {
        let mut limited = Follower::begin(&bench, path, &[("timeout", "0.1")]).await;
        while limited.next().await.is_some() {}
    }
    let mut follower = Follower::begin(&bench, HAPPENED, &[]).await;
    bench.stop();
    assert!(follower.next().await.is_none());
    let call = bench
        .call("/devices/counter/counter.accumulate", "[5]")
        .await;
    assert_eq!(call.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(call.json()["ran"], "never");
}

#[tokio::test]
async fn what_cannot_be_followed_is_a_problem() {
    let bench = Bench::new();
    for (path, status) in [
        ("/devices/counter/log", StatusCode::NOT_FOUND),
        ("/devices/counter/events", StatusCode::BAD_REQUEST),
        ("/devices/counter/events?of=", StatusCode::BAD_REQUEST),
        (
            "/devices/counter/events?of=counter.double",
            StatusCode::BAD_REQUEST,
        ),
        (
            "/devices/counter/events?of=counter.hapened",
            StatusCode::NOT_FOUND,
        ),
        (
            "/devices/counter/events?of=log&of=log",
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let answer = bench.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let many = ["counter.happened"; 33].join(",");
    let answer = bench
        .get(&format!("/devices/counter/events?of={many}"))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_list_of_devices_comes_again_when_one_is_unplugged() {
    let bench = Bench::new();
    let mut changes = Follower::begin(&bench, "/devices/changes", &[]).await;
    let state = |list: &Value| {
        let mut devices = list.as_array().unwrap().iter();
        devices.find(|device| device["name"] == "counter").unwrap()["state"].clone()
    };
    let mut until = async |wanted: &str| {
        while state(&changes.next().await.unwrap().data) != wanted {}
    };
    until("present").await;
    bench.counter.set_line(Line::Unplugged);
    until("absent").await;
    bench.counter.set_line(Line::Good);
    until("present").await;
}
