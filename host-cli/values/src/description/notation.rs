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
                _ => write_tuple(f, elements),
            },
            Shape::Map { key, value } => write!(f, "{{{key}: {value}}}"),
            // Only the content of a variant has no name.
            Shape::Struct(fields) if self.name.is_empty() => write_fields(f, fields),
            Shape::Schema => f.write_str("schema"),
            Shape::UnitStruct
            | Shape::Newtype(_)
            | Shape::TupleStruct(_)
            | Shape::Struct(_)
            | Shape::Enum(_) => f.write_str(&self.name),
        }
    }
}

/// The definition of a named type, as [`Type::definition`] prints it.
#[derive(Debug, Clone, Copy)]
pub struct Definition<'a>(&'a Type);

impl Type {
    /// Returns the definition of a struct or enum; any other type prints as usual.
    ///
    /// ```
    /// use serial_rpc_values::description::{Shape, Type, Variant};
    ///
    /// let unit = |name: &str| Variant { name: name.into(), content: None };
    /// let mode = Type::new("Mode", Shape::Enum(vec![unit("Slow"), unit("Fast")]));
    /// assert_eq!(mode.to_string(), "Mode");
    /// assert_eq!(mode.definition().to_string(), "enum Mode { Slow, Fast }");
    /// ```
    pub fn definition(&self) -> Definition<'_> {
        Definition(self)
    }

    /// Returns true if the type has a definition beyond its short form.
    fn is_named(&self) -> bool {
        match self.shape {
            Shape::UnitStruct | Shape::Newtype(_) | Shape::TupleStruct(_) | Shape::Enum(_) => true,
            Shape::Struct(_) => !self.name.is_empty(),
            _ => false,
        }
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

impl Display for Definition<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = &self.0.name;
        match &self.0.shape {
            Shape::UnitStruct => write!(f, "struct {name}"),
            Shape::Newtype(inner) => write!(f, "struct {name}({inner})"),
            Shape::TupleStruct(elements) => {
                write!(f, "struct {name}")?;
                write_tuple(f, elements)
            }
            Shape::Struct(fields) if self.0.is_named() => {
                write!(f, "struct {name} ")?;
                write_fields(f, fields)
            }
            Shape::Enum(variants) => {
                write!(f, "enum {name} {{ ")?;
                write_separated(f, variants)?;
                f.write_str(" }")
            }
            _ => write!(f, "{}", self.0),
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

/// A procedure's signature, as [`Procedure::signature`] prints it.
#[derive(Debug, Clone, Copy)]
pub struct Signature<'a> {
    procedure: &'a Procedure,
    with_results: bool,
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
    /// assert_eq!(negate.signature().to_string(), "negate(x: i32) -> i32, or Overflow");
    /// assert_eq!(negate.usage().to_string(), "calculator.negate(x: i32)");
    /// ```
    pub fn signature(&self) -> Signature<'_> {
        Signature {
            procedure: self,
            with_results: true,
        }
    }

    /// Returns path and arguments, for a message about the arguments.
    ///
    /// See [`signature`](Self::signature) for an example.
    pub fn usage(&self) -> Signature<'_> {
        Signature {
            procedure: self,
            with_results: false,
        }
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

impl Display for Signature<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let procedure = self.procedure;
        if procedure.is_event() {
            f.write_str("event ")?;
        }
        f.write_str(if self.with_results {
            procedure.name()
        } else {
            &procedure.path
        })?;
        f.write_str("(")?;
        match (procedure.kind, procedure.arguments.split_last()) {
            (ProcedureKind::Feed, Some((items, head))) => {
                for argument in head {
                    write!(f, "{argument}, ")?;
                }
                match procedure.item() {
                    Some(item) => write!(f, "{}: stream of {item}", items.name)?,
                    None => write!(f, "{items}")?,
                }
            }
            _ => write_separated(f, &procedure.arguments)?,
        }
        f.write_str(")")?;
        if !self.with_results {
            return Ok(());
        }
        let stream = match procedure.kind {
            ProcedureKind::Stream => "stream of ",
            ProcedureKind::MovingStream => "moving stream of ",
            _ => "",
        };
        match (&procedure.value.shape, &procedure.error) {
            (Shape::Unit, None) if stream.is_empty() => Ok(()),
            (_, None) => write!(f, " -> {stream}{}", procedure.value),
            (_, Some(error)) => write!(f, " -> {stream}{}, or {error}", procedure.value),
        }
    }
}

fn write_tuple(f: &mut Formatter<'_>, elements: &[Type]) -> fmt::Result {
    f.write_str("(")?;
    write_separated(f, elements)?;
    f.write_str(")")
}

fn write_fields(f: &mut Formatter<'_>, fields: &[Field]) -> fmt::Result {
    if fields.is_empty() {
        return f.write_str("{}");
    }
    f.write_str("{ ")?;
    write_separated(f, fields)?;
    f.write_str(" }")
}

fn write_separated<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{item}")?;
    }
    Ok(())
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
