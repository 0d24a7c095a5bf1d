//! Descriptions: the bytes that the compiler makes are those that postcard would.

use core::time::Duration;
use postcard_schema::Schema;
use postcard_schema::schema::owned::OwnedNamedType;
use postcard_schema::schema::{
    DataModelType, DataModelVariant, NamedType, NamedValue, NamedVariant,
};
use rpc_proto::describe::{self, Header, Mark, ProcedureKind};
use rpc_proto::schema::{Content, Field, Shape, Type, Variant};
use rpc_proto::service;
use rpc_proto::service::{Service, StaticInterface};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize, Schema, rpc_proto::Schema)]
struct Unit;
#[derive(Serialize, Deserialize, Schema, rpc_proto::Schema)]
struct Newtype(u64);
#[derive(Serialize, Deserialize, Schema, rpc_proto::Schema)]
struct TupleStruct(u128, f32);
#[derive(Serialize, Deserialize, Schema, rpc_proto::Schema)]
struct Struct<'a> {
    text: &'a str,
    letter: char,
    größe: Option<TupleStruct>,
}
#[derive(Serialize, Deserialize, Schema, rpc_proto::Schema)]
enum Enum {
    Unit,
    Newtype(Newtype),
    Tuple(i8, Unit),
    Struct { nested: [u16; 3], nothing: () },
}
#[derive(Serialize, Deserialize, Schema, rpc_proto::Schema)]
enum Empty {}

/// A service as postcard and postcard-schema describe it.
#[derive(Serialize)]
struct ServiceDescription {
    name: &'static str,
    doc: &'static str,
    procedures: &'static [ProcedureDescription],
}
#[derive(Serialize)]
struct ProcedureDescription {
    name: &'static str,
    doc: &'static str,
    arguments: &'static [ArgumentDescription],
    value: &'static NamedType,
    error: Option<&'static NamedType>,
    mark: u8,
}
#[derive(Serialize)]
struct ArgumentDescription {
    name: &'static str,
    ty: &'static NamedType,
}

/// All kinds of procedures and types, in a comment of several lines,
/// with letters beyond ASCII — ä, 漢, 🦀 — and more than 127 bytes long, so that its length takes
/// two bytes.
///
/// It has an empty line, too.
#[service]
trait Everything {
    fn nothing(&mut self);
    /// Naïve.
    #[idempotent]
    fn numbers(&mut self, a: i8, b: i16, c: i32, d: i64, e: i128) -> (u8, u16, u32, u64, u128);
    fn others(&mut self, bit: bool, real: f32, double: f64) -> Result<char, Empty>;
    fn structs<'a>(
        &mut self,
        unit: Unit,
        newtype: Newtype,
        s: Struct<'a>,
    ) -> Result<Enum, TupleStruct>;
    fn sequences(
        &mut self,
        r#in: Vec<Option<u8>>,
        bytes: &[u8],
        array: [i16; 4],
    ) -> heapless::Vec<Enum, 4>;
    fn maps(&mut self, map: BTreeMap<String, Vec<bool>>) -> Option<Duration>;
    /// Says\
    /// "much" \
    fn own_text(&mut self) -> heapless::String<8>;
}

/// The names of these two differ from postcard-schema's.
const NUMBERS: &NamedType = &NamedType {
    name: "(A, B, C, D, E)",
    ty: <(u8, u16, u32, u64, u128)>::SCHEMA.ty,
};
const BYTES: &NamedType = &NamedType {
    name: "[u8]",
    ty: <[u8]>::SCHEMA.ty,
};

/// The description that the attribute should have read.
const EVERYTHING: ServiceDescription = ServiceDescription {
    name: "everything",
    doc: "All kinds of procedures and types, in a comment of several lines,\n\
        with letters beyond ASCII — ä, 漢, 🦀 — and more than 127 bytes long, so that its length takes\n\
        two bytes.\n\nIt has an empty line, too.",
    procedures: &[
        procedure("nothing", "", &[], <()>::SCHEMA, None),
        ProcedureDescription {
            mark: 1,
            ..procedure(
                "numbers",
                "Naïve.",
                &[
                    argument::<i8>("a"),
                    argument::<i16>("b"),
                    argument::<i32>("c"),
                    argument::<i64>("d"),
                    argument::<i128>("e"),
                ],
                NUMBERS,
                None,
            )
        },
        procedure(
            "others",
            "",
            &[
                argument::<bool>("bit"),
                argument::<f32>("real"),
                argument::<f64>("double"),
            ],
            char::SCHEMA,
            Some(Empty::SCHEMA),
        ),
        procedure(
            "structs",
            "",
            &[
                argument::<Unit>("unit"),
                argument::<Newtype>("newtype"),
                argument::<Struct<'static>>("s"),
            ],
            Enum::SCHEMA,
            Some(TupleStruct::SCHEMA),
        ),
        procedure(
            "sequences",
            "",
            &[
                argument::<Vec<Option<u8>>>("in"),
                ArgumentDescription {
                    name: "bytes",
                    ty: BYTES,
                },
                argument::<[i16; 4]>("array"),
            ],
            heapless::Vec::<Enum, 4>::SCHEMA,
            None,
        ),
        procedure(
            "maps",
            "",
            &[argument::<BTreeMap<String, Vec<bool>>>("map")],
            Option::<Duration>::SCHEMA,
            None,
        ),
        procedure(
            "own_text",
            "Says\\\n\"much\" \\",
            &[],
            heapless::String::<8>::SCHEMA,
            None,
        ),
    ],
};

