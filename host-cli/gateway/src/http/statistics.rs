//! The counters of the link to a device, of both ends.

use super::problem::Answer;
use super::{Shared, body};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serial_rpc::failure::Failure;
use std::sync::Arc;

/// `GET /devices/{name}/statistics`.
pub async fn statistics(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let device = shared.device(&name)?;
    let connection = body::within(device.connection(), &headers)?;
    let statistics = connection.statistics_async().await;
    let statistics = statistics.map_err(|error| Failure::call(&connection, true, error))?;
    Ok(Json(statistics).into_response())
}
