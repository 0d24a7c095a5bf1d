//! Interfaces of random types, and those of a device that means no good.

use crate::generate::{any_type, any_word};
use libtest_mimic::Failed;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rpc_proto::describe::{Mark, ProcedureKind};
use rpc_proto::macro_support::{
    ArgumentDescription, Header, ProcedureDescription, ServiceDescription,
};
use rpc_proto::schema::{self, Content};
use serial_rpc::description::{Field, IntegerType, Shape, Type, Variant};
use tests::c_program::Program;

/// Returns what a strategy makes, the same in each run.
pub fn some<T: std::fmt::Debug>(runner: &mut TestRunner, strategy: &impl Strategy<Value = T>) -> T {
    let tree = strategy.new_tree(runner);
    tree.expect("nothing is filtered out").current()
}

/// Makes a type one that a device can have: with limits, and without numbers of no fixed size.
pub fn limited(ty: &mut Type) {
    match &mut ty.shape {
        Shape::Integer(number @ IntegerType::Usize) => *number = IntegerType::U64,
        Shape::Integer(number @ IntegerType::Isize) => *number = IntegerType::I64,
        Shape::Bytes => ty.most = Some(5),
        Shape::Seq(inner) => {
            limited(inner);
            // Every other list has no limit, so that it is a view.
            ty.most = matches!(
                inner.shape,
                Shape::Integer(_) | Shape::Option(_) | Shape::Tuple(_) | Shape::Unit
            )
            .then_some(3);
        }
        Shape::Option(inner) | Shape::Newtype(inner) => limited(inner),
        Shape::Tuple(types) | Shape::TupleStruct(types) => types.iter_mut().for_each(limited),
        Shape::Map { key, value } => {
            limited(key);
            limited(value);
        }
        Shape::Struct(fields) => fields.iter_mut().for_each(|field| limited(&mut field.ty)),
        Shape::Enum(variants) => {
            let contents = variants
                .iter_mut()
                .filter_map(|variant| variant.content.as_mut());
            contents.for_each(limited);
        }
        _ => {}
    }
    if let Shape::Integer(number) = ty.shape {
        ty.name = number.name().to_owned();
    }
}

fn leak<T: ?Sized>(value: impl Into<Box<T>>) -> &'static T {
    Box::leak(value.into())
}

/// Returns the type as the compiler would have it. It lasts for the rest of the test.
fn compiled(ty: &Type) -> &'static schema::Type {
    use schema::Shape as Compiled;
    let shape = match &ty.shape {
        Shape::Bool => Compiled::Bool,
        Shape::Integer(number) => match number {
            IntegerType::U8 => Compiled::U8,
            IntegerType::U16 => Compiled::U16,
            IntegerType::U32 => Compiled::U32,
            IntegerType::U64 | IntegerType::Usize => Compiled::U64,
            IntegerType::U128 => Compiled::U128,
            IntegerType::I8 => Compiled::I8,
            IntegerType::I16 => Compiled::I16,
            IntegerType::I32 => Compiled::I32,
            IntegerType::I64 | IntegerType::Isize => Compiled::I64,
            IntegerType::I128 => Compiled::I128,
        },
        Shape::F32 => Compiled::F32,
        Shape::F64 => Compiled::F64,
        Shape::Char => Compiled::Char,
        Shape::String => Compiled::String(ty.most),
        Shape::Bytes => Compiled::Bytes(ty.most),
        Shape::Option(inner) => Compiled::Option(compiled(inner)),
        Shape::Unit | Shape::Schema => Compiled::Unit,
        Shape::UnitStruct => Compiled::UnitStruct,
        Shape::Newtype(inner) => Compiled::NewtypeStruct(compiled(inner)),
        Shape::Seq(inner) => Compiled::Seq(compiled(inner), ty.most),
        Shape::Tuple(types) => Compiled::Tuple(all(types)),
        Shape::TupleStruct(types) => Compiled::TupleStruct(all(types)),
        Shape::Map { key, value } => Compiled::Map(compiled(key), compiled(value)),
        Shape::Struct(parts) => Compiled::Struct(fields(parts)),
        Shape::Enum(variants) => {
            let variants: Vec<_> = variants.iter().map(variant).collect();
            Compiled::Enum(leak(variants))
        }
    };
    leak(schema::Type {
        name: leak(&*ty.name),
        doc: leak(&*ty.doc),
        shape,
    })
}

fn all(types: &[Type]) -> &'static [&'static schema::Type] {
    leak(types.iter().map(compiled).collect::<Vec<_>>())
}

fn fields(parts: &[Field]) -> &'static [schema::Field] {
    let fields = parts.iter().map(|field| schema::Field {
        name: leak(&*field.name),
        doc: leak(&*field.doc),
        ty: compiled(&field.ty),
    });
    leak(fields.collect::<Vec<_>>())
}

fn variant(variant: &Variant) -> schema::Variant {
    let content = match &variant.content {
        None => Content::Unit,
        Some(content) if !content.name.is_empty() => Content::Newtype(compiled(content)),
        Some(content) => match &content.shape {
            Shape::Tuple(types) => Content::Tuple(all(types)),
            Shape::Struct(parts) => Content::Struct(fields(parts)),
            _ => Content::Newtype(compiled(content)),
        },
    };
    schema::Variant {
        name: leak(&*variant.name),
        doc: leak(&*variant.doc),
        content,
    }
}

/// A procedure: its name, kind, arguments, value and error.
pub struct Sketch {
    pub name: String,
    pub doc: String,
    pub kind: ProcedureKind,
    pub arguments: Vec<(String, Type)>,
    pub value: Type,
    pub error: Option<Type>,
}

