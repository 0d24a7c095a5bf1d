//! Prints types and procedures for people.
//!
//! The notation is Rust's where a shell user can guess it (`i32`, `[f64]`, `(bool, char)`), and
//! shorter where Rust's says nothing about the value (`string`, `bytes`, `i32?` for an option). A
//! type with a definition of its own prints as its name; [`Type::definition`] prints the
//! definition.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};

use super::{Argument, Field, Procedure, ProcedureKind, Shape, Type, Variant};

/// The short form: `i32`, `[f64]`, `Summary`.
///
/// ```
/// use serial_rpc_values::description::{IntegerType, Shape, Type};
/// let numbers = Type::new("Vec<T>", Shape::Seq(Box::new(Type::from(IntegerType::I32))));
/// assert_eq!(numbers.to_string(), "[i32]");
/// assert_eq!(Type::new("Option<T>", Shape::Option(Box::new(numbers))).to_string(), "[i32]?");
/// ```
impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.shape {
            Shape::Bool => f.write_str("bool"),
            Shape::Integer(integer) => f.write_str(integer.name()),
            Shape::F32 => f.write_str("f32"),
            Shape::F64 => f.write_str("f64"),
            Shape::Char => f.write_str("char"),
            Shape::String => f.write_str("string"),
            Shape::Option(inner) => write!(f, "{inner}?"),
            Shape::Unit => f.write_str("()"),
            Shape::Bytes => f.write_str("bytes"),
            Shape::Seq(element) => write!(f, "[{element}]"),
            Shape::Tuple(elements) => match elements.first() {
                Some(first) if self.name.starts_with('[') => {
                    write!(f, "[{first}; {}]", elements.len())
                }
                _ => write!(f, "({})", joined(elements)),
            },
            Shape::Map { key, value } => write!(f, "{{{key}: {value}}}"),
            // Only the content of a variant has no name.
            Shape::Struct(fields) if self.name.is_empty() => f.write_str(&braced(fields)),
            Shape::Schema => f.write_str("schema"),
            Shape::UnitStruct
            | Shape::Newtype(_)
            | Shape::TupleStruct(_)
            | Shape::Struct(_)
            | Shape::Enum(_) => f.write_str(&self.name),
        }
    }
}

impl Type {
    /// Returns the definition of a struct or enum; any other type prints as usual.
    ///
    /// ```
    /// use serial_rpc_values::description::{Shape, Type, Variant};
    ///
    /// let unit = |name: &str| Variant { name: name.into(), doc: String::new(), content: None };
    /// let mode = Type::new("Mode", Shape::Enum(vec![unit("Slow"), unit("Fast")]));
    /// assert_eq!(mode.to_string(), "Mode");
    /// assert_eq!(mode.definition(), "enum Mode { Slow, Fast }");
    /// ```
    pub fn definition(&self) -> String {
        let name = &self.name;
        match &self.shape {
            Shape::UnitStruct => format!("struct {name}"),
            Shape::Newtype(inner) => format!("struct {name}({inner})"),
            Shape::TupleStruct(elements) => format!("struct {name}({})", joined(elements)),
            Shape::Struct(fields) if self.is_named() => format!("struct {name} {}", braced(fields)),
            Shape::Enum(variants) => format!("enum {name} {{ {} }}", joined(variants)),
            _ => self.to_string(),
        }
    }

    /// Returns true if the type has a definition beyond its short form.
    fn is_named(&self) -> bool {
        // Only the content of a variant is a struct without a name.
        self.shape.is_defined() && !(matches!(self.shape, Shape::Struct(_)) && self.name.is_empty())
    }

    fn parts(&self) -> Vec<&Type> {
        match &self.shape {
            Shape::Option(inner) | Shape::Newtype(inner) | Shape::Seq(inner) => vec![inner],
            Shape::Tuple(elements) | Shape::TupleStruct(elements) => elements.iter().collect(),
            Shape::Map { key, value } => vec![key, value],
            Shape::Struct(fields) => fields.iter().map(|field| &field.ty).collect(),
            Shape::Enum(variants) => variants
                .iter()
                .filter_map(|variant| variant.content.as_ref())
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl Display for Argument {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)
    }
}

impl Display for Variant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.content {
            None => Ok(()),
            Some(content) => match &content.shape {
                Shape::Tuple(_) if content.name.is_empty() => write!(f, "{content}"),
                Shape::Struct(_) if content.name.is_empty() => write!(f, " {content}"),
                _ => write!(f, "({content})"),
            },
        }
    }
}

