//! The interface of a device as JSON, made from its description.

use super::problem::{Answer, Kind, Problem};
use super::{Shared, body};
use crate::device::{Device, Interface};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use serial_rpc::Connection;
use serial_rpc::description::{Description, Procedure, ProcedureKind, Type};
use serial_rpc::value::expectation;
use std::sync::Arc;

/// `GET /devices/{name}`.
pub async fn describe(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let device = shared.device(&name)?;
    let interface = known(&device).await?;
    Ok(tagged(&headers, &interface, || {
        described(&device, &interface)
    }))
}

/// Returns the interface of a device; the last one if it is away.
pub async fn known(device: &Device) -> Answer<Arc<Interface>> {
    if let Some(interface) = device.interface() {
        return Ok(interface);
    }
    let read = device.read_interface().await;
    read.map_err(|error| Problem::description(&device.connection(), error))
}

/// Finds a procedure or event of the device, and a connection with the time limit that the client
/// asks for.
pub async fn find(
    device: &Device,
    path: &str,
    headers: &HeaderMap,
) -> Answer<(Connection, Procedure)> {
    let connection = body::within(device.connection(), headers)?;
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

/// Answers with what is made from the interface, or that the client has it already.
pub fn tagged(
    headers: &HeaderMap,
    interface: &Interface,
    make: impl FnOnce() -> Value,
) -> Response {
    // Another version of this program may make something else of it.
    let tag = format!(
        "\"{:08x}-{}\"",
        interface.fingerprint,
        env!("CARGO_PKG_VERSION")
    );
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let known = known.filter_map(|value| value.to_str().ok());
    let is_known = known
        .flat_map(|tags| tags.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == "*" || known == tag);
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Json(make()).into_response(),
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Returns the identity of an interface.
pub fn identity(interface: &Interface) -> Value {
    let Description { name, version, .. } = &*interface.description;
    json!({
        "name": name,
        "version": version,
        "fingerprint": format!("{:#010x}", interface.fingerprint),
    })
}

fn described(device: &Device, interface: &Interface) -> Value {
    let services = interface.description.services.iter().map(|service| {
        json!({
            "name": service.name,
            "doc": service.doc,
            "procedures": service.procedures.iter().map(procedure).collect::<Vec<_>>(),
        })
    });
    json!({
        "name": device.name(),
        "interface": identity(interface),
        "services": services.collect::<Vec<_>>(),
    })
}

fn procedure(procedure: &Procedure) -> Value {
    let arguments = procedure.arguments.iter().map(|argument| {
        json!({
            "name": argument.name,
            "type": argument.ty.json_schema(),
            "expected": expectation(&argument.ty),
        })
    });
    json!({
        "name": procedure.name(),
        "path": procedure.path,
        "doc": procedure.doc,
        "kind": kind(procedure),
        "idempotent": procedure.idempotent,
        "signature": procedure.signature(),
        "arguments": arguments.collect::<Vec<_>>(),
        "value": procedure.value.json_schema(),
        "error": procedure.error.as_ref().map(Type::json_schema),
    })
}

/// Returns the kind of a procedure as a client sees it, to which all streams are the same.
pub const fn kind(procedure: &Procedure) -> &'static str {
    match procedure.kind {
        ProcedureKind::Call => "call",
        ProcedureKind::Event => "event",
        ProcedureKind::Stream | ProcedureKind::MovingStream => "stream",
        ProcedureKind::Feed => "feed",
    }
}
