//! Tests which bytes are read as descriptions, and which are refused.

use super::*;
use crate::description::{IntegerType, Shape, Type};
use postcard_schema::Schema;
use serde::Serialize;

fn type_of<T: Schema + ?Sized>() -> Type {
    Type::read(&postcard::to_stdvec(T::SCHEMA).unwrap()).unwrap()
}

#[test]
fn types_nest_64_deep_and_no_deeper() {
    let option = [0, 18];
    let nested = |depth: usize| [option.repeat(depth - 1), vec![0, 0]].concat();
    assert!(Type::read(&nested(64)).is_ok());
    assert_eq!(
        Type::read(&nested(65)),
        Err(ReadError::TooDeep { offset: 128 })
    );
    assert_eq!(
        Type::read(&nested(1_000_000)),
        Err(ReadError::TooDeep { offset: 128 })
    );
}

#[test]
fn variants_count_as_depth_too() {
    let newtype_variant = [0, 27, 1, 0, 1];
    let bytes = [newtype_variant.repeat(10_000), vec![0, 0]].concat();
    assert!(matches!(Type::read(&bytes), Err(ReadError::TooDeep { .. })));
}

#[test]
fn a_result_reads_as_two_variants_around_a_value() {
    let result = type_of::<Result<u8, bool>>();
    assert_eq!(
        result.definition().to_string(),
        "enum Result<T, E> { Ok(u8), Err(bool) }"
    );
    let Shape::Enum(variants) = result.shape else {
        panic!("{result:?}")
    };
    assert_eq!(variants[0].content, Some(IntegerType::U8.into()));
}

#[test]
fn trailing_bytes_are_refused() {
    assert_eq!(
        Type::read(&[0, 0, 7]),
        Err(ReadError::Trailing {
            offset: 2,
            count: 1
        })
    );
}

#[test]
fn an_unknown_kind_of_type_is_refused() {
    assert_eq!(
        Type::read(&[0, 33]).unwrap_err().to_string(),
        "the device's description is damaged: \
         byte 1 should say the kind of a type (0 to 32), and is 33"
    );
}

#[test]
fn names_and_docs_must_not_command_the_terminal() {
    let escape = b"\x04\x1b[2J\x00";
    assert_eq!(Type::read(escape), Err(ReadError::Name { offset: 5 }));
    let reversed = b"\x06a\xe2\x80\xaebc\x00";
    assert_eq!(Type::read(reversed), Err(ReadError::Name { offset: 7 }));
    let device = Description::read(b"\x01d\x011\x01\x01s\x06a\x1b\x07\nbc\x00").unwrap();
    assert_eq!(device.services[0].doc, "a\\u{1b}\\u{7}\nbc");
}

#[test]
fn services_and_procedures_have_identifiers_for_names() {
    let read = |service, procedure| {
        let procedures = [(procedure, "", [0u8; 0].as_slice(), "()", 19u8, 0u8, 1u8)];
        let services = [(service, "", &procedures[..])];
        let bytes = postcard::to_stdvec(&("demo", "1.0.0", &services[..])).unwrap();
        Description::read(&bytes)
    };
    for name in ["a", "_", "total_2", "größe", "type"] {
        assert!(read(name, name).is_ok(), "{name}");
    }
    for name in [
        "",
        "x.f",
        "a;touch X",
        "$(reboot)",
        "a b",
        "2",
        "-a",
        "a/b",
        "`a`",
        "é\u{301} ",
    ] {
        assert!(
            read(name, "f").is_err() && read("d", name).is_err(),
            "{name}"
        );
    }
    assert_eq!(
        read("d", "a;touch X").unwrap_err().to_string(),
        "`a;touch X` before byte 26 of the device's description is no name for a procedure: \
         it is no identifier"
    );
}

#[test]
fn two_fields_of_the_same_name_are_refused() {
    let point = [0, 26, 2, 1, b'x', 0, 0, 1, b'x', 0, 0];
    assert_eq!(
        Type::read(&point).unwrap_err().to_string(),
        "two fields before byte 11 of the device's description have the same name, `x`"
    );
}

