//! The schemas that a document refers to by name: the device's own types, and the gateway's.

use serde_json::{Map, Value, json};
use serial_rpc::description::Type;
use std::collections::HashMap;

/// The device's own types that a document has mentioned so far.
#[derive(Default)]
pub struct Components {
    names: HashMap<Type, String>,
    schemas: Map<String, Value>,
}

impl Components {
    /// Returns the schema of a type, by references to its structs and enums.
    pub fn schema(&mut self, ty: &Type) -> Value {
        ty.json_schema_with(&mut |ty| self.reference(ty))
    }

    /// Returns a reference to a struct or an enum.
    pub fn reference(&mut self, ty: &Type) -> Option<Value> {
        let name = match self.names.get(ty) {
            Some(name) => name.clone(),
            None => {
                let name = self.free_name(&ty.name);
                self.names.insert(ty.clone(), name.clone());
                // Its place comes before those of the types in it.
                self.schemas.insert(name.clone(), Value::Null);
                let schema = ty.own_json_schema(&mut |ty| self.reference(ty));
                self.schemas.insert(name.clone(), schema);
                name
            }
        };
        Some(json!({"$ref": format!("#/components/schemas/{name}")}))
    }

    /// Returns all schemas, with the gateway's own.
    pub fn with(self, own: Value) -> Value {
        let mut schemas = self.schemas;
        if let Value::Object(own) = own {
            schemas.extend(own);
        }
        schemas.into()
    }

    /// Returns a name like that, which no other type has and the document may have.
    fn free_name(&self, name: &str) -> String {
        let plain = |letter: char| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        };
        let plain: String = name.chars().map(plain).collect();
        let plain = match plain.trim_matches('_') {
            "" => "Type",
            plain => plain,
        };
        let is_free = |name: &str| {
            !self.schemas.contains_key(name) && name != "Problem" && !name.starts_with("Gateway")
        };
        if is_free(plain) {
            return plain.to_owned();
        }
        let mut numbered = (2..).map(|number| format!("Type_{plain}_{number}"));
        numbered.find(|name| is_free(name)).unwrap_or_default()
    }
}