const fn procedure(
    name: &'static str,
    doc: &'static str,
    arguments: &'static [ArgumentDescription],
    value: &'static NamedType,
    error: Option<&'static NamedType>,
) -> ProcedureDescription {
    ProcedureDescription {
        name,
        doc,
        arguments,
        value,
        error,
        mark: 0,
    }
}

const fn argument<T: Schema>(name: &'static str) -> ArgumentDescription {
    ArgumentDescription {
        name,
        ty: T::SCHEMA,
    }
}

/// A lamp.
#[service]
trait Led {
    /// Switches it.
    fn set(&mut self, on: bool);
}

/// Services describe themselves whoever implements them.
enum Nobody {}
impl Everything for Nobody {
    fn nothing(&mut self) {
        match *self {}
    }
    fn numbers(&mut self, _: i8, _: i16, _: i32, _: i64, _: i128) -> (u8, u16, u32, u64, u128) {
        match *self {}
    }
    fn others(&mut self, _: bool, _: f32, _: f64) -> Result<char, Empty> {
        match *self {}
    }
    fn structs<'a>(&mut self, _: Unit, _: Newtype, _: Struct<'a>) -> Result<Enum, TupleStruct> {
        match *self {}
    }
    fn sequences(&mut self, _: Vec<Option<u8>>, _: &[u8], _: [i16; 4]) -> heapless::Vec<Enum, 4> {
        match *self {}
    }
    fn maps(&mut self, _: BTreeMap<String, Vec<bool>>) -> Option<Duration> {
        match *self {}
    }
    fn own_text(&mut self) -> heapless::String<8> {
        match *self {}
    }
}
impl Led for Nobody {
    fn set(&mut self, _: bool) {
        match *self {}
    }
}

rpc_proto::interface! {
    struct Both("großes-gerät", "1.2.3-β") {
        led: LedService<Nobody>,
        everything: EverythingService<Nobody>,
    }
}

/// A description as a host reads it.
#[derive(Deserialize)]
struct Described {
    name: String,
    version: String,
    services: Vec<DescribedService>,
}
#[derive(Deserialize)]
struct DescribedService {
    name: String,
    doc: String,
    procedures: Vec<DescribedProcedure>,
}
#[derive(Deserialize)]
struct DescribedProcedure {
    name: String,
    doc: String,
    arguments: Vec<(String, OwnedNamedType)>,
    value: OwnedNamedType,
    error: Option<OwnedNamedType>,
    mark: u8,
}

fn encoded<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("a serialisable value")
}

fn crc(bytes: &[u8]) -> u32 {
    crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(bytes)
}

#[test]
fn a_service_is_described_as_postcard_encodes_it() {
    let description = <EverythingService<Nobody> as Service>::DESCRIPTION;
    assert_eq!(description, encoded(&EVERYTHING));
}

#[test]
fn a_device_with_one_service_has_its_name_and_the_version_of_its_package() {
    let header = ("everything", env!("CARGO_PKG_VERSION"), 1_u32);
    let whole = [encoded(&header), encoded(&EVERYTHING)].concat();
    assert_eq!(
        <EverythingService<Nobody> as StaticInterface>::DESCRIPTION.concat(),
        whole
    );
}

#[test]
fn an_interface_is_a_header_and_its_services() {
    let header = encoded(&("großes-gerät", "1.2.3-β", 2_u32));
    let led = <LedService<Nobody> as Service>::DESCRIPTION;
    let whole = [&header, led, &encoded(&EVERYTHING)].concat();
    assert_eq!(Both::DESCRIPTION.concat(), whole);
}

#[test]
fn the_fingerprint_is_the_checksum_of_the_description() {
    assert_eq!(Both::FINGERPRINT, crc(&Both::DESCRIPTION.concat()));
    let alone = <LedService<Nobody> as StaticInterface>::DESCRIPTION.concat();
    assert_eq!(
        <LedService<Nobody> as StaticInterface>::FINGERPRINT,
        crc(&alone)
    );
}