/// Returns the description of a device with one service.
pub fn description(device: &str, service: &str, doc: &str, sketches: &[Sketch]) -> Vec<u8> {
    let procedures = sketches.iter().map(|sketch| {
        let arguments = sketch
            .arguments
            .iter()
            .map(|(name, ty)| ArgumentDescription {
                name: leak(&**name),
                ty: compiled(ty),
            });
        ProcedureDescription {
            name: leak(&*sketch.name),
            doc: leak(&*sketch.doc),
            arguments: leak(arguments.collect::<Vec<_>>()),
            value: compiled(&sketch.value),
            error: sketch.error.as_ref().map(compiled),
            mark: Mark::new(sketch.kind, sketch.kind.is_stream()),
        }
    });
    let header = Header {
        name: leak(device),
        version: "1.0.0",
        services: 1,
    };
    let service = ServiceDescription {
        name: leak(service),
        doc: leak(doc),
        procedures: leak(procedures.collect::<Vec<_>>()),
    };
    let mut bytes = vec![0; header.encoded_len()];
    header.encode_into(&mut bytes);
    let mut of_service = vec![0; service.encoded_len()];
    service.encode_into(&mut of_service);
    bytes.extend(of_service);
    bytes
}

/// Names and docs that would mean something in C, or that others have.
const NAMES: [&str; 28] = [
    "int",
    "double",
    "class",
    "new",
    "value",
    "error",
    "context",
    "index",
    "reply",
    "arguments",
    "true",
    "errno",
    "NULL",
    "x */ #error \"out\" /*",
    "*/",
    "/*",
    "//",
    "\\",
    "??/",
    "a\"b",
    "größe",
    "漢",
    "0",
    "_Bool",
    "__x",
    "uint8_t",
    "Type",
    "write_name",
];

/// A device of which every name and doc is chosen to do harm compiles as any other does.
pub fn hostile(compiler: &str) -> Result<(), Failed> {
    let mut runner = TestRunner::deterministic();
    let name = prop_oneof![
        prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
        any_word()
    ];
    // What the program takes: without hidden characters.
    let name = name.prop_map(|name: String| {
        let shown = name
            .chars()
            .filter(|character| !serial_rpc::safe::is_hidden(*character));
        shown.take(80).collect::<String>()
    });
    let identifiers = [
        "add",
        "call_add",
        "target_add",
        "write_name",
        "read_name",
        "name",
        "emit_add",
        "int",
        "next",
        "add_next",
        "srpc",
        "größe",
        "client_read_name",
        "interface",
        "dispatch",
    ];
    for (device, service) in [
        ("aux", "srpc"),
        ("a/../b", "int8"),
        ("*/", "x"),
        ("", "größe"),
        ("x", "x"),
    ] {
        let mut sketches = Vec::new();
        for (at, procedure) in identifiers.iter().enumerate() {
            let kinds = [
                ProcedureKind::Call,
                ProcedureKind::Event,
                ProcedureKind::Stream,
                ProcedureKind::Feed,
                ProcedureKind::MovingStream,
            ];
            let kind = kinds[at % kinds.len()];
            let mut ty = || {
                let mut ty = some(&mut runner, &any_type());
                renamed(&mut ty, &mut || some(&mut runner, &name));
                limited(&mut ty);
                ty
            };
            let (first, last, value, error) = (ty(), ty(), ty(), ty());
            let mut arguments = vec![
                (some(&mut runner, &name), first),
                (some(&mut runner, &name), last.clone()),
            ];
            if kind == ProcedureKind::Feed {
                arguments.push((
                    "items".to_owned(),
                    Type::new("Items<T>", Shape::Seq(Box::new(last))),
                ));
            }
            let is_event = kind == ProcedureKind::Event;
            sketches.push(Sketch {
                name: (*procedure).to_owned(),
                doc: some(&mut runner, &name) + "*" + "/" + "\n" + &some(&mut runner, &name),
                kind,
                arguments,
                value: if is_event {
                    Type::new("()", Shape::Unit)
                } else {
                    value
                },
                error: (!is_event && at % 2 == 0).then_some(error),
            });
        }
        let bytes = description(device, service, "*/ int x; /*", &sketches);
        Program::of(&bytes).check(compiler, &["-fsyntax-only"])?;
    }
    Ok(())
}

/// Gives every name and doc in a type another.
fn renamed(ty: &mut Type, name: &mut impl FnMut() -> String) {
    if !ty.name.is_empty() {
        ty.name = format!("n{}", name());
    }
    ty.doc = name();
    match &mut ty.shape {
        Shape::Option(inner) | Shape::Newtype(inner) | Shape::Seq(inner) => renamed(inner, name),
        Shape::Tuple(types) | Shape::TupleStruct(types) => {
            types.iter_mut().for_each(|ty| renamed(ty, name));
        }
        Shape::Map { key, value } => {
            renamed(key, name);
            renamed(value, name);
        }
        Shape::Struct(fields) => {
            for (at, field) in fields.iter_mut().enumerate() {
                // No two are the same, but what C makes of them may be.
                field.name = format!("{}{}", name(), " ".repeat(at));
                field.doc = name();
                renamed(&mut field.ty, name);
            }
        }
        Shape::Enum(variants) => {
            for (at, variant) in variants.iter_mut().enumerate() {
                variant.name = format!("{}{}", name(), " ".repeat(at));
                variant.doc = name();
                variant
                    .content
                    .iter_mut()
                    .for_each(|content| renamed(content, name));
            }
        }
        _ => {}
    }
}
