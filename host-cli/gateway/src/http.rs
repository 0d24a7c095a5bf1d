//! HTTP and JSON: the routes, and the state that their handlers share.

mod operation;

use crate::access::Access;
use crate::devices::Devices;
use crate::stop::Stop;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

/// The state that the handlers share.
#[derive(Debug)]
pub struct Shared {
    /// The devices.
    pub devices: Arc<Devices>,
    /// The limits of what programs may do.
    pub access: Access,
    /// The request to stop.
    pub stop: Stop,
}

/// Returns the service for all paths.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/devices", get(list))
        .merge(operation::router())
        .with_state(shared)
}

/// Lists the devices.
async fn list(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let devices = shared.devices.all();
    let names = devices.iter().map(|device| json!({"name": device.name()}));
    Json(Value::Array(names.collect()))
}
