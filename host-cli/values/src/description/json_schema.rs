//! Describes types as JSON Schema (2020-12), for programs that do not know this notation.
//!
//! A schema allows the JSON in which values are shown, see [`value`](crate::value), and nothing else:
//! [`strict`](crate::value::strict) refuses the other forms that are taken from people.

use super::{Argument, Field, IntegerType, Procedure, Shape, Type, Variant};
use serde_json::{Map, Value, json};

/// The pattern of bytes.
const BYTES: &str = "^0x([0-9a-fA-F]{2})*$";

/// The pattern of integers in strings.
const DIGITS: &str = "^-?[0-9]{1,39}$";

/// Returns a reference for a type with a name, or None to have its schema in place.
pub type Refer<'r> = &'r mut dyn FnMut(&Type) -> Option<Value>;

impl Type {
    /// Returns the JSON Schema of its values, with all types in place.
    ///
    /// ```
    /// use serde_json::json;
    /// use serial_rpc_values::description::{IntegerType, Type};
    /// assert_eq!(
    ///     Type::from(IntegerType::U8).json_schema(),
    ///     json!({"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255, "title": "u8"}),
    /// );
    /// ```
    pub fn json_schema(&self) -> Value {
        self.json_schema_with(&mut |_| None)
    }

    /// Returns the JSON Schema of its values. `refer` may return references for its structs and enums.
    pub fn json_schema_with(&self, refer: Refer<'_>) -> Value {
        if self.shape.is_defined()
            && let Some(reference) = refer(self)
        {
            return reference;
        }
        self.own_json_schema(refer)
    }

    /// Returns the JSON Schema of its values, as which a reference to it is resolved. `refer` may return
    /// references for the types in it.
    pub fn own_json_schema(&self, refer: Refer<'_>) -> Value {
        let mut schema = self.shape_schema(refer);
        let Some(members) = schema.as_object_mut() else {
            return schema;
        };
        if !self.name.is_empty() && !members.contains_key("$ref") {
            let title = match self.shape.is_defined() {
                true => self.name.clone(),
                false => self.to_string(),
            };
            members.insert("title".into(), title.into());
        }
        if let Some(doc) = self.documentation() {
            members.insert("description".into(), doc.into());
        }
        schema
    }

    /// Returns the documentation, with what a schema cannot express.
    fn documentation(&self) -> Option<String> {
        let limit = match (&self.shape, self.most) {
            (Shape::String, Some(most)) => Some(format!("At most {most} bytes in UTF-8.")),
            _ => None,
        };
        let doc = (!self.doc.is_empty()).then(|| self.doc.clone());
        let parts: Vec<String> = doc.into_iter().chain(limit).collect();
        (!parts.is_empty()).then(|| parts.join("\n\n"))
    }

    fn shape_schema(&self, refer: Refer<'_>) -> Value {
        let mut schema = match &self.shape {
            Shape::Bool => json!({"type": "boolean"}),
            Shape::Integer(integer) => integer.json_schema(),
            Shape::F32 => float("float", Some(f32::MAX.into())),
            Shape::F64 => float("double", None),
            Shape::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
            Shape::String => json!({"type": "string"}),
            Shape::Bytes => json!({"type": "string", "pattern": BYTES}),
            Shape::Option(inner) => {
                let schema = inner.json_schema_with(refer);
                match inner.is_nullable() {
                    true => one_of([json!({"type": "null"}), tagged("Some", schema)]),
                    false => json!({"anyOf": [schema, {"type": "null"}]}),
                }
            }
            Shape::Unit | Shape::UnitStruct => json!({"type": "null"}),
            Shape::Newtype(inner) => {
                let schema = inner.json_schema_with(refer);
                match schema.get("$ref") {
                    Some(_) => json!({"allOf": [schema]}),
                    None => schema,
                }
            }
            Shape::Seq(element) => {
                json!({"type": "array", "items": element.json_schema_with(refer)})
            }
            Shape::Tuple(types) | Shape::TupleStruct(types) => tuple(types, refer),
            Shape::Map { key, value } if key.is_object_key() => json!({
                "type": "object",
                "propertyNames": key.name_schema(),
                "additionalProperties": value.json_schema_with(refer),
            }),
            Shape::Map { key, value } => {
                let pair = tuple(&[*key.clone(), *value.clone()], refer);
                json!({"type": "array", "items": pair})
            }
            Shape::Struct(fields) => object(fields, refer),
            Shape::Enum(variants) => enumeration(&self.name, variants, refer),
            // Its values have no JSON.
            Shape::Schema => json!({"not": {}}),
        };
        if let (Some(most), Some(members)) = (self.most, schema.as_object_mut()) {
            let (limit, most) = match &self.shape {
                // Two digits each, after 0x.
                Shape::Bytes => ("maxLength", 2 + 2 * u64::from(most)),
                Shape::String => ("maxLength", most.into()),
                _ => ("maxItems", most.into()),
            };
            members.insert(limit.into(), most.into());
        }
        schema
    }

