//! Calls by `POST /devices/{name}/{service}.{procedure}`.

use super::passage::Passage;
use super::problem::{Answer, Kind, Problem};
use super::{Shared, body};
use crate::device::Device;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use serial_rpc::Connection;
use serial_rpc::arguments::strict;
use serial_rpc::connection::NamedCallError;
use serial_rpc::description::Procedure;
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
    let (connection, procedure) = find(&device, &path, &headers).await?;
    match method {
        Method::POST => call(&shared, &device, connection, procedure, &headers, body).await,
        _ => Err(Problem::wrong_method(
            "POST",
            format!("{path} is called by POST"),
        )),
    }
}

/// Finds a procedure or event of the device, and a connection with the time limit that the client
/// asks for.
pub async fn find(
    device: &Device,
    path: &str,
    headers: &HeaderMap,
) -> Answer<(Connection, Procedure)> {
    let mut connection = device.connection();
    if let Some(limit) = body::time_limit(headers)? {
        connection = connection.within(limit);
    }
    let description = connection.description_async().await;
    let description = description.map_err(|error| Problem::description(&connection, error))?;
    match description.procedure(path) {
        // Other spellings are for people.
        Ok(procedure) if procedure.path == path => Ok((connection, procedure.clone())),
        Ok(procedure) => {
            let message = format!("the device has no procedure `{path}`");
            let hint = format!("it has `{}`", procedure.path);
            Err(Problem::new(Kind::NoSuchProcedure, message).hint(hint))
        }
        Err(error) => Err(Problem::call(&connection, error.into())),
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
    if procedure.is_event() {
        let error = NamedCallError::Event {
            path: procedure.path,
        };
        let problem = Problem::call(&connection, error);
        return Err(Problem::wrong_method(
            "GET",
            problem.failure.message.clone(),
        ));
    }
    let whole = body::whole(headers, body, &shared.limits, shared.limits.body).await?;
    let arguments = arguments(&connection, &procedure, body::json(headers, &whole).await?)?;
    let passage = Passage::begin(shared, device, &procedure.path)?;
    let end = connection.call_async(&procedure.path, &arguments).await;
    let value = passage.end(&connection, end)?;
    Ok(Json(value).into_response())
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
