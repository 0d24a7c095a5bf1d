//! The JSON form of a procedure in `list` and `describe`.

use serde::Serialize;
use serial_rpc::description::{Procedure, ProcedureKind};
use serial_rpc::value::expectation;

/// Everything about a procedure, with the names of its types.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    path: &'a str,
    kind: ProcedureKind,
    number: u16,
    key: String,
    signature: String,
    doc: &'a str,
    idempotent: bool,
    arguments: Vec<ArgumentSummary<'a>>,
    value: String,
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct ArgumentSummary<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: String,
    expected: String,
}

impl<'a> From<&'a Procedure> for Summary<'a> {
    fn from(procedure: &'a Procedure) -> Self {
        let arguments = procedure.arguments.iter().map(|argument| ArgumentSummary {
            name: &argument.name,
            ty: argument.ty.to_string(),
            expected: expectation(&argument.ty),
        });
        Self {
            path: &procedure.path,
            kind: procedure.kind,
            number: procedure.number,
            key: format!("{:#010x}", procedure.key),
            signature: procedure.signature(),
            doc: &procedure.doc,
            idempotent: procedure.idempotent,
            arguments: arguments.collect(),
            value: procedure.value.to_string(),
            error: procedure.error.as_ref().map(ToString::to_string),
        }
    }
}
