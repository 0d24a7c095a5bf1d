//! Tests real Rust types: the bytes are postcard's, and the JSON is `serde_json`'s except where the
//! documentation says otherwise.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::num::NonZeroU16;
use std::time::Duration;

use firmware::CheckedCalculator;
use firmware::calculator::{
    CalculatorService, ExpressionError, ExpressionReason, MathError, Summary,
};
use postcard_schema::Schema;
use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use serial_rpc_values::description::{Description, Type};
use serial_rpc_values::value::{decode_all, encode};

fn type_of<T: Schema + ?Sized>() -> Type {
    Type::read(&postcard::to_stdvec(T::SCHEMA).unwrap()).unwrap()
}

/// Asserts that `json` and postcard's bytes of `value` become each other.
fn assert_json<T: Schema + Serialize + Debug>(value: T, json: Value) {
    assert_json_as(&type_of::<T>(), value, json);
}

fn assert_json_as<T: Serialize + Debug>(ty: &Type, value: T, json: Value) {
    let bytes = postcard::to_stdvec(&value).unwrap();
    assert_eq!(decode_all(ty, &bytes).as_ref(), Ok(&json), "{value:?}");
    let mut encoded = Vec::new();
    encode(ty, &json, &mut encoded).unwrap();
    assert_eq!(encoded, bytes, "{value:?}");
}

/// Asserts the same for the JSON that `serde_json` makes.
fn assert_agrees<T: Schema + Serialize + Debug>(value: T) {
    let json = serde_json::to_value(&value).unwrap();
    assert_json(value, json);
}

#[derive(Debug, Clone, Serialize, Schema)]
struct Unit;

#[derive(Debug, Clone, Serialize, Schema)]
struct NoFields {}

#[derive(Debug, Clone, Serialize, Schema)]
struct Newtype(i16);

#[derive(Debug, Clone, Serialize, Schema)]
struct Pair(bool, Newtype);

#[derive(Debug, Clone, Serialize, Schema)]
struct Everything {
    unit: Unit,
    #[serde(rename = "empty")]
    no_fields: NoFields,
    pair: Pair,
    name: String,
    initial: char,
    scale: f64,
    samples: Vec<f32>,
    table: [[u16; 2]; 3],
    nothing: Option<u8>,
    something: Option<String>,
    figures: Vec<Figure>,
    by_name: BTreeMap<String, Figure>,
}

#[derive(Debug, Clone, Serialize, Schema)]
enum Figure {
    Nowhere,
    Dot(Pair),
    Tuple((u8, i8)),
    Line(i32, i32),
    Circle { radius: f64, filled: bool },
    Nothing(),
    Empty {},
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Schema)]
enum Key {
    Left,
    Right,
}

fn figures() -> Vec<Figure> {
    vec![
        Figure::Nowhere,
        Figure::Dot(Pair(true, Newtype(-300))),
        Figure::Tuple((255, -128)),
        Figure::Line(i32::MIN, i32::MAX),
        Figure::Circle {
            radius: 0.1,
            filled: false,
        },
        Figure::Nothing(),
        Figure::Empty {},
    ]
}

#[test]
fn structs_and_enums_of_every_kind_agree_with_serde() {
    for figure in figures() {
        assert_agrees(figure);
    }
    assert_agrees(Everything {
        unit: Unit,
        no_fields: NoFields {},
        pair: Pair(false, Newtype(i16::MAX)),
        name: "naïve \"quoted\"\n".to_owned(),
        initial: '€',
        scale: f64::MIN_POSITIVE,
        samples: vec![0.5, -0.0, f32::MAX / 2.0_f32.powi(100)],
        table: [[0, 1], [127, 128], [16383, 65535]],
        nothing: None,
        something: Some(String::new()),
        figures: figures(),
        by_name: figures()
            .into_iter()
            .map(|figure| (format!("{figure:?}"), figure))
            .collect(),
    });
}