impl Procedure {
    /// Returns name, arguments and results: `add(x: i32, y: i32) -> i32, or MathError`. An event is
    /// marked: `event total_changed(total: i64)`.
    ///
    /// ```
    /// use serial_rpc_values::description::{Argument, IntegerType, Procedure, ProcedureKind, Shape, Type};
    ///
    /// let negate = Procedure {
    ///     number: 8,
    ///     key: 0,
    ///     path: "calculator.negate".into(),
    ///     doc: String::new(),
    ///     arguments: vec![Argument { name: "x".into(), ty: IntegerType::I32.into() }],
    ///     value: IntegerType::I32.into(),
    ///     error: Some(Type::new("Overflow", Shape::UnitStruct)),
    ///     kind: ProcedureKind::Call,
    ///     idempotent: true,
    /// };
    /// assert_eq!(negate.signature(), "negate(x: i32) -> i32, or Overflow");
    /// assert_eq!(negate.usage(), "calculator.negate(x: i32)");
    /// ```
    pub fn signature(&self) -> String {
        let call = self.call(self.name());
        let stream = match self.kind {
            ProcedureKind::Stream => "stream of ",
            ProcedureKind::MovingStream => "moving stream of ",
            _ => "",
        };
        match (&self.value.shape, &self.error) {
            (Shape::Unit, None) if stream.is_empty() => call,
            (_, None) => format!("{call} -> {stream}{}", self.value),
            (_, Some(error)) => format!("{call} -> {stream}{}, or {error}", self.value),
        }
    }

    /// Returns path and arguments, for a message about the arguments.
    ///
    /// See [`signature`](Self::signature) for an example.
    pub fn usage(&self) -> String {
        self.call(&self.path)
    }

    fn call(&self, name: &str) -> String {
        let event = if self.is_event() { "event " } else { "" };
        let mut arguments: Vec<_> = self.arguments.iter().map(ToString::to_string).collect();
        if self.kind == ProcedureKind::Feed
            && let (Some(items), Some(item)) = (self.arguments.last(), self.item())
        {
            arguments.pop();
            arguments.push(format!("{}: stream of {item}", items.name));
        }
        format!("{event}{name}({})", arguments.join(", "))
    }

    /// Returns the types with a [definition](Type::definition) that the signature mentions,
    /// directly or inside one another, each once, in the order of their first mention.
    ///
    /// ```
    /// use serial_rpc_values::description::{Procedure, ProcedureKind, Shape, Type};
    ///
    /// let inner = Type::new("Inner", Shape::UnitStruct);
    /// let outer = Type::new("Outer", Shape::Newtype(Box::new(inner.clone())));
    /// let procedure = Procedure {
    ///     number: 8,
    ///     key: 0,
    ///     path: "demo.get".into(),
    ///     doc: String::new(),
    ///     arguments: vec![],
    ///     value: outer.clone(),
    ///     error: Some(inner.clone()),
    ///     kind: ProcedureKind::Call,
    ///     idempotent: true,
    /// };
    /// assert_eq!(procedure.named_types(), [&outer, &inner]);
    /// ```
    pub fn named_types(&self) -> Vec<&Type> {
        let arguments = self.arguments.iter().map(|argument| &argument.ty);
        let mut pending: Vec<&Type> = arguments.chain([&self.value]).chain(&self.error).collect();
        // The last is visited first, so reversing keeps the order of mention.
        pending.reverse();
        let mut seen = HashSet::new();
        let mut named = Vec::new();
        while let Some(ty) = pending.pop() {
            if ty.is_named() {
                if !seen.insert(ty) {
                    continue;
                }
                named.push(ty);
            }
            pending.extend(ty.parts().into_iter().rev());
        }
        named
    }
}

/// Returns fields in braces.
fn braced(fields: &[Field]) -> String {
    match fields {
        [] => "{}".to_owned(),
        fields => format!("{{ {} }}", joined(fields)),
    }
}

