//! Calls, and the descriptions that they follow from.

use crate::bench::{Bench, get, request};
use axum::http::{Method, StatusCode};
use serde_json::json;
use tests::test_device::Line;

#[tokio::test]
async fn a_call_takes_its_arguments_in_order_or_by_name_and_returns_its_value() {
    let bench = Bench::new();
    for arguments in ["[2, 3]", r#"{"y": 3, "x": 2}"#, "[2.0, 3]"] {
        let answer = bench
            .call("/devices/calculator/calculator.add", arguments)
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json(), json!(5));
    }
    let nothing = request(
        Method::POST,
        "/devices/calculator/calculator.clear",
        &[],
        "",
    );
    let answer = bench.send(nothing).await;
    assert_eq!(
        (answer.status, answer.json()),
        (StatusCode::OK, json!(null))
    );
}

#[tokio::test]
async fn a_procedures_own_error_is_422_with_the_error_and_its_words() {
    let bench = Bench::new();
    let answer = bench
        .call("/devices/calculator/calculator.div", "[1, 0]")
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["error"], "DivideByZero");
    assert_eq!(
        problem["detail"],
        "calculator.div failed: divide by zero (MathError::DivideByZero)"
    );
    assert_eq!(
        (&problem["ran"], &problem["code"]),
        (&json!("once"), &json!(6))
    );
}

#[tokio::test]
async fn mistakes_in_arguments_are_400_in_the_words_of_the_program_and_nothing_is_called() {
    let bench = Bench::new();
    for (path, arguments, words) in [
        (
            "calculator.add",
            "[2]",
            "argument `y` of calculator.add is missing",
        ),
        (
            "calculator.add",
            "[1, 2, 3]",
            "calculator.add takes 2 arguments, and 3 were given",
        ),
        (
            "calculator.add",
            r#"{"x": 1, "z": 2}"#,
            "has no argument `z`",
        ),
        (
            "calculator.add",
            r#"["1", 2]"#,
            "argument `x`: expected an integer",
        ),
        (
            "calculator.add",
            "[1.5, 2]",
            "argument `x`: expected an integer",
        ),
        ("calculator.add", "[NaN, 2]", "the arguments are not JSON"),
        ("calculator.add", "[1e999, 2]", "the arguments are not JSON"),
        (
            "calculator.add",
            "[3000000000, 2]",
            "argument `x`: expected an integer",
        ),
        ("calculator.add", "7", "expected a list or an object"),
        (
            "calculator.sqrt",
            r#"["1.5"]"#,
            "argument `x`: expected a number",
        ),
        (
            "calculator.statistics",
            "[[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]]",
            "at most 16 elements",
        ),
    ] {
        let answer = bench
            .call(&format!("/devices/calculator/{path}"), arguments)
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{arguments}");
        let problem = answer.json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}");
        assert_eq!(
            (&problem["ran"], &problem["class"]),
            (&json!("never"), &json!("usage"))
        );
    }
}