    /// Returns the schema of the names in an object that has values of this type for keys.
    fn name_schema(&self) -> Value {
        match &self.shape {
            Shape::Newtype(inner) => inner.name_schema(),
            Shape::Bool => json!({"enum": ["true", "false"]}),
            Shape::Integer(_) => json!({"pattern": DIGITS}),
            Shape::Char => json!({"minLength": 1, "maxLength": 1}),
            Shape::Enum(variants) => {
                let names: Vec<&str> = variants.iter().map(|variant| &*variant.name).collect();
                json!({"enum": names})
            }
            _ => json!({"type": "string"}),
        }
    }
}

impl Procedure {
    /// Returns the JSON Schema of its arguments: an object with their names, or a list of them in
    /// order. An option may be left out, in the list at its end.
    pub fn arguments_schema(&self, refer: Refer<'_>) -> Value {
        let is_needed = |argument: &&Argument| !matches!(argument.ty.shape, Shape::Option(_));
        let last_needed = self
            .arguments
            .iter()
            .rposition(|argument| is_needed(&argument));
        let fields = self.arguments.iter().map(|argument| Field {
            name: argument.name.clone(),
            doc: String::new(),
            ty: argument.ty.clone(),
        });
        let mut named = object(&fields.collect::<Vec<_>>(), refer);
        let needed = self.arguments.iter().filter(is_needed);
        named["title"] = "arguments".into();
        named["required"] = needed.map(|argument| argument.name.clone()).collect();
        let types = self.arguments.iter().map(|argument| argument.ty.clone());
        let mut listed = tuple(&types.collect::<Vec<_>>(), refer);
        listed["minItems"] = last_needed.map_or(0, |last| last + 1).into();
        json!({"anyOf": [named, listed]})
    }

    /// Returns true if it can be called without arguments.
    pub fn needs_no_arguments(&self) -> bool {
        let mut arguments = self.arguments.iter();
        arguments.all(|argument| matches!(argument.ty.shape, Shape::Option(_)))
    }
}

impl IntegerType {
    fn json_schema(self) -> Value {
        let sign = if self.is_signed() { "int" } else { "uint" };
        // Beyond 64 bits, JSON has a string.
        let wide = self.bits() > 64;
        let min = i64::try_from(self.min()).unwrap_or(i64::MIN);
        let max = u64::try_from(self.max()).unwrap_or(u64::MAX);
        let number = json!({
            "type": "integer",
            "format": format!("{sign}{}", self.bits().min(64)),
            "minimum": min,
            "maximum": max,
        });
        match wide {
            true => json!({"anyOf": [number, {"type": "string", "pattern": DIGITS}]}),
            false => number,
        }
    }
}

fn float(format: &str, most: Option<f64>) -> Value {
    let mut number = json!({"type": "number", "format": format});
    if let Some(most) = most {
        number["minimum"] = (-most).into();
        number["maximum"] = most.into();
    }
    json!({"anyOf": [number, {"type": "string", "enum": ["nan", "inf", "-inf"]}]})
}

fn tuple(types: &[Type], refer: Refer<'_>) -> Value {
    let count = types.len();
    let mut schema = json!({"type": "array", "minItems": count, "maxItems": count});
    match types {
        [] => schema["items"] = json!({}),
        [first, others @ ..] if others.iter().all(|other| other == first) => {
            schema["items"] = first.json_schema_with(refer);
        }
        types => {
            let items = types.iter().map(|ty| ty.json_schema_with(refer));
            schema["prefixItems"] = items.collect();
        }
    }
    schema
}

