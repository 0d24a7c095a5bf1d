//! Descriptions of types: what the derive and the library say of them is what postcard encodes.

use core::time::Duration;
use rpc_proto::Schema;
use rpc_proto::schema::{Mismatch, Shape, Type, verify};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// A probe,
/// which measures.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
struct Probe<'a, T> {
    /// A name of the source, not of Rust.
    r#type: &'a str,
    #[serde(borrow)]
    nested: Nested<'a>,
    readings: heapless::Vec<T, 2>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
enum Nested<'a> {
    /// Nothing at all.
    Nothing,
    Wrapped(Metres),
    Two(#[serde(borrow)] &'a [u8], Unit),
    Named {
        /// How long it takes.
        time: Duration,
        map: BTreeMap<char, Option<(i8, bool)>>,
    },
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
#[serde(transparent)]
struct Metres {
    inner: f32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
struct Pair(i128, [u16; 3]);

fn probe(nested: Nested<'_>) -> Probe<'_, Pair> {
    Probe {
        r#type: "sonar",
        nested,
        readings: [Pair(-1, [1, 2, 65_535])].into_iter().collect(),
    }
}

#[track_caller]
fn assert_verified<T: Schema + Serialize + for<'a> Deserialize<'a>>(value: T) {
    assert_eq!(verify(&value, &mut [0; 256]), Ok(()));
}

#[test]
fn what_the_derive_describes_is_encoded() {
    let map = [('a', None), ('b', Some((1, true)))].into_iter().collect();
    let time = Duration::from_millis(1);
    for nested in [
        Nested::Nothing,
        Nested::Wrapped(Metres { inner: 0.5 }),
        Nested::Two(&[1, 2, 3], Unit),
        Nested::Named { time, map },
    ] {
        assert_eq!(verify(&probe(nested), &mut [0; 256]), Ok(()));
    }
}

#[test]
fn what_the_library_describes_is_encoded() {
    assert_verified((1_u8, 2_u16, 3_u32, 4_u64, 5_u128, 'x'));
    assert_verified((-1_i8, -2_i16, -3_i32, -4_i64, -5_i128, ()));
    assert_verified((1.5_f32, 2.5_f64, true, String::from("text"), vec![1_u16]));
    assert_verified([Ok(1_u8), Err(false)]);
    assert_verified((1..5_u8, 1..=5_i64, core::num::Wrapping(5_u16)));
    assert_verified((core::num::NonZeroU32::MIN, core::num::NonZeroI8::MAX));
    assert_verified(heapless::String::<4>::try_from("four").expect("room"));
    assert_verified((core::marker::PhantomData::<u8>, Box::new(1_u8)));
    assert_verified(std::collections::BTreeSet::from([1_i16, 2]));
}

#[test]
fn docs_and_names_are_those_of_the_source() {
    let schema = Probe::<Pair>::SCHEMA;
    assert_eq!(
        (schema.name, schema.doc),
        ("Probe", "A probe,\nwhich measures.")
    );
    let Shape::Struct([kind, nested, _]) = schema.shape else {
        panic!("{schema:?}")
    };
    assert_eq!(kind.name, "type");
    assert_eq!(kind.doc, "A name of the source, not of Rust.");
    let Shape::Enum([nothing, ..]) = nested.ty.shape else {
        panic!("{nested:?}")
    };
    assert_eq!((nothing.name, nothing.doc), ("Nothing", "Nothing at all."));
}

#[test]
fn a_type_encoded_as_its_field_is_described_as_its_field() {
    assert_eq!(Metres::SCHEMA, f32::SCHEMA);
}

#[test]
fn the_longest_value_of_a_type_has_the_length_that_its_description_says() {
    #[track_caller]
    fn assert_longest<T: Schema + Serialize + Debug>(longest: T) {
        let encoded = postcard::to_stdvec(&longest).expect("serialisable");
        assert_eq!(T::SCHEMA.max_len(), Some(encoded.len()), "{longest:?}");
    }
    assert_longest((u16::MAX, u32::MAX, u64::MAX, u128::MAX, '\u{10FFFF}'));
    assert_longest((i16::MIN, i32::MIN, i64::MIN, i128::MIN, (), true));
    assert_longest((0.0_f32, 0.0_f64, [Some(u16::MAX); 3]));
    assert_longest(heapless::Vec::<u32, 200>::from_iter([u32::MAX; 200]));
    assert_longest(heapless::String::<127>::try_from("a".repeat(127).as_str()).expect("room"));
    assert_longest([Ok(1_u8), Err(u64::MAX)].map(|result: Result<u8, u64>| result)[1]);
    assert_eq!(<&str>::SCHEMA.max_len(), None);
    assert_eq!(<heapless::Vec<&[u8], 2>>::SCHEMA.max_len(), None);
}

/// Types whose encoding is another than what they say.
macro_rules! lying {
    ($($(#[$attribute:meta])* $name:ident $shape:expr;)*) => {$(
        #[derive(Clone, Serialize, Deserialize)]
        $(#[$attribute])*
        struct $name { level: u16 }

        impl Schema for $name {
            const SCHEMA: &'static Type = &Type::new(stringify!($name), $shape);
        }
        impl From<u8> for $name {
            fn from(level: u8) -> Self {
                Self { level: u16::from(level) * 2 }
            }
        }
        impl From<$name> for u8 {
            fn from(value: $name) -> Self {
                value.level as u8
            }
        }
    )*};
}

const LEVEL: Shape = Shape::Struct(&[rpc_proto::schema::Field {
    name: "level",
    doc: "",
    ty: u16::SCHEMA,
}]);

lying! {
    #[serde(into = "u8", from = "u8")]
    Into_ LEVEL;
    #[serde(from = "u8")]
    From_ LEVEL;
    #[serde(into = "u8", from = "u8")]
    Doubled Shape::U8;
    #[serde(rename_all = "UPPERCASE")]
    Renamed LEVEL;
}

#[test]
fn a_description_that_is_not_of_the_encoding_is_found_out() {
    fn difference<T: Schema + Serialize + for<'a> Deserialize<'a>>(value: T) -> Mismatch {
        verify(&value, &mut [0; 64]).expect_err("a difference")
    }
    let level = 4;
    let described = "Into_";
    let encoded = "a u8";
    assert_eq!(
        difference(Into_ { level }),
        Mismatch::Other { described, encoded }
    );
    assert_eq!(difference(Doubled { level }), Mismatch::DecodedDifferently);
    assert_eq!(difference(From_ { level }), Mismatch::DecodedDifferently);
    let (described, encoded) = ("level", "LEVEL");
    assert_eq!(
        difference(Renamed { level }),
        Mismatch::Name { described, encoded }
    );
}

/// The index of a variant is that among all when it is encoded, but among those not left out when it is
/// decoded.
#[derive(Serialize, Deserialize)]
enum Side {
    #[serde(skip)]
    #[allow(dead_code)]
    Nowhere,
    Left,
    Right,
}

impl Schema for Side {
    const SCHEMA: &'static Type = <SideAsWritten as Schema>::SCHEMA;
}

#[derive(Schema)]
#[allow(dead_code)]
enum SideAsWritten {
    Nowhere,
    Left,
    Right,
}

#[test]
fn a_variant_that_is_left_out_is_found_out() {
    let result = verify(&Side::Left, &mut [0; 64]);
    assert_eq!(result, Err(Mismatch::DecodedDifferently));
    let result = verify(&Side::Right, &mut [0; 64]);
    assert_eq!(result, Err(Mismatch::DecodedDifferently));
}

/// Serialised by hand, and with a part too few.
#[derive(Schema)]
#[allow(dead_code)]
struct Two(u8, u8);

impl Serialize for Two {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.0].serialize(serializer)
    }
}
impl<'de> Deserialize<'de> for Two {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <[u8; 1]>::deserialize(deserializer).map(|[only]| Self(only, 0))
    }
}

#[test]
fn an_implementation_by_hand_is_compared_part_by_part() {
    let (described, encoded) = ("Two", "a tuple or array");
    assert_eq!(
        verify(&Two(1, 2), &mut [0; 64]),
        Err(Mismatch::Other { described, encoded })
    );
    assert_eq!(verify(&1_u8, &mut []), Err(Mismatch::BufferTooShort));
}