fn joined(items: &[impl Display]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use crate::description::Argument;
    use postcard_schema::{Schema, schema::NamedType};

    #[derive(Schema)]
    #[allow(dead_code)]
    struct Point {
        x: i32,
        y: Option<f32>,
    }

    #[derive(Schema)]
    #[allow(dead_code)]
    struct Pair(Metres, [Point; 2]);

    #[derive(Schema)]
    #[allow(dead_code)]
    struct Metres(f64);

    #[derive(Schema)]
    struct Nothing;

    #[derive(Schema)]
    struct Empty {}

    #[derive(Schema)]
    #[allow(dead_code)]
    enum Figure {
        Nowhere,
        Dot(Point),
        Box((u8, u8)),
        Line(Point, Point),
        Circle { centre: Point, radius: f64 },
    }

    fn type_of(schema: &NamedType) -> Type {
        Type::read(&postcard::to_stdvec(schema).unwrap()).unwrap()
    }

    #[test]
    fn types_read_as_a_shell_user_would_write_them() {
        for (schema, notation) in [
            (u8::SCHEMA, "u8"),
            (str::SCHEMA, "string"),
            (<[u8]>::SCHEMA, "bytes"),
            (<[u8; 4]>::SCHEMA, "[u8; 4]"),
            (<[f64]>::SCHEMA, "[f64]"),
            (<[f64; 2]>::SCHEMA, "[f64; 2]"),
            (<(f64, f64)>::SCHEMA, "(f64, f64)"),
            (Option::<Point>::SCHEMA, "Point?"),
            (BTreeMap::<String, Vec<char>>::SCHEMA, "{string: [char]}"),
            (<()>::SCHEMA, "()"),
            (NamedType::SCHEMA, "schema"),
        ] {
            assert_eq!(type_of(schema).to_string(), notation);
            assert_eq!(type_of(schema).definition().to_string(), notation);
        }
    }

    #[test]
    fn a_definition_shows_what_is_behind_a_name() {
        for (schema, definition) in [
            (Point::SCHEMA, "struct Point { x: i32, y: f32? }"),
            (Pair::SCHEMA, "struct Pair(Metres, [Point; 2])"),
            (Metres::SCHEMA, "struct Metres(f64)"),
            (Nothing::SCHEMA, "struct Nothing"),
            (Empty::SCHEMA, "struct Empty {}"),
            (
                Figure::SCHEMA,
                "enum Figure { Nowhere, Dot(Point), Box((u8, u8)), Line(Point, Point), \
                 Circle { centre: Point, radius: f64 } }",
            ),
        ] {
            assert_eq!(type_of(schema).definition().to_string(), definition);
        }
    }

    #[test]
    fn a_signature_shows_results_only_where_there_are_any() {
        let procedure = |value: &NamedType, error: Option<&NamedType>| Procedure {
            number: 8,
            key: 0,
            path: "demo.draw".into(),
            doc: String::new(),
            arguments: vec![Argument {
                name: "figure".into(),
                ty: type_of(Figure::SCHEMA),
            }],
            value: type_of(value),
            error: error.map(type_of),
            kind: ProcedureKind::Call,
            idempotent: false,
        };
        for (procedure, signature) in [
            (procedure(<()>::SCHEMA, None), "draw(figure: Figure)"),
            (
                procedure(<()>::SCHEMA, Some(Nothing::SCHEMA)),
                "draw(figure: Figure) -> (), or Nothing",
            ),
            (
                procedure(Metres::SCHEMA, None),
                "draw(figure: Figure) -> Metres",
            ),
        ] {
            assert_eq!(procedure.signature().to_string(), signature);
            assert_eq!(procedure.usage().to_string(), "demo.draw(figure: Figure)");
        }
    }

    #[test]
    fn an_event_is_called_one() {
        let event = Procedure {
            number: 8,
            key: 0,
            path: "demo.moved".into(),
            doc: String::new(),
            arguments: vec![Argument {
                name: "to".into(),
                ty: type_of(Point::SCHEMA),
            }],
            value: type_of(<()>::SCHEMA),
            error: None,
            kind: ProcedureKind::Event,
            idempotent: false,
        };
        assert_eq!(event.signature().to_string(), "event moved(to: Point)");
        assert_eq!(event.usage().to_string(), "event demo.moved(to: Point)");
    }

    #[test]
    fn named_types_are_listed_in_the_order_of_their_mention() {
        let procedure = Procedure {
            number: 8,
            key: 0,
            path: "demo.measure".into(),
            doc: String::new(),
            arguments: vec![Argument {
                name: "pairs".into(),
                ty: type_of(<[Pair]>::SCHEMA),
            }],
            value: type_of(Metres::SCHEMA),
            error: Some(type_of(Figure::SCHEMA)),
            kind: ProcedureKind::Call,
            idempotent: true,
        };
        let names: Vec<&str> = procedure
            .named_types()
            .iter()
            .map(|ty| ty.name.as_str())
            .collect();
        assert_eq!(names, ["Pair", "Metres", "Point", "Figure"]);
    }
}
