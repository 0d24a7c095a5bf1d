//! Generates random types, random values of them, and random nonsense.

use postcard_schema::schema::owned::{
    OwnedDataModelType, OwnedDataModelVariant, OwnedNamedType, OwnedNamedValue, OwnedNamedVariant,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};
use serial_rpc_values::description::{Field, IntegerType, Shape, Type, Variant};

const INTEGERS: [IntegerType; 12] = [
    IntegerType::U8,
    IntegerType::U16,
    IntegerType::U32,
    IntegerType::U64,
    IntegerType::U128,
    IntegerType::Usize,
    IntegerType::I8,
    IntegerType::I16,
    IntegerType::I32,
    IntegerType::I64,
    IntegerType::I128,
    IntegerType::Isize,
];

/// Generates a type as the reader makes it: lists of `u8` are bytes, content of variants has no
/// name.
pub fn any_type() -> impl Strategy<Value = Type> {
    let integer = prop::sample::select(&INTEGERS[..]).prop_map(Shape::Integer);
    let other = prop::sample::select(vec![
        Shape::Bool,
        Shape::F32,
        Shape::F64,
        Shape::Char,
        Shape::String,
        Shape::Bytes,
        Shape::Unit,
        Shape::UnitStruct,
    ]);
    let leaf = prop_oneof![integer, other].prop_map(named);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(Shape::Option),
            boxed.clone().prop_map(Shape::Newtype),
            boxed.clone().prop_map(|element| match element.shape {
                Shape::Integer(IntegerType::U8) => Shape::Bytes,
                _ => Shape::Seq(element),
            }),
            vec(inner.clone(), 0..4).prop_map(Shape::Tuple),
            vec(inner.clone(), 0..4).prop_map(Shape::TupleStruct),
            (boxed.clone(), boxed).prop_map(|(key, value)| Shape::Map { key, value }),
            fields(inner.clone()).prop_map(Shape::Struct),
            vec(any_content(inner), 1..4).prop_map(|contents| {
                let variants = contents.into_iter().enumerate();
                let variants = variants.map(|(index, content)| Variant {
                    name: format!("Variant{index}"),
                    doc: String::new(),
                    content,
                });
                Shape::Enum(variants.collect())
            }),
        ]
        .prop_map(named)
    })
}

fn named(shape: Shape) -> Type {
    Type::new("Name", shape)
}

fn fields(ty: impl Strategy<Value = Type>) -> impl Strategy<Value = Vec<Field>> {
    vec(ty, 0..4).prop_map(|types| {
        let fields = types.into_iter().enumerate();
        let fields = fields.map(|(index, ty)| Field {
            name: format!("field{index}"),
            doc: String::new(),
            ty,
        });
        fields.collect()
    })
}

fn any_content(
    ty: impl Strategy<Value = Type> + Clone + 'static,
) -> impl Strategy<Value = Option<Type>> {
    let tuple = prop_oneof![Just(vec![]).boxed(), vec(ty.clone(), 2..4).boxed()];
    prop_oneof![
        Just(None),
        ty.clone().prop_map(Some),
        tuple.prop_map(|types| Some(Type::new("", Shape::Tuple(types)))),
        fields(ty).prop_map(|fields| Some(Type::new("", Shape::Struct(fields)))),
    ]
}

/// Generates a type and one of its values, in the form that decoding returns.
pub fn any_type_and_value() -> impl Strategy<Value = (Type, Value)> {
    any_type().prop_flat_map(|ty| {
        let value = any_value(&ty);
        (Just(ty), value)
    })
}

