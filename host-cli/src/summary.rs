//! The JSON form of a procedure in `list` and `describe`.

use serde_json::{Value, json};
use serial_rpc::description::Procedure;
use serial_rpc::value::expectation;

/// Returns everything about a procedure, with the names of its types.
pub fn summary(procedure: &Procedure) -> Value {
    let arguments = procedure.arguments.iter().map(|argument| {
        json!({
            "name": argument.name,
            "type": argument.ty.to_string(),
            "expected": expectation(&argument.ty),
        })
    });
    json!({
        "path": procedure.path,
        "kind": procedure.kind,
        "number": procedure.number,
        "key": format!("{:#010x}", procedure.key),
        "signature": procedure.signature(),
        "doc": procedure.doc,
        "idempotent": procedure.idempotent,
        "arguments": arguments.collect::<Vec<_>>(),
        "value": procedure.value.to_string(),
        "error": procedure.error.as_ref().map(ToString::to_string),
    })
}