#[test]
fn the_calculators_own_types_agree_with_serde() {
    let calculator = Description::of::<CalculatorService<CheckedCalculator>>().unwrap();
    let [statistics, evaluate] = ["calculator.statistics", "calculator.evaluate"]
        .map(|path| calculator.procedure(path).unwrap());
    let summary = Summary {
        count: 3,
        min: -1.5,
        max: 2.25,
        mean: 1.0 / 3.0,
        deviation: 0.1 + 0.2,
    };
    let json = serde_json::to_value(summary).unwrap();
    assert_json_as(&statistics.value, summary, json);
    let ty = statistics.error.as_ref().unwrap();
    assert_json_as(ty, MathError::NoSamples, json!("NoSamples"));
    let error = ExpressionError {
        position: 300,
        reason: ExpressionReason::DivideByZero,
    };
    let json = serde_json::to_value(error).unwrap();
    assert_json_as(evaluate.error.as_ref().unwrap(), error, json);
}

#[test]
fn types_of_the_standard_library_agree_with_serde() {
    assert_agrees(());
    assert_agrees((1_u8, -1_i64, true));
    assert_agrees(NonZeroU16::MAX);
    assert_agrees(Duration::new(u64::MAX, 999_999_999));
    assert_agrees(1..5);
    assert_agrees(Ok::<u8, String>(1));
    assert_agrees(Err::<u8, String>("no".to_owned()));
    assert_agrees(heapless::Vec::<i32, 4>::from_slice(&[1, -1]).unwrap());
    assert_agrees(heapless::String::<4>::try_from("abcd").unwrap());
}

#[test]
fn maps_agree_with_serde_where_keys_are_text_numbers_bools_or_variants() {
    assert_agrees(BTreeMap::from([
        (-1, "a".to_owned()),
        (300, "b".to_owned()),
    ]));
    assert_agrees(BTreeMap::from([(u64::MAX, ())]));
    assert_agrees(BTreeMap::from([(true, 1), (false, 0)]));
    assert_agrees(BTreeMap::from([('é', 1)]));
    assert_agrees(BTreeMap::from([(Key::Left, 1), (Key::Right, 2)]));
}

#[test]
fn maps_with_other_keys_are_pairs() {
    let map = BTreeMap::from([((1_u8, 2_u8), true)]);
    assert_json(map, json!([[[1, 2], true]]));
}

#[test]
fn bytes_are_hexadecimal() {
    assert_json(vec![0_u8, 0xff], json!("0x00ff"));
    assert_json(Vec::<u8>::new(), json!("0x"));
    assert_json([0_u8, 0xff], json!([0, 255]));
}

#[test]
fn integers_beyond_64_bits_are_strings() {
    assert_json(u128::MAX, json!("340282366920938463463374607431768211455"));
    assert_json(i128::MIN, json!("-170141183460469231731687303715884105728"));
    assert_json(u128::from(u64::MAX), json!(u64::MAX));
    assert_json(i128::from(i64::MIN), json!(i64::MIN));
}

#[test]
fn floats_that_json_lacks_are_names() {
    assert_json([f32::NAN, f32::INFINITY], json!(["nan", "inf"]));
    assert_json([f64::NAN, f64::NEG_INFINITY], json!(["nan", "-inf"]));
}

#[test]
fn options_that_may_hold_null_say_when_they_do() {
    assert_json(None::<Option<u8>>, json!(null));
    assert_json(Some(None::<u8>), json!({"Some": null}));
    assert_json(Some(Some(1_u8)), json!({"Some": 1}));
    assert_json(Some(Unit), json!({"Some": null}));
}

proptest! {
    #[test]
    fn a_float_keeps_its_bits_through_printed_json(wide: u64, narrow: u32) {
        let numbers = (f64::from_bits(wide), f32::from_bits(narrow));
        prop_assume!(!numbers.0.is_nan() && !numbers.1.is_nan());
        let ty = type_of::<(f64, f32)>();
        let bytes = postcard::to_stdvec(&numbers).unwrap();
        let printed = decode_all(&ty, &bytes).unwrap().to_string();
        let mut encoded = Vec::new();
        encode(&ty, &serde_json::from_str(&printed).unwrap(), &mut encoded).unwrap();
        prop_assert_eq!(encoded, bytes, "{}", printed);
    }

    #[test]
    fn numbers_agree_with_serde(numbers: (u16, u32, u64, i16, i32, i64)) {
        assert_agrees(numbers);
    }

    #[test]
    fn text_agrees_with_serde(text: String, character: char) {
        assert_agrees((text, character));
    }
}
