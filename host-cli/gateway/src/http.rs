//! HTTP and JSON: the routes, and the state that their handlers share.

use crate::devices::Devices;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

/// Returns the service for all paths.
pub fn router(devices: Arc<Devices>) -> Router {
    Router::new()
        .route("/devices", get(list))
        .with_state(devices)
}

/// Lists the devices.
async fn list(State(devices): State<Arc<Devices>>) -> Json<Value> {
    let devices = devices.all();
    let names = devices.iter().map(|device| json!({"name": device.name()}));
    Json(Value::Array(names.collect()))
}
