//! Values: they are encoded as the crate postcard encodes them, and bytes are decoded as it decodes them,
//! including those that encode nothing.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use rpc_proto::service::Arguments;
use rpc_proto::wire::frame::{Accumulator, Encoder};
use rpc_proto::wire::message::{Header, Kind, Seq};
use rpc_proto::wire::seal::Seal;
use serde::de::DeserializeOwned;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::Debug;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Variant {
    Unit,
    Newtype(i16),
    Tuple(bool, u16),
    Struct { narrow: i8, wide: i128 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(u32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tuple(u8, i32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Whole {
    integers: (u8, i8, u16, i16, u32, i32),
    wide: (u64, i64, u128, i128),
    floats: (f32, f64),
    text: String,
    optional: Option<Option<bool>>,
    items: Vec<Variant>,
    map: BTreeMap<u8, String>,
    array: [u16; 3],
    structs: (Unit, Newtype, Tuple, ()),
}

fn variant() -> impl Strategy<Value = Variant> {
    prop_oneof![
        Just(Variant::Unit),
        any::<i16>().prop_map(Variant::Newtype),
        any::<(bool, u16)>().prop_map(|(first, second)| Variant::Tuple(first, second)),
        any::<(i8, i128)>().prop_map(|(narrow, wide)| Variant::Struct { narrow, wide }),
    ]
}

fn whole() -> impl Strategy<Value = Whole> {
    let simple = any::<(
        (u8, i8, u16, i16, u32, i32),
        (u64, i64, u128, i128),
        String,
        Option<Option<bool>>,
        [u16; 3],
        (u32, u8, i32),
    )>();
    let floats = (
        proptest::num::f32::NORMAL | proptest::num::f32::ZERO,
        proptest::num::f64::NORMAL | proptest::num::f64::INFINITE,
    );
    let collections = (
        vec(variant(), 0..4),
        btree_map(any::<u8>(), any::<String>(), 0..4),
    );
    (simple, floats, collections).prop_map(|(simple, floats, (items, map))| {
        let (integers, wide, text, optional, array, (newtype, first, second)) = simple;
        Whole {
            integers,
            wide,
            floats,
            text,
            optional,
            items,
            map,
            array,
            structs: (Unit, Newtype(newtype), Tuple(first, second), ()),
        }
    })
}

/// Encodes a value as the body of a frame.
fn encode(value: &impl Serialize) -> Option<Vec<u8>> {
    let mut frame = vec![0; 4096];
    let mut encoder = Encoder::new(&mut frame);
    encoder.value(value);
    let header = Header {
        kind: Kind::Return,
        seq: Seq::FIRST,
    };
    let len = encoder.finish(header, Seal::NONE).ok()?;
    let mut accumulator = Accumulator::<4096>::new();
    let mut bytes = frame[..len].iter();
    let last = bytes.next_back()?;
    for byte in bytes {
        assert_eq!(accumulator.push(*byte), None);
    }
    let candidate = accumulator.push(*last)?.ok()?;
    candidate.open(Seal::NONE).map(<[u8]>::to_vec)
}

/// Asserts that bytes are decoded as postcard does it.
fn assert_decoded<T: DeserializeOwned + Debug>(bytes: &[u8]) {
    let mut arguments = Arguments::new(bytes);
    let decoded = arguments.take::<T>().ok();
    let decoded = decoded.map(|value| (value, arguments.bytes()));
    let expected = postcard::take_from_bytes::<T>(bytes).ok();
    // As text, because not every float is equal to itself.
    assert_eq!(format!("{decoded:?}"), format!("{expected:?}"));
}

proptest! {
    #[test]
    fn a_value_is_encoded_as_postcard_does_it(value in whole()) {
        prop_assert_eq!(encode(&value), postcard::to_stdvec(&value).ok());
    }

    #[test]
    fn an_encoded_value_is_decoded(value in whole(), behind in vec(any::<u8>(), 0..3)) {
        let bytes = [postcard::to_stdvec(&value)?, behind].concat();
        assert_decoded::<Whole>(&bytes);
    }

    #[test]
    fn a_character_is_decoded(character: char) {
        let bytes = postcard::to_stdvec(&character)?;
        prop_assert_eq!(encode(&character), Some(bytes.clone()));
        assert_decoded::<char>(&bytes);
    }

    #[test]
    fn an_encoding_that_is_cut_off_or_changed_is_decoded_as_postcard_does_it(
        value in whole(),
        at: proptest::sample::Index,
        byte: u8,
    ) {
        let mut bytes = postcard::to_stdvec(&value)?;
        let at = at.index(bytes.len());
        assert_decoded::<Whole>(&bytes[..at]);
        bytes[at] = byte;
        assert_decoded::<Whole>(&bytes);
    }

    #[test]
    fn any_bytes_are_decoded_as_postcard_does_it(
        bytes in vec(prop_oneof![any::<u8>(), 0_u8..4, 0x7E_u8..0x82, 0xFE_u8..], 0..22),
    ) {
        assert_decoded::<bool>(&bytes);
        assert_decoded::<u8>(&bytes);
        assert_decoded::<i8>(&bytes);
        assert_decoded::<u16>(&bytes);
        assert_decoded::<i16>(&bytes);
        assert_decoded::<u32>(&bytes);
        assert_decoded::<i32>(&bytes);
        assert_decoded::<u64>(&bytes);
        assert_decoded::<i64>(&bytes);
        assert_decoded::<u128>(&bytes);
        assert_decoded::<i128>(&bytes);
        assert_decoded::<String>(&bytes);
        assert_decoded::<Option<u8>>(&bytes);
        assert_decoded::<Vec<u16>>(&bytes);
        assert_decoded::<Vec<Variant>>(&bytes);
        assert_decoded::<BTreeMap<u8, i8>>(&bytes);
    }
}

/// Postcard would take the first.
#[test]
fn two_characters_are_none() {
    assert!(Arguments::new(b"\x02ab").take::<char>().is_err());
}

#[test]
fn borrowed_bytes_stay_where_they_are() {
    let encoded = postcard::to_stdvec(&(&b"ab"[..], "cd")).unwrap();
    let mut arguments = Arguments::new(&encoded);
    let bytes: &[u8] = arguments.take().unwrap();
    let text: &str = arguments.take().unwrap();
    assert_eq!((bytes, text), (&encoded[1..3], "cd"));
    assert!(std::ptr::eq(bytes, &raw const encoded[1..3]));
}

#[test]
fn formatted_text_is_encoded_like_a_string() {
    struct Formatted(u32);
    impl Serialize for Formatted {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&format_args!("{} of {}", self.0, "many"))
        }
    }
    assert_eq!(
        encode(&Formatted(12)),
        postcard::to_stdvec("12 of many").ok()
    );
}

#[test]
fn a_sequence_of_unknown_length_fits_no_frame() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut sequence = serializer.serialize_seq(None)?;
            sequence.serialize_element(&1_u8)?;
            sequence.end()
        }
    }
    assert_eq!(encode(&Endless), None);
}
