//! The list of devices, once and whenever it changes.

use super::interface::identity;
use super::problem::Answer;
use super::{Shared, body};
use crate::device::Device;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;

/// `GET /devices`.
pub async fn list(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(listed(&shared))
}

/// `GET /devices/changes`: the same list, now and whenever it is another.
pub async fn changes(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Answer<Response> {
    let over = body::over(body::time_limit(&headers)?, shared.stop.clone());
    let mut changes = shared.devices.changes();
    changes.mark_changed();
    let told = stream::unfold(
        (shared, changes, None),
        |(shared, mut changes, before)| async move {
            loop {
                changes.changed().await.ok()?;
                let list = listed(&shared);
                if before.as_ref() != Some(&list) {
                    let event = Event::default().event("devices").data(list.to_string());
                    return Some((Ok::<_, Infallible>(event), (shared, changes, Some(list))));
                }
            }
        },
    );
    Ok(Sse::new(told.take_until(over))
        .keep_alive(KeepAlive::default())
        .into_response())
}

fn listed(shared: &Shared) -> Value {
    let devices = shared.devices.all();
    devices.iter().map(|device| state(device)).collect()
}

fn state(device: &Device) -> Value {
    let status = device.status();
    json!({
        "name": device.name(),
        "port": status.port,
        "state": status.presence.to_string(),
        "interface": status.interface.as_deref().map(identity),
        "problem": status.problem,
    })
}
