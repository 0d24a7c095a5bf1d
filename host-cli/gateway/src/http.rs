//! HTTP and JSON: the routes, and the state that their handlers share.
//!
//! `safety` decides who may ask, `rate` how often, and `body` how much. `interface`, `openapi` and `devices`
//! describe; `calls`, `lines` and `blocks` call, all by `passage`; `keys` keeps what came of it. `events` reads from
//! `hub`. Failures are a `problem` each.

mod blocks;
mod body;
mod calls;
mod devices;
mod events;
mod hub;
mod interface;
mod keys;
mod lines;
mod openapi;
mod operation;
mod passage;
pub mod problem;
mod rate;
mod safety;
pub mod serve;
mod statistics;

use crate::access::Access;
use crate::device::Device;
use crate::devices::Devices;
use crate::stop::Stop;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use blocks::Transfers;
use hub::Hubs;
pub use keys::KeyLimits;
use keys::Keys;
use problem::{Answer, Kind, Problem};
use rate::Rates;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;

/// The state of all handlers.
#[derive(Debug)]
pub struct Shared {
    /// The devices.
    pub devices: Arc<Devices>,
    /// The limits of what programs may do.
    pub access: Access,
    /// The request to stop.
    pub stop: Stop,
    limits: Limits,
    keys: Arc<Keys>,
    hubs: Arc<Hubs>,
    transfers: Transfers,
    rates: Rates,
}

/// The limits on what clients may take up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest body of a call, and the longest line of a body with lines, in bytes.
    pub body: usize,
    /// The longest block that is written, in bytes.
    pub block: usize,
    /// The most connections.
    pub connections: usize,
    /// The most requests of a peer in a second.
    pub requests: u32,
    /// The time in which more of a body must come.
    pub body_pause: Duration,
    /// The limits on outcomes that are kept by idempotency keys.
    pub keys: KeyLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            block: 16 << 20,
            connections: 1024,
            requests: 100_000,
            body_pause: Duration::from_secs(10),
            keys: KeyLimits::default(),
        }
    }
}

impl Shared {
    /// Creates the state.
    pub fn new(devices: Arc<Devices>, access: Access, stop: Stop, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            devices,
            access,
            stop,
            limits,
            keys: Arc::new(Keys::new(limits.keys)),
            hubs: Arc::default(),
            transfers: Transfers::default(),
            rates: Rates::new(limits.requests),
        })
    }

    /// Returns the device with that name.
    fn device(&self, name: &str) -> Answer<Arc<Device>> {
        self.devices.get(name).ok_or_else(|| {
            Problem::new(Kind::NoSuchDevice, format!("there is no device `{name}`"))
                .hint("GET /devices lists those that there are")
        })
    }
}

/// Returns the service for all paths.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/devices", get(devices::list))
        .route("/devices/changes", get(devices::changes))
        .route("/devices/{name}", get(interface::describe))
        .route("/devices/{name}/openapi.json", get(openapi::document))
        .route("/devices/{name}/events", get(events::events))
        .route("/devices/{name}/log", get(events::log))
        .route("/devices/{name}/statistics", get(statistics::statistics))
        .route("/devices/{name}/blocks", get(blocks::list))
        .route(
            "/devices/{name}/blocks/{block}",
            get(blocks::read).put(blocks::write),
        )
        .route("/devices/{name}/{path}", any(calls::by_method))
        .merge(crate::page::router())
        .route("/problems/{kind}", get(problem::about))
        .merge(operation::router())
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(&shared), safety::check))
        .with_state(shared)
}

async fn nothing() -> Problem {
    Problem::new(Kind::NotFound, "there is nothing at this path")
}

async fn wrong_method() -> Problem {
    Problem::new(Kind::WrongMethod, "this path has no such method")
}

/// Answers a request whose handler has panicked, which ends nothing else.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem::new(
        Kind::Internal,
        "the gateway has a fault, which its log shows",
    )
    .may_have_run()
    .into_response()
}