#[test]
fn keys_are_those_that_typed_callers_ask_for() {
    use firmware::{CheckedCalculator, calculator as calc};
    use rpc_proto::service::Procedure;

    fn expected<P: Procedure>() -> (String, u32) {
        (P::PATH.into(), P::KEY)
    }
    let description = Description::of::<calc::CalculatorService<CheckedCalculator>>().unwrap();
    let keys: Vec<_> = description
        .procedures()
        .map(|found| (found.path.clone(), found.key))
        .collect();
    for procedure in [
        expected::<calc::CalculatorAdd>(),
        expected::<calc::CalculatorStatistics>(),
        expected::<calc::CalculatorEvaluate>(),
        expected::<calc::CalculatorClear>(),
    ] {
        assert!(keys.contains(&procedure), "{procedure:?} in {keys:?}");
    }
}

#[test]
fn procedures_are_numbered_from_8_through_all_services() {
    #[derive(Serialize)]
    struct Procedure(
        &'static str,
        &'static str,
        Vec<()>,
        &'static postcard_schema::schema::NamedType,
        Option<()>,
        bool,
    );
    let procedure = |name| Procedure(name, "", vec![], <()>::SCHEMA, None, true);
    let services = [
        ("one", "", vec![procedure("a"), procedure("b")]),
        ("two", "", vec![procedure("a")]),
    ];
    let bytes = postcard::to_stdvec(&("demo", "1.0.0", &services[..])).unwrap();
    let device = Description::read(&bytes).unwrap();
    let numbered: Vec<_> = device
        .procedures()
        .map(|found| (found.number, found.path.as_str()))
        .collect();
    assert_eq!(numbered, [(8, "one.a"), (9, "one.b"), (10, "two.a")]);
}

/// A service whose types have docs and limits and refer to one another.
mod told {
    use rpc_proto::Schema;
    use serde::{Deserialize, Serialize};

    /// A side.
    #[derive(Serialize, Deserialize, Schema)]
    pub enum Side {
        /// To the left.
        Left,
        Right,
    }

    #[derive(Serialize, Deserialize, Schema)]
    pub struct Told {
        /// The first ones.
        list: heapless::Vec<Side, 3>,
        /// Again.
        again: Side,
    }

    #[rpc_proto::service]
    pub trait Teller {
        fn tell(&self, name: heapless::String<7>) -> Result<Told, Side>;
        fn ask(&self) -> Told;
    }
}

#[test]
fn docs_and_limits_are_read_wherever_a_type_occurs() {
    use rpc_proto::service::Member;
    let description = Description::of::<told::TellerService<()>>().unwrap();
    let [tell, ask] =
        ["teller.tell", "teller.ask"].map(|path| description.procedure(path).unwrap());
    assert_eq!(tell.key, told::TellerTell::KEY);
    assert_eq!(ask.key, told::TellerAsk::KEY);
    assert_eq!(tell.value, ask.value);
    assert_eq!(tell.arguments[0].ty.most, Some(7));
    let Shape::Struct(fields) = &ask.value.shape else {
        panic!("{ask:?}")
    };
    assert_eq!(
        (&*fields[0].doc, fields[0].ty.most),
        ("The first ones.", Some(3))
    );
    assert_eq!(fields[1].doc, "Again.");
    let side = tell.error.as_ref().unwrap();
    assert_eq!((&*side.name, &*side.doc), ("Side", "A side."));
    assert_eq!(&fields[1].ty, side);
    let Shape::Enum(variants) = &side.shape else {
        panic!("{side:?}")
    };
    assert_eq!(variants[0].doc, "To the left.");
    assert_eq!(variants[1].doc, "");
}

#[test]
fn a_type_refers_only_to_types_before_it() {
    assert_eq!(
        Type::read(&[0, 26, 1, 1, b'a', 0, 32, 0]).unwrap_err(),
        ReadError::NoSuchType {
            offset: 7,
            number: 0
        }
    );
}

#[test]
fn types_that_refer_to_others_twice_each_do_not_grow_without_end() {
    // Each has two fields of the type before it.
    let mut fields: Vec<Vec<u8>> = vec![vec![b'A', 20]];
    for number in 0..40 {
        fields.push(vec![b'A', 24, 2, 0, 32, number, 0, 32, number]);
    }
    let elements = fields.iter().map(|field| [&[1], field.as_slice()].concat());
    let bytes = [
        vec![0, 23, fields.len() as u8],
        elements.collect::<Vec<_>>().concat(),
    ]
    .concat();
    assert_eq!(Type::read(&bytes), Err(ReadError::TooRepetitive));
}
