//! HTTP and JSON: the routes, and the state that their handlers share.
//!
//! `safety` decides who may ask, `rate` how often, and `body` how much. `interface`, `openapi` and
//! `devices` describe; `calls` and `lines` call, all by `passage`. Failures are a `problem` each.

mod body;
mod calls;
mod devices;
mod interface;
mod keys;
mod lines;
mod operation;
mod passage;
pub mod problem;

use crate::access::Access;
use crate::device::Device;
use crate::devices::Devices;
use crate::stop::Stop;
use axum::Router;
use axum::routing::{any, get};
use keys::{KeyLimits, Keys};
use problem::{Answer, Kind, Problem};
use std::sync::Arc;
use std::time::Duration;

/// The state of all handlers.
pub struct Shared {
    devices: Arc<Devices>,
    access: Access,
    stop: Stop,
    limits: Limits,
    keys: Arc<Keys>,
}

/// The limits on what clients may take up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest body of a call, and the longest line of a body with lines, in bytes.
    pub body: usize,
    /// The time in which more of a body must come.
    pub body_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            body_pause: Duration::from_secs(10),
        }
    }
}

impl Shared {
    /// Returns the device with that name.
    fn device(&self, name: &str) -> Answer<Arc<Device>> {
        self.devices.get(name).ok_or_else(|| {
            Problem::new(Kind::NoSuchDevice, format!("there is no device `{name}`"))
                .hint("GET /devices lists those that there are")
        })
    }
}

/// Returns the service for all paths.
pub fn router(devices: Arc<Devices>, access: Access, stop: Stop) -> Router {
    let shared = Arc::new(Shared {
        devices,
        access,
        stop,
        limits: Limits::default(),
        keys: Arc::new(Keys::new(KeyLimits::default())),
    });
    Router::new()
        .route("/devices", get(devices::list))
        .route("/devices/changes", get(devices::changes))
        .route("/devices/{name}", get(interface::describe))
        .route("/devices/{name}/{path}", any(calls::by_method))
        .merge(operation::router())
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .with_state(shared)
}

async fn nothing() -> Problem {
    Problem::new(Kind::NotFound, "there is nothing at this path")
}

async fn wrong_method() -> Problem {
    Problem::new(Kind::WrongMethod, "this path has no such method")
}
