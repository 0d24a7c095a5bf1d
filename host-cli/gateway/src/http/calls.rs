//! Calls by `POST /devices/{name}/{service}.{procedure}`.

use super::keys::{self, Outcome};
use super::passage::Passage;
use super::problem::{Answer, Kind, Problem};
use super::{Shared, body, events, interface, lines};
use crate::device::Device;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use rpc_proto::describe::digest;
use serde_json::Value;
use serial_rpc::Connection;
use serial_rpc::arguments::strict;
use serial_rpc::connection::NamedCallError;
use serial_rpc::description::{Procedure, ProcedureKind};
use std::sync::Arc;

/// `POST` to a procedure, or `GET` of an event.
pub async fn by_method(
    State(shared): State<Arc<Shared>>,
    Path((name, path)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    let device = shared.device(&name)?;
    let (connection, procedure) = interface::find(&device, &path, &headers).await?;
    match method {
        Method::POST if !procedure.is_event() => {
            call(&shared, &device, connection, procedure, &headers, body).await
        }
        Method::GET if procedure.is_event() => {
            events::event(&shared, &device, procedure, &headers).await
        }
        _ if procedure.is_event() => {
            let message = NamedCallError::Event { path }.to_string();
            Err(Problem::wrong_method("GET", message).hint("GET follows it"))
        }
        _ => {
            let message = format!("{path} is called by POST");
            Err(Problem::wrong_method("POST", message))
        }
    }
}

/// Makes a call.
async fn call(
    shared: &Arc<Shared>,
    device: &Arc<Device>,
    connection: Connection,
    procedure: Procedure,
    headers: &HeaderMap,
    body: Body,
) -> Answer<Response> {
    let key = keys::given(headers)?;
    let has_lines = procedure.kind == ProcedureKind::Feed && lines::are_in(headers);
    if key.is_some() && (has_lines || procedure.kind.is_stream()) {
        let message = "an idempotency key is for calls, and not for lines of items";
        return Err(Problem::new(Kind::Mistaken, message));
    }
    if has_lines {
        let passage = Passage::begin(shared, device, &procedure.path)?;
        let value = lines::feed(shared, passage, connection, &procedure, body).await?;
        return Ok(Json(value).into_response());
    }
    let whole = body::whole(headers, body, &shared.limits, shared.limits.body).await?;
    let arguments = arguments(&connection, &procedure, body::json(headers, &whole)?)?;
    if procedure.kind.is_stream() {
        let passage = Passage::begin(shared, device, &procedure.path)?;
        return lines::items(passage, connection, &procedure, &arguments).await;
    }
    let request = digest(&[procedure.path.as_bytes(), b"\n", &whole]);
    let idempotent = procedure.idempotent;
    let made = made(
        Arc::clone(shared),
        Arc::clone(device),
        connection,
        procedure,
        arguments,
    );
    match key {
        None => Ok(Json(made.await?).into_response()),
        Some(key) => {
            let made = async move { Outcome::new(&made.await, idempotent) };
            shared.keys.once(device.name(), key, request, made).await
        }
    }
}

async fn made(
    shared: Arc<Shared>,
    device: Arc<Device>,
    connection: Connection,
    procedure: Procedure,
    arguments: Value,
) -> Answer<Value> {
    let passage = Passage::begin(&shared, &device, &procedure.path)?;
    let end = connection.call_async(&procedure.path, &arguments).await;
    passage.end(&connection, end)
}

/// Returns the arguments in the form that the document allows.
fn arguments(
    connection: &Connection,
    procedure: &Procedure,
    given: Option<Value>,
) -> Answer<Value> {
    let mut arguments = given.unwrap_or_else(|| Value::Array(Vec::new()));
    strict(procedure, &mut arguments).map_err(|error| Problem::call(connection, error.into()))?;
    Ok(arguments)
}