/// Generates a value of a type, in the form that decoding returns.
pub fn any_value(ty: &Type) -> BoxedStrategy<Value> {
    match &ty.shape {
        Shape::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Shape::Integer(integer) => any_integer(*integer),
        // Every f32 is tried beside the code; these have the same digits as an f64.
        Shape::F32 => float(any::<i16>().prop_map(|number| f64::from(number) / 8.0)),
        Shape::F64 => float(any::<f64>().prop_filter("finite", |number| number.is_finite())),
        Shape::Char => any::<char>().prop_map(|c| json!(c.to_string())).boxed(),
        Shape::String => any::<String>().prop_map(Value::from).boxed(),
        Shape::Bytes => "0x([0-9a-f]{2}){0,5}".prop_map(Value::from).boxed(),
        Shape::Option(inner) => {
            let nullable = inner.is_nullable();
            let some = any_value(inner).prop_map(move |value| match nullable {
                true => json!({ "Some": value }),
                false => value,
            });
            prop_oneof![Just(Value::Null), some].boxed()
        }
        Shape::Unit | Shape::UnitStruct => Just(Value::Null).boxed(),
        Shape::Newtype(inner) => any_value(inner),
        Shape::Seq(element) => vec(any_value(element), 0..4).prop_map(Value::from).boxed(),
        Shape::Tuple(types) | Shape::TupleStruct(types) => {
            let values: Vec<_> = types.iter().map(any_value).collect();
            values.prop_map(Value::from).boxed()
        }
        Shape::Map { key, value } if key.is_object_key() => {
            let key = any_value(key).prop_map(|key| match key {
                Value::String(text) => text,
                number_or_bool => number_or_bool.to_string(),
            });
            let entries = btree_map(key, any_value(value), 0..4);
            entries
                .prop_map(|entries| Value::Object(entries.into_iter().collect()))
                .boxed()
        }
        Shape::Map { key, value } => {
            let pair =
                (any_value(key), any_value(value)).prop_map(|(key, value)| json!([key, value]));
            vec(pair, 0..4).prop_map(Value::from).boxed()
        }
        Shape::Struct(fields) => {
            let values: Vec<_> = fields.iter().map(|field| any_value(&field.ty)).collect();
            let names: Vec<_> = fields.iter().map(|field| field.name.clone()).collect();
            values
                .prop_map(move |values| names.iter().cloned().zip(values).collect())
                .boxed()
        }
        Shape::Enum(variants) => {
            let values = variants.iter().map(|variant| {
                let name = variant.name.clone();
                match &variant.content {
                    None => Just(Value::from(name)).boxed(),
                    Some(content) => any_value(content)
                        .prop_map(move |value| json!({ &*name: value }))
                        .boxed(),
                }
            });
            prop::strategy::Union::new(values).boxed()
        }
        Shape::Schema => unreachable!("no such type is generated"),
    }
}

fn any_integer(ty: IntegerType) -> BoxedStrategy<Value> {
    let as_json = |text: String| match text.parse::<u64>() {
        Ok(number) => number.into(),
        Err(_) => text.parse::<i64>().map_or(Value::from(text), Value::from),
    };
    if ty.is_signed() {
        let max = i128::MAX >> (128 - ty.bits());
        let edges = prop::sample::select(vec![ty.min(), -1, 0, 1, max]);
        prop_oneof![edges, ty.min()..=max]
            .prop_map(move |number| as_json(number.to_string()))
            .boxed()
    } else {
        let edges = prop::sample::select(vec![0, 1, ty.max()]);
        prop_oneof![edges, 0..=ty.max()]
            .prop_map(move |number| as_json(number.to_string()))
            .boxed()
    }
}

fn float(finite: impl Strategy<Value = f64> + 'static) -> BoxedStrategy<Value> {
    let others = prop::sample::select(vec!["nan", "inf", "-inf"]);
    prop_oneof![9 => finite.prop_map(Value::from), 1 => others.prop_map(Value::from)].boxed()
}

