//! A value as a row: a column for each number or other part with a fixed place.

use serde_json::Value;
use serial_rpc::description::{Procedure, Shape, Type};
use serial_rpc::value::plain;

/// An array with more elements than this is one column, like a list.
const MOST_ELEMENTS: usize = 16;

/// The most text that the names of all columns may have: names of nested parts repeat those around them.
/// A value with more is one column.
const MOST_TEXT: usize = 16 * 1024;

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, such as `total` or `position.x`.
    pub name: String,
    /// True if it is a number, or a boolean, which is drawn as 1 or 0.
    pub is_number: bool,
    pointer: String,
}

/// Returns the columns of a procedure's value or an event's data.
pub fn of(procedure: &Procedure) -> Vec<Column> {
    let mut columns = Columns {
        columns: Vec::new(),
        text_left: MOST_TEXT,
    };
    let added = if procedure.is_event() {
        let mut data = procedure.arguments.iter();
        data.try_for_each(|data| columns.add(&data.name, &pointer("", &data.name), &data.ty))
    } else if let Shape::Struct(fields) = &procedure.value.shape {
        let mut fields = fields.iter();
        fields.try_for_each(|field| columns.add(&field.name, &pointer("", &field.name), &field.ty))
    } else {
        columns.add(procedure.name(), "", &procedure.value)
    };
    match added {
        Some(()) => columns.columns,
        None => vec![Column {
            name: procedure.name().to_owned(),
            is_number: false,
            pointer: String::new(),
        }],
    }
}

/// The columns so far.
struct Columns {
    columns: Vec<Column>,
    /// The length of text that further names may have.
    text_left: usize,
}

impl Columns {
    /// Adds the columns of a part. None if they are too many.
    fn add(&mut self, name: &str, place: &str, ty: &Type) -> Option<()> {
        let mut part =
            |part: &str, ty: &Type| self.add(&format!("{name}.{part}"), &pointer(place, part), ty);
        match &ty.shape {
            Shape::Struct(fields) => fields
                .iter()
                .try_for_each(|field| part(&field.name, &field.ty)),
            Shape::Tuple(types) | Shape::TupleStruct(types) if types.len() <= MOST_ELEMENTS => {
                let mut types = types.iter().enumerate();
                types.try_for_each(|(index, ty)| part(&index.to_string(), ty))
            }
            Shape::Newtype(inner) => self.add(name, place, inner),
            Shape::Option(inner) if !inner.is_nullable() => self.add(name, place, inner),
            Shape::Unit | Shape::UnitStruct => Some(()),
            shape => {
                self.text_left = self.text_left.checked_sub(name.len())?;
                self.columns.push(Column {
                    name: name.to_owned(),
                    is_number: matches!(
                        shape,
                        Shape::Bool | Shape::Integer(_) | Shape::F32 | Shape::F64
                    ),
                    pointer: place.to_owned(),
                });
                Some(())
            }
        }
    }
}

/// Returns the place of a part in the JSON (RFC 6901).
fn pointer(place: &str, part: &str) -> String {
    format!("{place}/{}", part.replace('~', "~0").replace('/', "~1"))
}

impl Column {
    /// Returns the part as text; empty if it is not there.
    pub fn text(&self, value: &Value) -> String {
        match value.pointer(&self.pointer) {
            None | Some(Value::Null) => String::new(),
            Some(part) => plain(part),
        }
    }

    /// Returns the part as a number, if it is one and finite.
    pub fn number(&self, value: &Value) -> Option<f64> {
        let number = match value.pointer(&self.pointer)? {
            Value::Bool(flag) => f64::from(u8::from(*flag)),
            Value::Number(number) => number.as_f64()?,
            // Integers beyond 64 bits, NaN and the infinities.
            Value::String(text) => text.parse().ok()?,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use serial_rpc::Connection;
    use serial_rpc::description::{Argument, Field, IntegerType, ProcedureKind};
    use serial_rpc_simulator::SimulatedDevice;

    fn names(columns: &[Column]) -> Vec<&str> {
        columns.iter().map(|column| column.name.as_str()).collect()
    }

    fn procedure(kind: ProcedureKind, arguments: Vec<Argument>, value: Type) -> Procedure {
        Procedure {
            number: 8,
            key: 0,
            path: "demo.moved".into(),
            doc: String::new(),
            arguments,
            value,
            error: None,
            kind,
            idempotent: false,
        }
    }

    #[test]
    fn a_value_has_the_name_of_its_procedure_and_a_struct_those_of_its_fields() {
        let description = Connection::to(SimulatedDevice::new())
            .description()
            .unwrap();
        let columns = |path: &str| of(description.procedure(path).unwrap());
        assert_eq!(names(&columns("calculator.total")), ["total"]);
        assert_eq!(names(&columns("calculator.total_changed")), ["total"]);
        assert_eq!(
            names(&columns("calculator.statistics")),
            ["count", "min", "max", "mean", "deviation"]
        );
        assert_eq!(names(&columns("calculator.clear")), [""; 0]);
    }

    #[test]
    fn a_value_with_more_text_in_its_names_than_a_heading_has_room_for_is_one_column() {
        let long = "x".repeat(200);
        let nested = (0..40).fold(IntegerType::U8.into(), |ty: Type, _| {
            let name = long.clone();
            Type::new(
                "T",
                Shape::Struct(vec![Field {
                    name,
                    ty,
                    doc: String::new(),
                }]),
            )
        });
        let many = vec![nested; MOST_ELEMENTS];
        let procedure = procedure(
            ProcedureKind::Call,
            vec![],
            Type::new("", Shape::Tuple(many)),
        );
        let columns = of(&procedure);
        assert_eq!(names(&columns), ["moved"]);
        assert_eq!(columns[0].text(&json!([1, 2])), "[1,2]");
    }

    #[test]
    fn parts_within_parts_are_found_and_what_has_no_fixed_place_is_one() {
        let field = |name: &str, ty: Type| Field {
            name: name.into(),
            doc: String::new(),
            ty,
        };
        let boxed = |ty: Type| Box::new(ty);
        let float = || Type::new("f64", Shape::F64);
        let place = Type::new("(A, B)", Shape::Tuple(vec![float(), float()]));
        let fields = vec![
            field("place", Type::new("Option<T>", Shape::Option(boxed(place)))),
            field("samples", Type::new("[T]", Shape::Seq(boxed(float())))),
            field("a/b", Type::new("bool", Shape::Bool)),
            field("big", IntegerType::I128.into()),
        ];
        let to = Argument {
            name: "to".into(),
            ty: Type::new("Move", Shape::Struct(fields)),
        };
        let event = procedure(ProcedureKind::Event, vec![to], Type::new("()", Shape::Unit));
        let columns = of(&event);
        assert_eq!(
            names(&columns),
            ["to.place.0", "to.place.1", "to.samples", "to.a/b", "to.big"]
        );
        let value = json!({
            "to": {"place": [1.5, "nan"], "samples": [1, 2], "a/b": true, "big": "100000000000000000000"}
        });
        let texts = columns.iter().map(|column| column.text(&value));
        let numbers = columns.iter().map(|column| column.number(&value));
        assert_eq!(
            texts.collect::<Vec<_>>(),
            ["1.5", "nan", "[1,2]", "true", "100000000000000000000"]
        );
        assert_eq!(
            numbers.collect::<Vec<_>>(),
            [Some(1.5), None, None, Some(1.0), Some(1e20)]
        );
        let nowhere = json!({"to": {"place": null, "samples": []}});
        assert_eq!(columns[0].text(&nowhere), "");
        assert_eq!(columns[0].number(&nowhere), None);
    }
}