#[tokio::test]
async fn numbers_that_json_lacks_have_names() {
    let bench = Bench::new();
    for (given, root) in [(r#"["nan"]"#, "nan"), (r#"["inf"]"#, "inf")] {
        let answer = bench
            .call("/devices/calculator/calculator.sqrt", given)
            .await;
        assert_eq!(answer.json(), json!(root));
    }
}

#[tokio::test]
async fn what_does_not_exist_is_404_with_what_is_like_it() {
    let bench = Bench::new();
    for (path, words) in [
        ("/devices/nobody", "there is no device `nobody`"),
        (
            "/devices/calculator/calculator.ad",
            "did you mean `calculator.add`",
        ),
        (
            "/devices/calculator/Calculator.add",
            "the device has no procedure `Calculator.add`",
        ),
        ("/nothing", "there is nothing at this path"),
    ] {
        let answer = bench.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert!(
            problem["detail"].as_str().unwrap().contains(words),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_what_it_is() {
    let bench = Bench::new();
    let problem = bench.get("/devices/nobody").await.json();
    let about = bench.get(problem["type"].as_str().unwrap()).await;
    assert_eq!(about.body, "The gateway has no such device (status 404).\n");
    assert_eq!(
        bench.get("/problems/none").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn another_method_is_405_and_says_which_one_there_is() {
    let bench = Bench::new();
    for (method, path, allowed) in [
        (Method::GET, "/devices/calculator/calculator.add", "POST"),
        (Method::PUT, "/devices/calculator/calculator.add", "POST"),
        (
            Method::POST,
            "/devices/calculator/calculator.total_changed",
            "GET",
        ),
        (Method::DELETE, "/devices", "GET,HEAD"),
        (
            Method::OPTIONS,
            "/devices/calculator/blocks/notes",
            "GET,HEAD,PUT",
        ),
    ] {
        let answer = bench.send(request(method, path, &[], "")).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.header("allow"), allowed, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}

#[tokio::test]
async fn a_device_that_is_away_is_503_or_504_and_the_call_never_ran() {
    let bench = Bench::new();
    let limit = [("timeout", "0.2"), ("content-type", "application/json")];
    let add = || {
        request(
            Method::POST,
            "/devices/counter/counter.accumulate",
            &limit,
            "[5]",
        )
    };
    for (line, status) in [
        (Line::Unplugged, StatusCode::SERVICE_UNAVAILABLE),
        (Line::Mute, StatusCode::GATEWAY_TIMEOUT),
    ] {
        bench.counter.set_line(line);
        let answer = bench.send(add()).await;
        let problem = answer.json();
        let statuses = [status, StatusCode::SERVICE_UNAVAILABLE];
        assert!(statuses.contains(&answer.status), "{problem}");
        assert_eq!(problem["ran"], "never", "{problem}");
    }
    assert_eq!(bench.journal.runs(), 0);
}

#[tokio::test]
async fn a_time_limit_is_a_number_of_seconds() {
    let bench = Bench::new();
    for (limit, status) in [
        ("1", StatusCode::OK),
        ("0.5", StatusCode::OK),
        ("3600", StatusCode::OK),
        ("0", StatusCode::BAD_REQUEST),
        ("-1", StatusCode::BAD_REQUEST),
        ("nan", StatusCode::BAD_REQUEST),
        ("inf", StatusCode::BAD_REQUEST),
        ("1e9", StatusCode::BAD_REQUEST),
        ("Second-5", StatusCode::BAD_REQUEST),
        ("", StatusCode::BAD_REQUEST),
    ] {
        let answer = bench
            .send(get("/devices/calculator/statistics", &[("timeout", limit)]))
            .await;
        assert_eq!(answer.status, status, "{limit}");
    }
}

#[tokio::test]
async fn descriptions_are_not_sent_again_to_who_has_them() {
    let bench = Bench::new();
    for path in ["/devices/calculator", "/devices/calculator/openapi.json"] {
        let first = bench.get(path).await;
        let tag = first.header("etag");
        assert!(tag.starts_with('"') && !first.body.is_empty());
        for (known, status) in [
            (tag, StatusCode::NOT_MODIFIED),
            (&*format!("\"x\", W/{tag}"), StatusCode::NOT_MODIFIED),
            ("\"x\"", StatusCode::OK),
        ] {
            let answer = bench.send(get(path, &[("if-none-match", known)])).await;
            assert_eq!(answer.status, status, "{known}");
            assert_eq!(answer.header("etag"), tag);
            assert_eq!(answer.body.is_empty(), status == StatusCode::NOT_MODIFIED);
        }
    }
}

#[tokio::test]
async fn the_document_has_each_procedure_with_its_types() {
    let bench = Bench::new();
    let document = bench.get("/devices/calculator/openapi.json").await.json();
    let add = &document["paths"]["/devices/calculator/calculator.add"]["post"];
    let value = &add["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(value["maximum"], i32::MAX);
    let total = &document["paths"]["/devices/calculator/calculator.total_changed"];
    assert!(total["get"]["responses"]["200"]["content"]["text/event-stream"].is_object());
    assert!(document["components"]["schemas"]["MathError"].is_object());
    // The counter keeps no log and has no blocks.
    let document = bench.get("/devices/counter/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    assert!(!paths.contains_key("/devices/counter/log"));
    assert!(!paths.contains_key("/devices/counter/blocks"));
}

#[tokio::test]
async fn each_device_has_its_own_state() {
    let bench = Bench::new();
    for (device, amount) in [("calculator", "[5]"), ("other", "[7]")] {
        bench
            .call(&format!("/devices/{device}/calculator.accumulate"), amount)
            .await;
    }
    for (device, total) in [("calculator", 5), ("other", 7)] {
        let answer = bench
            .call(&format!("/devices/{device}/calculator.total"), "[]")
            .await;
        assert_eq!(answer.json(), json!(total));
    }
    let list = bench.get("/devices").await.json();
    let names: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|device| &device["name"])
        .collect();
    assert_eq!(names, ["calculator", "counter", "other"]);
}

#[tokio::test]
async fn statistics_have_the_counters_of_both_ends() {
    let bench = Bench::new();
    bench
        .call("/devices/calculator/calculator.add", "[2, 3]")
        .await;
    let statistics = bench.get("/devices/calculator/statistics").await.json();
    assert!(
        statistics["device"]["frames"].as_u64().unwrap() > 0,
        "{statistics}"
    );
    assert!(
        statistics["caller"]["sent"].as_u64().unwrap() > 0,
        "{statistics}"
    );
}