fn object(fields: &[Field], refer: Refer<'_>) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let schema = field.ty.json_schema_with(refer);
        properties.insert(field.name.clone(), documented(schema, &field.doc));
    }
    let required: Vec<&str> = fields.iter().map(|field| &*field.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn enumeration(name: &str, variants: &[Variant], refer: Refer<'_>) -> Value {
    if variants.iter().all(|variant| variant.content.is_none()) {
        let names: Vec<&str> = variants.iter().map(|variant| &*variant.name).collect();
        let docs = variants.iter().map(|variant| variant.doc.as_str());
        let mut schema = json!({"type": "string", "enum": names});
        if docs.clone().any(|doc| !doc.is_empty()) {
            schema["x-enum-descriptions"] = docs.collect();
        }
        return schema;
    }
    one_of(variants.iter().map(|variant| match &variant.content {
        None => documented(
            json!({"type": "string", "const": variant.name}),
            &variant.doc,
        ),
        Some(content) => {
            let mut schema = tagged(&variant.name, content.json_schema_with(refer));
            schema["title"] = format!("{name}{}", variant.name).into();
            documented(schema, &variant.doc)
        }
    }))
}

/// Returns the schema of an object with that one member.
fn tagged(name: &str, content: Value) -> Value {
    json!({
        "type": "object",
        "properties": {name: content},
        "required": [name],
        "additionalProperties": false,
    })
}

fn one_of(schemas: impl IntoIterator<Item = Value>) -> Value {
    json!({"oneOf": schemas.into_iter().collect::<Vec<_>>()})
}

/// Adds documentation; that of a place comes before that of its type.
fn documented(mut schema: Value, doc: &str) -> Value {
    if !doc.is_empty() {
        schema["description"] = doc.into();
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use postcard_schema::Schema;

    fn schema<T: Schema + ?Sized>() -> Value {
        let ty = Type::read(&postcard::to_stdvec(T::SCHEMA).unwrap()).unwrap();
        ty.json_schema()
    }

    #[derive(Schema)]
    #[allow(dead_code)]
    struct Range {
        from: i8,
        to: Option<u16>,
    }

    #[derive(Schema)]
    #[allow(dead_code)]
    enum Choice {
        Nothing,
        Some(Range),
    }

    #[derive(Schema)]
    #[allow(dead_code)]
    enum Colour {
        Red,
        Green,
    }

    #[test]
    fn numbers_have_the_bounds_and_the_format_of_their_type() {
        for (found, format, min, max) in [
            (schema::<u8>(), "uint8", json!(0), json!(255)),
            (schema::<i16>(), "int16", json!(i16::MIN), json!(i16::MAX)),
            (schema::<u64>(), "uint64", json!(0), json!(u64::MAX)),
            (schema::<i64>(), "int64", json!(i64::MIN), json!(i64::MAX)),
            (
                Type::from(IntegerType::Usize).json_schema(),
                "uint64",
                json!(0),
                json!(u64::MAX),
            ),
        ] {
            assert_eq!(found["format"], format);
            assert_eq!((&found["minimum"], &found["maximum"]), (&min, &max));
        }
        assert_eq!(schema::<f32>()["anyOf"][0]["maximum"], f64::from(f32::MAX));
        assert_eq!(schema::<i128>()["anyOf"][1]["type"], "string");
    }

    #[test]
    fn a_struct_has_all_its_fields_and_no_others() {
        let found = schema::<Range>();
        assert_eq!(found["title"], "Range");
        assert_eq!(found["required"], json!(["from", "to"]));
        assert_eq!(found["additionalProperties"], false);
        assert_eq!(found["properties"]["to"]["anyOf"][1]["type"], "null");
    }

    #[test]
    fn an_enum_is_a_name_or_an_object_with_one() {
        assert_eq!(schema::<Colour>()["enum"], json!(["Red", "Green"]));
        let found = schema::<Choice>();
        assert_eq!(found["oneOf"][0]["const"], "Nothing");
        assert_eq!(found["oneOf"][1]["required"], json!(["Some"]));
    }

    #[test]
    fn arrays_have_one_type_and_tuples_several() {
        let array = schema::<[u16; 3]>();
        assert_eq!(
            (&array["minItems"], &array["maxItems"]),
            (&json!(3), &json!(3))
        );
        assert_eq!(array["items"]["title"], "u16");
        let tuple = schema::<(u8, bool)>();
        assert_eq!(tuple["prefixItems"][1]["type"], "boolean");
    }

    #[test]
    fn arguments_are_an_object_or_a_list_and_an_option_may_be_left_out() {
        let argument = |name: &str, ty: Type| Argument {
            name: name.into(),
            ty,
        };
        let byte = Type::from(IntegerType::U8);
        let option = Type::new("Option<T>", Shape::Option(Box::new(byte.clone())));
        let mut procedure = Procedure {
            number: 8,
            key: 0,
            path: "lamp.dim".into(),
            doc: String::new(),
            arguments: vec![argument("percent", byte), argument("within", option)],
            value: Type::new("()", Shape::Unit),
            error: None,
            kind: crate::description::ProcedureKind::Call,
            idempotent: false,
        };
        let [named, listed] = [0, 1].map(|form| {
            let schema = procedure.arguments_schema(&mut |_| None);
            schema["anyOf"][form].clone()
        });
        assert_eq!(named["required"], json!(["percent"]));
        assert_eq!(
            (&listed["minItems"], &listed["maxItems"]),
            (&json!(1), &json!(2))
        );
        assert!(!procedure.needs_no_arguments());
        procedure.arguments.remove(0);
        assert!(procedure.needs_no_arguments());
    }

    #[test]
    fn a_reference_takes_the_place_of_a_named_type() {
        let ty = Type::read(&postcard::to_stdvec(<[Choice]>::SCHEMA).unwrap()).unwrap();
        let mut seen = Vec::new();
        let found = ty.json_schema_with(&mut |ty| {
            seen.push(ty.name.clone());
            Some(json!({"$ref": format!("#/{}", ty.name)}))
        });
        assert_eq!(found["items"], json!({"$ref": "#/Choice"}));
        assert_eq!(seen, ["Choice"]);
    }
}
