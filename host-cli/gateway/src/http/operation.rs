//! What those who operate a gateway ask it: if it works, and what it has counted.

use super::Shared;
use crate::device::Presence;
use crate::metrics::{self, Measured};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use std::sync::Arc;

/// The type of the text format of Prometheus.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Returns the service for these paths.
pub fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
}

/// Says if new calls are taken. A device that is absent is no fault of the gateway.
async fn health(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    match shared.stop.is_requested() {
        false => (StatusCode::OK, Json(json!({"status": "ok"}))),
        true => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({"status": "stopping"})),
        ),
    }
}

/// Returns what was counted, for Prometheus.
async fn metrics(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let devices = shared.devices.all();
    let measured: Vec<Measured> = devices
        .iter()
        .map(|device| Measured {
            name: device.name().to_owned(),
            is_present: device.status().presence == Presence::Present,
            metrics: device.metrics().clone(),
            link: device.connection().counters(),
        })
        .collect();
    ([(CONTENT_TYPE, PROMETHEUS)], metrics::text(&measured))
}
