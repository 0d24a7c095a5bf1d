//! Who may ask, and for what.

use crate::bench::{Bench, call, get, request};
use axum::http::{Method, StatusCode};
use serial_rpc_gateway::access::{Access, Token};
use serial_rpc_gateway::http::Limits;
use std::fs;

const ADD: &str = "/devices/calculator/calculator.add";

#[tokio::test]
async fn a_request_that_names_another_host_is_refused() {
    let bench = Bench::new();
    for host in [
        "evil.example",
        "evil.example:8377",
        "192.168.1.2",
        "localhost.evil.example",
    ] {
        let answer = bench.send(get("/devices", &[("host", host)])).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    let mut nameless = get("/devices", &[]);
    nameless.headers_mut().remove("host");
    assert_eq!(
        bench.send(nameless).await.status,
        StatusCode::MISDIRECTED_REQUEST
    );
    let mut twice = get("/devices", &[]);
    twice
        .headers_mut()
        .append("host", "evil.example".parse().unwrap());
    assert_eq!(
        bench.send(twice).await.status,
        StatusCode::MISDIRECTED_REQUEST
    );
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_and_the_gateways_own_is_not() {
    let bench = Bench::new();
    for (headers, status) in [
        (&[("origin", "http://localhost:8377")][..], StatusCode::OK),
        (
            &[
                ("origin", "http://localhost:8377"),
                ("sec-fetch-site", "same-origin"),
            ],
            StatusCode::OK,
        ),
        (&[("sec-fetch-site", "none")], StatusCode::OK),
        (&[("origin", "http://evil.example")], StatusCode::FORBIDDEN),
        (
            &[("origin", "http://localhost:1234")],
            StatusCode::FORBIDDEN,
        ),
        (&[("origin", "null")], StatusCode::FORBIDDEN),
        (&[("origin", "")], StatusCode::FORBIDDEN),
        (&[("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        (&[("sec-fetch-site", "same-site")], StatusCode::FORBIDDEN),
    ] {
        let answer = bench.send(call(ADD, headers, "[2, 3]")).await;
        assert_eq!(answer.status, status, "{headers:?}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    }
}

#[tokio::test]
async fn a_body_that_a_form_can_send_is_refused() {
    let bench = Bench::new();
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let headers = [("content-type", media_type)];
        let answer = bench
            .send(request(Method::POST, ADD, &headers, "[2, 3]"))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{media_type}"
        );
    }
    let headers = [("content-type", "Application/JSON; charset=utf-8")];
    let answer = bench
        .send(request(Method::POST, ADD, &headers, "[2, 3]"))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[cfg(unix)]
#[tokio::test]
async fn without_the_token_nothing_is_answered_but_the_question_if_it_works() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "0123456789abcdef").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let access = Access {
        token: Some(Token::read(&file).unwrap()),
        hosts: vec!["bench.lan".into()],
        ..Access::default()
    };
    let bench = Bench::with(access, Limits::default());
    for (authorization, status) in [
        ("Bearer 0123456789abcdef", StatusCode::OK),
        ("bearer 0123456789abcdef", StatusCode::OK),
        ("Bearer 0123456789abcdeF", StatusCode::UNAUTHORIZED),
        ("Bearer ", StatusCode::UNAUTHORIZED),
        ("Basic 0123456789abcdef", StatusCode::UNAUTHORIZED),
        ("0123456789abcdef", StatusCode::UNAUTHORIZED),
    ] {
        let headers = [("authorization", authorization), ("host", "bench.lan:8377")];
        let answer = bench.send(get("/devices", &headers)).await;
        assert_eq!(answer.status, status, "{authorization}");
        if status == StatusCode::UNAUTHORIZED {
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    for path in [
        "/devices",
        "/devices/calculator",
        "/metrics",
        "/page",
        "/nothing",
    ] {
        assert_eq!(
            bench.get(path).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    assert_eq!(bench.get("/healthz").await.status, StatusCode::OK);
    let document = get(
        "/devices/calculator/openapi.json",
        &[("authorization", "Bearer 0123456789abcdef")],
    );
    let document = bench.send(document).await.json();
    assert_eq!(
        document["components"]["securitySchemes"]["token"]["scheme"],
        "bearer"
    );
}

#[tokio::test]
async fn read_only_leaves_what_changes_nothing() {
    let access = Access {
        read_only: true,
        ..Access::default()
    };
    let bench = Bench::with(access, Limits::default());
    for path in [
        "/devices/calculator",
        "/devices/calculator/blocks",
        "/devices/calculator/blocks/notes",
        "/devices/calculator/statistics",
    ] {
        assert_eq!(bench.get(path).await.status, StatusCode::OK, "{path}");
    }
    let bytes = [("content-type", "application/octet-stream")];
    for request in [
        call(ADD, &[], "[2, 3]"),
        call("/devices/calculator/calculator.history", &[], "[]"),
        call("/devices/calculator/blocks.write", &[], r#"[0, "0x00"]"#),
        request(Method::PUT, "/devices/calculator/blocks/notes", &bytes, "x"),
    ] {
        let answer = bench.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.json()["ran"], "never");
    }
}
