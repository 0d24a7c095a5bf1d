//! The OpenAPI document of a device, made from its description: what programs may send, and all that
//! they may get.

use super::body::{TIMEOUT, TIMEOUTS};
use super::interface::{known, tagged};
use super::problem::{Answer, Kind};
use super::{Shared, blocks, events, keys, lines};
use crate::device::{Device, Interface};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use components::{Components, schemas};
use rpc_proto::service::Member;
use rpc_proto::services::log::LogRecord;
use serde_json::{Map, Value, json};
use serial_rpc::description::{Procedure, ProcedureKind};
use std::sync::Arc;

mod components;

/// The media type of server-sent events.
const EVENTS: &str = "text/event-stream";

/// `GET /devices/{name}/openapi.json`.
pub async fn document(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let device = shared.device(&name)?;
    let interface = known(&device).await?;
    let has_token = shared.access.token.is_some();
    Ok(tagged(&headers, &interface, || {
        described(&device, &interface, has_token)
    }))
}

/// Makes the document.
fn described(device: &Device, interface: &Interface, has_token: bool) -> Value {
    let description = &interface.description;
    let at = |path: &str| format!("/devices/{}{path}", device.name());
    let mut components = Components::default();
    let mut paths = Map::new();
    paths.insert("/devices".into(), json!({"get": devices()}));
    paths.insert("/devices/changes".into(), json!({"get": changes()}));
    paths.insert(at(""), json!({"get": interface_of()}));
    paths.insert(at("/openapi.json"), json!({"get": document_of()}));
    paths.insert(at("/statistics"), json!({"get": statistics()}));
    paths.insert(at("/events"), json!({"get": several()}));
    let mut all = description.procedures();
    if all.any(|procedure| procedure.key == LogRecord::KEY) {
        paths.insert(at("/log"), json!({"get": log()}));
    }
    if description.procedure("blocks.list").is_ok() {
        paths.insert(at("/blocks"), json!({"get": block_list()}));
        let block =
            json!({"parameters": [block_name()], "get": block_read(), "put": block_write()});
        paths.insert(at("/blocks/{block}"), block);
    }
    for procedure in description.procedures() {
        let (method, operation) = match procedure.is_event() {
            true => ("get", event(procedure, &mut components)),
            false => ("post", call(procedure, &mut components)),
        };
        paths.insert(
            at(&format!("/{}", procedure.path)),
            json!({method: operation}),
        );
    }
    let tags = description.services.iter();
    let tags = tags.map(|service| json!({"name": service.name, "description": service.doc}));
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("{} ({})", device.name(), description.name),
            "version": match description.version.as_str() { "" => "0", version => version },
            "description": "A device that serial-rpc-gateway shares.",
        },
        "servers": [{"url": "/"}],
        "tags": tags.collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": components.with(schemas()),
            "responses": responses(),
            "parameters": parameters(),
        },
    });
    if has_token {
        let bearer = json!({"token": {"type": "http", "scheme": "bearer"}});
        document["components"]["securitySchemes"] = bearer;
        document["security"] = json!([{"token": []}]);
    }
    document
}

/// Makes an operation that fails in any of the ways in which a device can, and in those of `more`.
fn operation(id: &str, summary: &str, ok: Value, more: &[Kind]) -> Value {
    const ALWAYS: [Kind; 11] = [
        Kind::Mistaken,
        Kind::NoToken,
        Kind::ForeignOrigin,
        Kind::NotFound,
        Kind::WrongMethod,
        Kind::ForeignHost,
        Kind::TooMany,
        Kind::Internal,
        Kind::Protocol,
        Kind::Port,
        Kind::Timeout,
    ];
    let mut answers = Map::from_iter([("200".to_owned(), ok)]);
    for kind in ALWAYS.iter().chain(more) {
        let status = kind.status().as_u16().to_string();
        let reference =
            json!({"$ref": format!("#/components/responses/{}", response_name(&status))});
        answers.insert(status, reference);
    }
    json!({"operationId": id, "summary": summary, "responses": answers})
}

fn response_name(status: &str) -> String {
    format!("Problem{status}")
}

/// Returns the answers that are problems, by their status.
fn responses() -> Value {
    let mut responses = Map::new();
    for kind in Kind::ALL {
        let (_, status, title) = kind.parts();
        let response = responses
            .entry(response_name(status.as_str()))
            .or_insert_with(|| problem(title, json!({"$ref": "#/components/schemas/Problem"})));
        let described = response["description"].as_str().unwrap_or_default();
        if !described.contains(title) {
            response["description"] = format!("{described}, or: {title}").into();
        }
    }
    responses.into()
}

fn problem(title: &str, schema: Value) -> Value {
    json!({"description": title, "content": {"application/problem+json": {"schema": schema}}})
}

fn json_answer(description: &str, schema: Value) -> Value {
    answer(description, "application/json", schema)
}

