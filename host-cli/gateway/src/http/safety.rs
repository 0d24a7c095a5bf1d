//! Decides who may ask: only who names the gateway as it is named, no page of another site, and who has
//! the token if there is one.
//!
//! A page of another site may have its own name lead to this machine (DNS rebinding): then the name in
//! `Host` is its own. Or it has the browser send a request across (CSRF): then `Origin` or `Sec-Fetch-Site`
//! says so, and no request that changes anything is one that a browser sends without these.

use super::Shared;
use super::problem::{Kind, Problem};
use super::rate::Rates;
use super::serve::Ends;
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, ORIGIN, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Lets a request pass, if it may.
pub async fn check(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = match permitted(&shared, &request, &shared.rates) {
        Ok(()) => explained(next.run(request).await),
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    response
}

fn permitted(shared: &Shared, request: &Request, rates: &Rates) -> Result<(), Problem> {
    let headers = request.headers();
    let ends = request.extensions().get::<Ends>().copied();
    let host = host(request).ok_or_else(|| {
        Problem::new(
            Kind::ForeignHost,
            "the request does not name the gateway in Host",
        )
    })?;
    if !is_own(host, ends.unwrap_or_default().own, &shared.access.hosts) {
        let message = format!("the gateway does not go by the name {host}");
        return Err(Problem::new(Kind::ForeignHost, message)
            .hint("name it as it is reached, or give it that name by --host"));
    }
    check_origin(request, host)?;
    rates.take(ends.unwrap_or_default().peer)?;
    if let Some(token) = &shared.access.token
        && !is_open(request)
        && !bearer(headers).is_some_and(|given| token.is(given))
    {
        return Err(
            Problem::new(Kind::NoToken, "the request does not carry the token")
                .hint("send `Authorization: Bearer TOKEN`, with the token of --token-file"),
        );
    }
    Ok(())
}

/// Returns the name by which the client reaches the gateway.
fn host(request: &Request) -> Option<&str> {
    let mut given = request.headers().get_all(HOST).iter();
    match (request.uri().authority(), given.next(), given.next()) {
        (Some(authority), _, None) => Some(authority.as_str()),
        (None, Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

/// Returns true if that host is this machine by an address, or by one of the names.
fn is_own(host: &str, own: Option<IpAddr>, names: &[String]) -> bool {
    let name = without_port(host);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse();
    match address {
        Ok(IpAddr::V4(address)) if own.is_none_or(|own| own.is_loopback()) => address.is_loopback(),
        Ok(IpAddr::V6(address)) if own.is_none_or(|own| own.is_loopback()) => address.is_loopback(),
        Ok(address) => own == Some(address),
        Err(_) => {
            let is_named = names.iter().any(|own| own.eq_ignore_ascii_case(name));
            is_named
                || own.is_none_or(|own| own.is_loopback()) && name.eq_ignore_ascii_case("localhost")
        }
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Refuses what a page of another site has sent. Following a link to the page itself is no harm.
fn check_origin(request: &Request, host: &str) -> Result<(), Problem> {
    let headers = request.headers();
    let is_own = |origin: &HeaderValue| {
        let origin = origin.to_str().unwrap_or_default();
        let own = origin
            .strip_prefix("http://")
            .or(origin.strip_prefix("https://"));
        own.is_some_and(|own| own.eq_ignore_ascii_case(host))
    };
    let is_from_own = |site: &HeaderValue| site == "same-origin" || site == "none";
    if headers.get_all(ORIGIN).iter().all(is_own)
        && (is_open(request) || headers.get_all(FETCH_SITE).iter().all(is_from_own))
    {
        return Ok(());
    }
    let message = "the request comes from a page of another site";
    Err(Problem::new(Kind::ForeignOrigin, message))
}

/// Returns true if the request is for what has no secrets and changes nothing: the page, and the question
/// if the gateway works.
fn is_open(request: &Request) -> bool {
    let path = request.uri().path();
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    is_reading && (matches!(path, "/" | "/healthz") || path.starts_with("/page/"))
}

/// Returns the token that the request carries.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Makes problem details of an answer that has none, such as to a path that cannot be decoded.
fn explained(response: Response) -> Response {
    let status = response.status();
    let is_explained = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|media_type| media_type != "text/plain; charset=utf-8");
    if is_explained || !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let kind = match status {
        StatusCode::NOT_FOUND => Kind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Kind::WrongMethod,
        _ if status.is_server_error() => Kind::Internal,
        _ => Kind::Mistaken,
    };
    let reason = status.canonical_reason().unwrap_or("it cannot be answered");
    let mut problem = Problem::new(kind, reason.to_lowercase()).into_response();
    for (name, value) in response.headers() {
        if name == axum::http::header::ALLOW {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_on_this_machine_goes_by_names_of_this_machine_only() {
        for (host, is_ours) in [
            ("localhost", true),
            ("LOCALHOST:8377", true),
            ("127.0.0.1", true),
            ("127.0.0.1:8377", true),
            ("127.5.5.5:1", true),
            ("[::1]:8377", true),
            ("[::1]", true),
            ("bench.lan:80", true),
            ("evil.example", false),
            ("localhost.evil.example:8377", false),
            ("127.0.0.1.evil.example", false),
            ("192.168.1.2:8377", false),
            ("0.0.0.0:8377", false),
            ("[fe80::1]", false),
            ("", false),
            (":8377", false),
            ("localhost:", true),
            ("localhost:evil", false),
            ("a@localhost", false),
        ] {
            for own in [None, Some(IpAddr::from([127, 0, 0, 1]))] {
                assert_eq!(is_own(host, own, &["bench.lan".into()]), is_ours, "{host}");
            }
        }
    }

    #[test]
    fn a_gateway_that_others_reach_goes_by_the_address_that_they_reach() {
        let own = Some(IpAddr::from([192, 168, 1, 2]));
        for (host, is_ours) in [
            ("192.168.1.2:8377", true),
            ("192.168.1.3:8377", false),
            ("127.0.0.1", false),
            ("localhost", false),
            ("bench.lan", true),
        ] {
            assert_eq!(is_own(host, own, &["bench.lan".into()]), is_ours, "{host}");
        }
    }
}