/// Returns the schemas of what the gateway itself says.
pub fn schemas() -> Value {
    let number = json!({"type": "integer", "minimum": 0});
    let text = json!({"type": "string"});
    json!({
        "Problem": {
            "title": "Problem",
            "description": "Problem details (RFC 9457)",
            "type": "object",
            "properties": {
                "type": {"type": "string", "format": "uri-reference"},
                "title": text,
                "status": number,
                "detail": text,
                "ran": {
                    "type": "string",
                    "enum": ["never", "once", "maybe"],
                    "description": "Whether the call ran",
                },
                "class": {
                    "type": "string",
                    "description": "The kind of failure, as the program serial-rpc has it",
                },
                "code": {"type": "integer", "description": "Its exit code"},
                "hint": text,
                "error": {"description": "The procedure's own error"},
            },
            "required": ["type", "title", "status", "detail", "ran", "class", "code"],
        },
        "GatewayDevice": {
            "type": "object",
            "properties": {
                "name": text,
                "port": text,
                "state": {"type": "string", "enum": ["present", "absent", "unknown"]},
                "interface": {"anyOf": [{"$ref": "#/components/schemas/GatewayIdentity"}, {"type": "null"}]},
                "problem": {"type": ["string", "null"]},
            },
            "required": ["name", "port", "state", "interface", "problem"],
        },
        "GatewayIdentity": {
            "type": "object",
            "properties": {
                "name": text,
                "version": text,
                "fingerprint": {"type": "string", "pattern": "^0x[0-9a-f]{8}$"},
            },
            "required": ["name", "version", "fingerprint"],
        },
        "GatewayInterface": {
            "type": "object",
            "properties": {
                "name": text,
                "interface": {"$ref": "#/components/schemas/GatewayIdentity"},
                "services": {"type": "array", "items": {"$ref": "#/components/schemas/GatewayService"}},
            },
            "required": ["name", "interface", "services"],
        },
        "GatewayService": {
            "type": "object",
            "properties": {
                "name": text,
                "doc": text,
                "procedures": {
                    "type": "array",
                    "items": {"$ref": "#/components/schemas/GatewayProcedure"},
                },
            },
            "required": ["name", "doc", "procedures"],
        },
        "GatewayProcedure": {
            "type": "object",
            "properties": {
                "name": text,
                "path": text,
                "doc": text,
                "kind": {"type": "string", "enum": ["call", "event", "stream", "feed"]},
                "idempotent": {"type": "boolean"},
                "signature": text,
                "arguments": {"type": "array", "items": {"$ref": "#/components/schemas/GatewayArgument"}},
                "value": {"type": "object", "description": "The JSON Schema of the value or of an item"},
                "error": {
                    "type": ["object", "null"],
                    "description": "The JSON Schema of its own error",
                },
            },
            "required": [
                "name", "path", "doc", "kind", "idempotent", "signature", "arguments", "value", "error",
            ],
        },
        "GatewayArgument": {
            "type": "object",
            "properties": {
                "name": text,
                "type": {"type": "object", "description": "The JSON Schema of its values"},
                "expected": {"type": "string", "description": "The same in words"},
            },
            "required": ["name", "type", "expected"],
        },
        "GatewayEvent": {
            "type": "object",
            "properties": {
                "data": {"type": "object"},
                "lost": {"type": "integer", "minimum": 0, "description": "How many were lost before it"},
                "gap": {
                    "type": "boolean",
                    "description": "True if an unknown number of others may have been lost before it",
                },
            },
            "required": ["data", "lost", "gap"],
        },
        "GatewayLogLine": {
            "type": "object",
            "properties": {
                "level": {"type": "string", "enum": ["error", "warn", "info", "debug", "trace"]},
                "target": text,
                "text": text,
                "lost": number,
                "gap": {"type": "boolean"},
            },
            "required": ["level", "target", "text", "lost", "gap"],
        },
        "GatewayBlock": {
            "type": "object",
            "properties": {"name": text, "length": number, "capacity": number},
            "required": ["name", "length", "capacity"],
        },
        "GatewayWritten": {
            "type": "object",
            "properties": {
                "block": text,
                "bytes": number,
                "crc32": {"type": "string", "pattern": "^0x[0-9a-f]{8}$"},
            },
            "required": ["block", "bytes", "crc32"],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serial_rpc::description::{Field, IntegerType, Shape};

    fn record(name: &str, integer: IntegerType) -> Type {
        let field = Field {
            name: "x".into(),
            doc: String::new(),
            ty: integer.into(),
        };
        Type::new(name, Shape::Struct(vec![field]))
    }

    #[test]
    fn types_of_one_name_that_differ_have_names_of_their_own() {
        let mut components = Components::default();
        let references: Vec<Value> = [
            record("Point", IntegerType::U8),
            record("Point", IntegerType::U16),
            record("Point", IntegerType::U8),
            record("Problem", IntegerType::U8),
            record("GatewayEvent", IntegerType::U8),
            record("\u{e4}/~{}", IntegerType::U8),
        ]
        .iter()
        .map(|ty| components.schema(ty))
        .collect();
        let names = references.iter().filter_map(|reference| {
            let reference = reference["$ref"].as_str()?;
            reference.strip_prefix("#/components/schemas/")
        });
        let names: Vec<&str> = names.collect();
        assert_eq!(
            names,
            [
                "Point",
                "Type_Point_2",
                "Point",
                "Type_Problem_2",
                "Type_GatewayEvent_2",
                "Type",
            ]
        );
        let schemas = components.with(schemas());
        assert_eq!(schemas["Point"]["properties"]["x"]["maximum"], 255);
        assert_eq!(schemas["Type_Point_2"]["properties"]["x"]["maximum"], 65535);
        assert!(schemas["Problem"]["properties"]["ran"].is_object());
    }
}