fn answer(description: &str, media_type: &str, schema: Value) -> Value {
    json!({"description": description, "content": {media_type: {"schema": schema}}})
}

/// Returns an answer of lines; a line is described by the extension.
fn line_by_line(description: &str, item: Value) -> Value {
    json!({
        "description": description,
        "content": {lines::JSONL: {"schema": {"type": "string"}, "x-item-schema": item}},
    })
}

/// Returns an answer of server-sent events with those names; the schema is that of each.
fn event_by_event(description: &str, names: &[&str], data: &Value) -> Value {
    let other = |name: &str, data: Value| message(&[name], &data);
    let gap = json!({
        "type": "object",
        "properties": {"lost": {"type": "null"}, "of": {"type": "string"}},
    });
    let schema = json!({"anyOf": [
        message(names, data),
        other("problem", reference("Problem")),
        other("gap", gap),
    ]});
    answer(description, EVENTS, schema)
}

/// Returns the schema of a server-sent event with one of those names, or with any if there are none.
fn message(names: &[&str], data: &Value) -> Value {
    let event = match names {
        [] => json!({"type": "string"}),
        names => json!({"type": "string", "enum": names}),
    };
    json!({
        "type": "object",
        "properties": {
            "event": event,
            "id": {"type": "string"},
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": data,
            },
        },
        "required": ["event", "data"],
    })
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn parameters() -> Value {
    let header = |name: &str, description: &str, schema: Value| json!({"name": name, "in": "header", "description": description, "schema": schema});
    let [least, most] = TIMEOUTS;
    json!({
        "Timeout": header(
            TIMEOUT,
            "The time limit in seconds; of events, for how long they are followed.",
            json!({"type": "number", "minimum": least, "maximum": most}),
        ),
        "IdempotencyKey": header(
            keys::KEY,
            "The same key repeats a call whose outcome was missed: it runs once, and its outcome is kept \
             for some minutes.",
            json!({"type": "string", "pattern": keys::PATTERN}),
        ),
        "LastEventId": header(
            events::LAST_EVENT_ID,
            "The id of the last event that was received: what came since is sent first.",
            json!({"type": "string"}),
        ),
        "IfNoneMatch": header(
            "if-none-match",
            "The ETag of what is known already.",
            json!({"type": "string"}),
        ),
    })
}

fn with_parameters(mut operation: Value, names: &[&str]) -> Value {
    let names = names.iter();
    let references = names.map(|name| json!({"$ref": format!("#/components/parameters/{name}")}));
    operation["parameters"] = references.collect();
    operation
}

fn devices() -> Value {
    let list = json!({"type": "array", "items": reference("GatewayDevice")});
    operation(
        "list_devices",
        "The devices",
        json_answer("The devices", list),
        &[],
    )
}

fn changes() -> Value {
    let list = json!({"type": "array", "items": reference("GatewayDevice")});
    let ok = event_by_event("The list, now and whenever it changes", &["devices"], &list);
    let operation = operation(
        "follow_devices",
        "The devices, as they come and go",
        ok,
        &[],
    );
    with_parameters(operation, &["Timeout"])
}

/// Makes an operation that answers with what is made from the description.
fn of_description(id: &str, summary: &str, schema: Value) -> Value {
    let mut operation = operation(id, summary, json_answer(summary, schema), &[]);
    operation["responses"]["304"] = json!({"description": "It is the one that the client has"});
    with_parameters(operation, &["IfNoneMatch"])
}

fn interface_of() -> Value {
    of_description(
        "describe_device",
        "The interface of the device",
        reference("GatewayInterface"),
    )
}

fn document_of() -> Value {
    let schema = json!({"type": "object"});
    of_description("openapi", "This document", schema)
}

fn statistics() -> Value {
    let counters = json!({
        "type": "object",
        "additionalProperties": {"type": "integer", "minimum": 0},
    });
    let schema = json!({
        "type": "object",
        "properties": {"device": counters, "caller": counters},
        "required": ["device", "caller"],
    });
    let ok = json_answer("The counters of the link, of both ends", schema);
    let operation = operation("statistics", "The counters of the link", ok, &[]);
    with_parameters(operation, &["Timeout"])
}

fn several() -> Value {
    let data = json!({"anyOf": [reference("GatewayEvent"), reference("GatewayLogLine")]});
    let ok = event_by_event("Each has the name of its path, or `log`", &[], &data);
    let summary = "Several kinds of events, and the log";
    let mut operation = with_parameters(
        operation("events", summary, ok, &[]),
        &["Timeout", "LastEventId"],
    );
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.push(json!({
            "name": "of",
            "in": "query",
            "required": true,
            "description": "The paths of events, with commas in between, and `log` for the log",
            "schema": {"type": "string", "minLength": 1},
            "example": "log",
        }));
    }
    operation
}