#[test]
fn a_host_reads_what_was_written() {
    let description = Both::DESCRIPTION.concat();
    let (device, rest) = postcard::take_from_bytes::<Described>(&description).expect("readable");
    assert!(rest.is_empty());
    assert_eq!(
        (&*device.name, &*device.version),
        ("großes-gerät", "1.2.3-β")
    );
    let [led, everything] = &device.services[..] else {
        panic!("two services")
    };
    assert_eq!((&*led.name, &*led.doc), ("led", "A lamp."));
    assert_eq!(everything.name, EVERYTHING.name);
    assert_eq!(everything.doc, EVERYTHING.doc);
    assert_eq!(everything.procedures.len(), EVERYTHING.procedures.len());
    for (read, written) in everything.procedures.iter().zip(EVERYTHING.procedures) {
        assert_eq!(read.name, written.name);
        assert_eq!(read.doc, written.doc);
        let arguments = written.arguments.iter();
        let arguments: Vec<_> = arguments
            .map(|it| (it.name.to_owned(), it.ty.into()))
            .collect();
        assert_eq!(read.arguments, arguments);
        assert_eq!(read.value, written.value.into());
        assert_eq!(read.error, written.error.map(OwnedNamedType::from));
        assert_eq!(read.mark, written.mark);
    }
}

/// Those, too, that only a schema by hand can name.
#[test]
fn every_kind_of_type_is_encoded_as_postcard_does() {
    const BYTE: &Type = &Type::new("u8", Shape::U8);
    const LETTER: &Type = &Type::new("char", Shape::Char);
    const FIELD: Field = Field {
        name: "left",
        doc: "",
        ty: BYTE,
    };
    const fn variant(name: &'static str, content: Content) -> Variant {
        let doc = "";
        Variant { name, doc, content }
    }
    let as_postcard: &[DataModelType] = {
        use DataModelType::*;
        use DataModelVariant::*;
        const FIELD: &NamedValue = &NamedValue {
            name: "left",
            ty: u8::SCHEMA,
        };
        &[
            ByteArray,
            NewtypeStruct(u8::SCHEMA),
            Tuple(&[]),
            Tuple(&[u8::SCHEMA; 200]),
            TupleStruct(&[u8::SCHEMA, char::SCHEMA]),
            Map {
                key: u8::SCHEMA,
                val: char::SCHEMA,
            },
            Struct(&[FIELD]),
            Enum(&[
                &NamedVariant {
                    name: "A",
                    ty: &UnitVariant,
                },
                &NamedVariant {
                    name: "B",
                    ty: &NewtypeVariant(u8::SCHEMA),
                },
                &NamedVariant {
                    name: "C",
                    ty: &TupleVariant(&[u8::SCHEMA, char::SCHEMA]),
                },
                &NamedVariant {
                    name: "D",
                    ty: &StructVariant(&[FIELD]),
                },
            ]),
        ]
    };
    macro_rules! kinds {
        ($($kind:expr),* $(,)?) => {
            &[$(describe::ArgumentDescription {
                name: "one",
                ty: &Type::new("of a kind", $kind),
            }),*]
        };
    }
    const KINDS: describe::ServiceDescription = describe::ServiceDescription {
        name: "kinds",
        doc: "",
        procedures: &[describe::ProcedureDescription {
            name: "all",
            doc: "",
            arguments: kinds![
                Shape::Bytes(None),
                Shape::NewtypeStruct(BYTE),
                Shape::Tuple(&[]),
                Shape::Tuple(&[BYTE; 200]),
                Shape::TupleStruct(&[BYTE, LETTER]),
                Shape::Map(BYTE, LETTER),
                Shape::Struct(&[FIELD]),
                Shape::Enum(&[
                    variant("A", Content::Unit),
                    variant("B", Content::Newtype(BYTE)),
                    variant("C", Content::Tuple(&[BYTE, LETTER])),
                    variant("D", Content::Struct(&[FIELD])),
                ]),
            ],
            value: BYTE,
            error: None,
            mark: Mark::new(ProcedureKind::Call, false),
        }],
    };
    const ENCODED: [u8; KINDS.encoded_len()] = KINDS.encode();
    let arguments: Vec<_> = as_postcard
        .iter()
        .map(|ty| ("one", ("of a kind", ty)))
        .collect();
    let procedure = ("all", "", arguments, u8::SCHEMA, None::<&NamedType>, 0_u8);
    assert_eq!(ENCODED[..], encoded(&("kinds", "", [procedure].as_slice())));
}

#[test]
fn a_header_is_its_names_and_the_number_of_services() {
    const HEADER: Header = Header {
        name: "",
        version: "a version whose length takes two bytes, because there are so many letters in it \
            that there are more than 127, which is the most that one byte can say",
        services: 300,
    };
    const ENCODED: [u8; HEADER.encoded_len()] = HEADER.encode();
    assert_eq!(ENCODED[..], encoded(&("", HEADER.version, 300_u32)));
}