/// Generates JSON that matches no type in particular, except by accident.
pub fn any_json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        "Variant[0-3]",
        "field[0-3]",
        Just("Some".to_owned()),
        any_word()
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-300..300_i64).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        name.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(name.clone(), inner, 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Generates a word as a person, or a cat, may type it.
pub fn any_word() -> impl Strategy<Value = String> {
    prop_oneof![
        "(a[0-3]=)?-?(0[xbo])?[0-9a-f_]{0,5}",
        "(a[0-3]=)?[{\"\\[]?[a-z0-9:,\"]{0,6}[}\"\\]]?",
        "(a[0-3]=)?(true|none|null|nan|inf|Variant[0-3]|@no/such/file)",
        any::<String>(),
    ]
}

/// Returns the same type in postcard-schema's form.
pub fn schema_of(ty: &Type) -> OwnedNamedType {
    let boxed = |ty| Box::new(schema_of(ty));
    let all = |types: &[Type]| types.iter().map(schema_of).collect();
    let shape = match &ty.shape {
        Shape::Bool => OwnedDataModelType::Bool,
        Shape::Integer(IntegerType::U8) => OwnedDataModelType::U8,
        Shape::Integer(IntegerType::U16) => OwnedDataModelType::U16,
        Shape::Integer(IntegerType::U32) => OwnedDataModelType::U32,
        Shape::Integer(IntegerType::U64) => OwnedDataModelType::U64,
        Shape::Integer(IntegerType::U128) => OwnedDataModelType::U128,
        Shape::Integer(IntegerType::Usize) => OwnedDataModelType::Usize,
        Shape::Integer(IntegerType::I8) => OwnedDataModelType::I8,
        Shape::Integer(IntegerType::I16) => OwnedDataModelType::I16,
        Shape::Integer(IntegerType::I32) => OwnedDataModelType::I32,
        Shape::Integer(IntegerType::I64) => OwnedDataModelType::I64,
        Shape::Integer(IntegerType::I128) => OwnedDataModelType::I128,
        Shape::Integer(IntegerType::Isize) => OwnedDataModelType::Isize,
        Shape::F32 => OwnedDataModelType::F32,
        Shape::F64 => OwnedDataModelType::F64,
        Shape::Char => OwnedDataModelType::Char,
        Shape::String => OwnedDataModelType::String,
        Shape::Bytes => OwnedDataModelType::ByteArray,
        Shape::Option(inner) => OwnedDataModelType::Option(boxed(inner)),
        Shape::Unit => OwnedDataModelType::Unit,
        Shape::UnitStruct => OwnedDataModelType::UnitStruct,
        Shape::Newtype(inner) => OwnedDataModelType::NewtypeStruct(boxed(inner)),
        Shape::Seq(element) => OwnedDataModelType::Seq(boxed(element)),
        Shape::Tuple(types) => OwnedDataModelType::Tuple(all(types)),
        Shape::TupleStruct(types) => OwnedDataModelType::TupleStruct(all(types)),
        Shape::Map { key, value } => OwnedDataModelType::Map {
            key: boxed(key),
            val: boxed(value),
        },
        Shape::Struct(fields) => OwnedDataModelType::Struct(schemas_of(fields)),
        Shape::Enum(variants) => {
            let variants = variants.iter().map(|variant| OwnedNamedVariant {
                name: variant.name.clone(),
                ty: match &variant.content {
                    None => OwnedDataModelVariant::UnitVariant,
                    Some(content) => match &content.shape {
                        Shape::Tuple(types) if content.name.is_empty() => {
                            OwnedDataModelVariant::TupleVariant(all(types))
                        }
                        Shape::Struct(fields) if content.name.is_empty() => {
                            OwnedDataModelVariant::StructVariant(schemas_of(fields))
                        }
                        _ => OwnedDataModelVariant::NewtypeVariant(boxed(content)),
                    },
                },
            });
            OwnedDataModelType::Enum(variants.collect())
        }
        Shape::Schema => OwnedDataModelType::Schema,
    };
    OwnedNamedType {
        name: ty.name.clone(),
        ty: shape,
    }
}

fn schemas_of(fields: &[Field]) -> Vec<OwnedNamedValue> {
    let fields = fields.iter().map(|field| OwnedNamedValue {
        name: field.name.clone(),
        ty: schema_of(&field.ty),
    });
    fields.collect()
}