fn log() -> Value {
    let ok = event_by_event("A line each", &["log"], &reference("GatewayLogLine"));
    with_parameters(
        operation("log", "The log", ok, &[]),
        &["Timeout", "LastEventId"],
    )
}

fn block_name() -> Value {
    json!({
        "name": "block",
        "in": "path",
        "required": true,
        "description": "The name of the block",
        "schema": {"type": "string", "minLength": 1},
    })
}

fn block_list() -> Value {
    let list = json!({"type": "array", "items": reference("GatewayBlock")});
    let ok = json_answer("The blocks", list);
    with_parameters(
        operation("list_blocks", "The blocks", ok, &[]),
        &["Timeout"],
    )
}

fn block_read() -> Value {
    let bytes = json!({"type": "string", "format": "binary"});
    let ok = answer(
        "The bytes; they end early if they are not right",
        blocks::BYTES,
        bytes,
    );
    let operation = operation("read_block", "The bytes of a block", ok, &[Kind::Procedure]);
    with_parameters(operation, &["Timeout"])
}

fn block_write() -> Value {
    let mut ok = json_answer("It is written", reference("GatewayWritten"));
    ok["content"][lines::JSONL] = json!({
        "schema": {"type": "string"},
        "x-item-schema": {"anyOf": [
            {"type": "object", "properties": {"written": {"type": "integer"}}},
            reference("GatewayWritten"),
            {"type": "object", "properties": {"problem": reference("Problem")}},
        ]},
    });
    let kinds = [
        Kind::Procedure,
        Kind::TooLarge,
        Kind::TooSlow,
        Kind::WrongType,
    ];
    let mut operation = operation("write_block", "Writes a block", ok, &kinds);
    operation["requestBody"] = json!({
        "required": true,
        "content": {blocks::BYTES: {"schema": {"type": "string", "format": "binary"}}},
    });
    with_parameters(operation, &["Timeout"])
}

/// Adds what is known of a procedure.
fn about(procedure: &Procedure, mut operation: Value) -> Value {
    let service = procedure.path.split('.').next().unwrap_or_default();
    operation["tags"] = json!([service]);
    if !procedure.doc.is_empty() {
        operation["description"] = procedure.doc.clone().into();
    }
    operation["x-idempotent"] = procedure.idempotent.into();
    operation
}

fn id(procedure: &Procedure) -> String {
    procedure.path.replace('.', "_")
}

fn event(event: &Procedure, components: &mut Components) -> Value {
    let mut fields = Map::new();
    for argument in &event.arguments {
        fields.insert(argument.name.clone(), components.schema(&argument.ty));
    }
    let item = json!({"allOf": [reference("GatewayEvent"), {
        "type": "object",
        "properties": {"data": {"type": "object", "properties": fields}},
    }]});
    let ok = event_by_event("As they come", &[&event.path], &item);
    let operation = operation(&id(event), &event.signature(), ok, &[]);
    with_parameters(about(event, operation), &["Timeout", "LastEventId"])
}

fn call(procedure: &Procedure, components: &mut Components) -> Value {
    let value = components.schema(&procedure.value);
    let is_stream = procedure.kind.is_stream();
    let ok = match is_stream {
        true => line_by_line("The items, a line each", item_line(value)),
        false => json_answer("The value", value),
    };
    let mut kinds = vec![Kind::TooLarge, Kind::TooSlow, Kind::WrongType];
    if !is_stream {
        kinds.push(Kind::KeyReused);
    }
    let mut operation = operation(&id(procedure), &procedure.signature(), ok, &kinds);
    if let Some(error) = &procedure.error {
        let schema = json!({"allOf": [reference("Problem"), {
            "type": "object",
            "properties": {"error": components.schema(error)},
            "required": ["error"],
        }]});
        let (_, status, title) = Kind::Procedure.parts();
        operation["responses"][status.as_str()] = problem(title, schema);
    }
    let schema = procedure.arguments_schema(&mut |ty| components.reference(ty));
    let mut content = json!({"application/json": {"schema": schema}});
    if procedure.kind == ProcedureKind::Feed {
        let item = procedure.item().map(|item| components.schema(item));
        content[lines::JSONL] = json!({"schema": {"type": "string"}, "x-item-schema": item});
    }
    operation["requestBody"] = json!({
        "required": !procedure.needs_no_arguments(),
        "content": content,
    });
    let names: &[&str] = match is_stream {
        true => &["Timeout"],
        false => &["Timeout", "IdempotencyKey"],
    };
    with_parameters(about(procedure, operation), names)
}

/// Returns the schema of a line of a stream.
fn item_line(item: Value) -> Value {
    json!({"anyOf": [
        {
            "type": "object",
            "properties": {"item": item, "lost": {"type": "integer", "minimum": 1}},
            "required": ["item"],
        },
        {
            "type": "object",
            "properties": {"problem": reference("Problem")},
            "required": ["problem"],
        },
    ]})
}
