//! Makes up arguments, for a command line that a user can start from.

use serde_json::{Value, json};

use crate::description::{Field, Procedure, Shape, Type, Variant};
use crate::value::{plain, tagged};

impl Procedure {
    /// Returns example words for the procedure's arguments; see [`from_words`](super::from_words).
    ///
    /// ```
    /// use firmware::CheckedCalculator;
    /// use firmware::calculator::CalculatorService;
    /// use serial_rpc_values::description::Description;
    ///
    /// let description = Description::of::<CalculatorService<CheckedCalculator>>()?;
    /// assert_eq!(description.procedure("calculator.add")?.example(), ["1", "1"]);
    /// assert_eq!(description.procedure("calculator.statistics")?.example(), ["[1.5]"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn example(&self) -> Vec<String> {
        let arguments = self.arguments.iter();
        arguments
            .map(|argument| plain(&argument.ty.example()))
            .collect()
    }
}

impl Type {
    /// Returns a value of the type, as JSON.
    fn example(&self) -> Value {
        match &self.shape {
            Shape::Bool => json!(true),
            Shape::Integer(_) => json!(1),
            Shape::F32 | Shape::F64 => json!(1.5),
            Shape::Char => json!("a"),
            Shape::String => json!("text"),
            Shape::Bytes => json!("0x00ff"),
            Shape::Option(_) | Shape::Unit | Shape::UnitStruct | Shape::Schema => Value::Null,
            Shape::Newtype(inner) => inner.example(),
            Shape::Seq(element) => json!([element.example()]),
            Shape::Tuple(elements) | Shape::TupleStruct(elements) => {
                elements.iter().map(Self::example).collect()
            }
            Shape::Map { key, value } if key.is_object_key() => {
                json!({ plain(&key.example()): value.example() })
            }
            Shape::Map { key, value } => json!([[key.example(), value.example()]]),
            Shape::Struct(fields) => {
                let example = |Field { name, ty, .. }: &Field| (name.clone(), ty.example());
                Value::Object(fields.iter().map(example).collect())
            }
            Shape::Enum(variants) => match variants.first() {
                Some(Variant {
                    name,
                    content: None,
                    ..
                }) => json!(name),
                Some(Variant {
                    name,
                    content: Some(content),
                    ..
                }) => tagged(name, content.example()),
                None => Value::Null,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::from_words;
    use crate::description::{Argument, ProcedureKind};
    use postcard_schema::Schema;
    use std::collections::BTreeMap;

    #[derive(Schema)]
    #[allow(dead_code)]
    struct Everything {
        flag: bool,
        numbers: (u8, i128, f32),
        text: (char, String),
        bytes: Vec<u8>,
        none: Option<Option<u8>>,
        by_name: BTreeMap<String, u8>,
        by_pair: BTreeMap<(u8, u8), ()>,
        choice: Choice,
        list: Vec<Choice>,
    }

    #[derive(Schema)]
    #[allow(dead_code)]
    enum Choice {
        Both { left: [u8; 2], right: () },
    }

    #[test]
    fn an_example_can_be_sent() {
        for schema in [
            Everything::SCHEMA,
            Choice::SCHEMA,
            <Vec<u8>>::SCHEMA,
            Option::<bool>::SCHEMA,
            <()>::SCHEMA,
            str::SCHEMA,
            f64::SCHEMA,
        ] {
            let ty = Type::read(&postcard::to_stdvec(schema).unwrap()).unwrap();
            let procedure = Procedure {
                number: 8,
                key: 0,
                path: "demo.take".into(),
                doc: String::new(),
                arguments: vec![Argument {
                    name: "value".into(),
                    ty,
                }],
                value: Type::new("()", Shape::Unit),
                error: None,
                kind: ProcedureKind::Call,
                idempotent: true,
            };
            let example = procedure.example();
            let no_file = |_: &str| Err(std::io::ErrorKind::NotFound.into());
            assert!(
                from_words(&procedure, &example, &no_file).is_ok(),
                "{example:?}"
            );
        }
    }
}
