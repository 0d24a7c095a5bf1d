//! Tests how words and JSON are read as arguments, and the errors for those that are invalid.

use std::collections::BTreeMap;

use postcard_schema::Schema;
use postcard_schema::schema::NamedType;
use serde::Serialize;
use serde_json::json;

use super::*;
use crate::description::{ProcedureKind, Type};

fn from_words(procedure: &Procedure, words: &[impl AsRef<str>]) -> Result<Vec<u8>, ArgumentsError> {
    super::from_words(procedure, words, &|file| std::fs::read(file))
}

#[derive(Serialize, Schema)]
struct Point {
    x: i16,
    y: f32,
}

#[derive(Serialize, Schema)]
enum Mode {
    Slow,
    Fast,
    Custom { rate: u32 },
}

#[derive(Serialize, Schema)]
struct Metres(f64);

fn procedure(path: &str, arguments: &[(&str, &'static NamedType)]) -> Procedure {
    let ty = |schema| Type::read(&postcard::to_stdvec(schema).unwrap()).unwrap();
    let arguments = arguments.iter().map(|(name, schema)| Argument {
        name: (*name).to_owned(),
        ty: ty(*schema),
    });
    Procedure {
        number: 8,
        key: 0,
        path: path.to_owned(),
        doc: String::new(),
        arguments: arguments.collect(),
        value: ty(<()>::SCHEMA),
        error: None,
        kind: ProcedureKind::Call,
        idempotent: true,
    }
}

fn add() -> Procedure {
    procedure("calculator.add", &[("x", i32::SCHEMA), ("y", i32::SCHEMA)])
}

fn complaint(procedure: &Procedure, words: &[&str]) -> String {
    from_words(procedure, words).unwrap_err().to_string()
}

/// Asserts that the one argument of type `T` is `value` when the word is `word`.
fn assert_reads<T: Schema + Serialize>(word: &str, value: T) {
    let procedure = procedure("demo.set", &[("value", T::SCHEMA)]);
    let expected = postcard::to_stdvec(&value).unwrap();
    let by_name = format!("value={word}");
    assert_eq!(from_words(&procedure, &[word]).unwrap(), expected, "{word}");
    assert_eq!(
        from_words(&procedure, &[by_name]).unwrap(),
        expected,
        "{word}"
    );
}

/// Asserts the error message for `word` as the one argument of type `T`.
fn assert_refuses<T: Schema + ?Sized>(word: &str, complaint: &str) {
    let procedure = procedure("demo.set", &[("value", T::SCHEMA)]);
    let error = from_words(&procedure, &[word]).unwrap_err();
    assert_eq!(error.to_string(), complaint);
}

#[test]
fn words_come_in_order_or_by_name() {
    for words in [["2", "3"], ["x=2", "y=3"], ["y=3", "x=2"], ["2", "y=3"]] {
        assert_eq!(from_words(&add(), &words).unwrap(), [4, 6], "{words:?}");
    }
    assert_eq!(
        from_words(&procedure("demo.clear", &[]), &[""; 0]).unwrap(),
        b""
    );
}

#[test]
fn a_variant_that_holds_a_value_is_written_as_it_is_described() {
    #[derive(Serialize, Schema)]
    enum Move {
        Home,
        Absolute(u8),
        Named(String),
        Pair(u8, i16),
        Custom { rate: u32 },
        To(Option<Metres>),
    }
    assert_reads("Home", Move::Home);
    assert_reads("Absolute(0x28)", Move::Absolute(40));
    assert_reads("Named(a)(b)", Move::Named("a)(b".into()));
    assert_reads("Pair(1, -2)", Move::Pair(1, -2));
    assert_reads(r#"{"Absolute":40}"#, Move::Absolute(40));
    assert_reads("To(1.5)", Move::To(Some(Metres(1.5))));
    assert_reads("To(none)", Move::To(None));
    assert_reads(r#"{"Custom":{"rate":7}}"#, Move::Custom { rate: 7 });
    assert_refuses::<Move>(
        "Absolute(300)",
        "argument `value.Absolute`: expected an integer from 0 to 255 (u8), got `300`",
    );
    for word in ["Custom", "Custom { rate: 7 }"] {
        assert_refuses::<Move>(
            word,
            "argument `value`: the variant `Custom` holds a value: \
             write {\"Custom\": ...} around an object ({ rate: u32 })",
        );
    }
}

#[test]
fn an_option_that_is_missing_is_none() {
    let options = [
        ("x", u8::SCHEMA),
        ("y", <Option<u8>>::SCHEMA),
        ("z", <Option<()>>::SCHEMA),
    ];
    let procedure = procedure("demo.set", &options);
    assert_eq!(from_words(&procedure, &["1"]).unwrap(), [1, 0, 0]);
    assert_eq!(from_words(&procedure, &["1", "2"]).unwrap(), [1, 1, 2, 0]);
    assert_eq!(
        from_words(&procedure, &["y=2", "x=1"]).unwrap(),
        [1, 1, 2, 0]
    );
    assert_eq!(from_json(&procedure, &json!([1])).unwrap(), [1, 0, 0]);
    assert_eq!(from_json(&procedure, &json!({"x": 1})).unwrap(), [1, 0, 0]);
    assert!(from_words(&procedure, &["y=2"]).is_err());
}

#[test]
fn a_missing_argument_is_named() {
    assert_eq!(
        complaint(&add(), &["y=3"]),
        "argument `x` of calculator.add is missing: calculator.add(x: i32, y: i32)"
    );
}

#[test]
fn arguments_beyond_the_last_are_counted() {
    assert_eq!(
        complaint(&add(), &["1", "2", "3", "4"]),
        "calculator.add takes 2 arguments, and 4 were given: calculator.add(x: i32, y: i32)"
    );
}

#[test]
fn an_argument_is_given_once() {
    assert_eq!(
        complaint(&add(), &["2", "x=3"]),
        "argument `x` is given twice"
    );
    assert_eq!(
        complaint(&add(), &["y=2", "y=2"]),
        "argument `y` is given twice"
    );
}

#[test]
fn after_a_name_every_word_has_one() {
    assert_eq!(
        complaint(&add(), &["y=2", "3"]),
        "`3` follows an argument with a name and needs one too: calculator.add(x: i32, y: i32)"
    );
}

#[test]
fn a_mistyped_name_is_recognised() {
    let pow = procedure(
        "calculator.pow",
        &[("base", i32::SCHEMA), ("exponent", u32::SCHEMA)],
    );
    let expected = "calculator.pow(base: i32, exponent: u32) has no argument `exponnent`; \
                    did you mean `exponent`?";
    for words in [
        &["2", "exponnent=3"][..],
        &["base=2", "exponnent=3"],
        &["2", "3", "exponnent=3"],
    ] {
        assert_eq!(complaint(&pow, words), expected, "{words:?}");
    }
}

#[test]
fn numbers_are_written_as_people_write_them() {
    assert_reads("-2147483648", i32::MIN);
    assert_reads("1_000_000", 1_000_000_u32);
    assert_reads("0xFFFF_FFFF_FFFF_FFFF", u64::MAX);
    assert_reads("-0b11", -3_i8);
    assert_reads("340282366920938463463374607431768211455", u128::MAX);
    assert_reads("1", 1.0_f64);
    assert_reads("-2.5e-3", -2.5e-3_f32);
    assert_reads("0.1", 0.1_f32);
    assert_reads("-inf", f64::NEG_INFINITY);
    assert_reads("nan", f32::NAN);
    assert_reads("1.5", Metres(1.5));
}

#[test]
fn what_is_no_number_of_the_type_is_refused() {
    assert_refuses::<i32>(
        "3000000000",
        "argument `value`: expected an integer from -2147483648 to 2147483647 (i32), \
         got `3000000000`",
    );
    assert_refuses::<u8>(
        "two",
        "argument `value`: expected an integer from 0 to 255 (u8), got `two`",
    );
    assert_refuses::<f32>(
        "1e39",
        "argument `value`: expected a number, nan, inf or -inf (f32), got `1e39`",
    );
    assert_refuses::<bool>("1", "argument `value`: expected true or false, got `1`");
}

#[test]
fn text_is_taken_as_it_is() {
    for text in [
        "hello world",
        "a=b",
        "\"quoted\"",
        "-1",
        "@home",
        "",
        "none",
        "é=ü",
    ] {
        assert_reads(text, text.to_owned());
    }
    assert_reads("=", '=');
    assert_refuses::<char>("ab", "argument `value`: expected one character, got `ab`");
}

#[test]
fn text_that_starts_like_a_name_is_named() {
    let evaluate = procedure("calculator.evaluate", &[("text", str::SCHEMA)]);
    assert_eq!(
        from_words(&evaluate, &["text=text=1"]).unwrap(),
        b"\x06text=1"
    );
}

#[test]
fn bytes_are_hexadecimal_a_file_or_json() {
    assert_reads("0x00ff", vec![0_u8, 0xff]);
    assert_reads("0x", Vec::<u8>::new());
    assert_reads("[0, 255]", vec![0_u8, 0xff]);
    let file = std::env::temp_dir().join(format!("serial-rpc-word-{}", std::process::id()));
    std::fs::write(&file, b"\x01\x02").unwrap();
    assert_reads(&format!("@{}", file.display()), vec![1_u8, 2]);
    std::fs::remove_file(&file).unwrap();
    let procedure = procedure("demo.set", &[("value", <[u8]>::SCHEMA)]);
    let missing = complaint(&procedure, &["@/no/such/file"]);
    assert!(
        missing.starts_with("argument `value`: cannot read /no/such/file: "),
        "{missing}"
    );
}

#[test]
fn an_option_is_none_or_its_value() {
    assert_reads("none", None::<u8>);
    assert_reads("null", None::<u8>);
    assert_reads("7", Some(7_u8));
    assert_reads("7", Some(Some(7_u8)));
    assert_reads("{\"Some\": null}", Some(None::<u8>));
    assert_reads("Fast", Some(Mode::Fast));
}

#[test]
fn a_variant_is_its_name_or_json() {
    assert_reads("Slow", Mode::Slow);
    assert_reads("\"Slow\"", Mode::Slow);
    assert_reads(
        "{\"Custom\": {\"rate\": \"0xff\"}}",
        Mode::Custom { rate: 255 },
    );
    assert_refuses::<Mode>(
        "fast",
        "argument `value`: there is no variant `fast` \
         in enum Mode { Slow, Fast, Custom { rate: u32 } }; did you mean `Fast`?",
    );
}

#[test]
fn everything_structured_is_json() {
    assert_reads("[1, \"nan\", 3]", vec![1.0, f64::NAN, 3.0]);
    assert_reads("{\"y\": 0.5, \"x\": -1}", Point { x: -1, y: 0.5 });
    assert_reads("{\"a\": true}", BTreeMap::from([("a".to_owned(), true)]));
    assert_reads("null", ());
    assert_refuses::<[Point]>(
        "[{\"x\": 1, \"y\": 2}, {\"x\": 100000, \"y\": 2}]",
        "argument `value[1].x`: expected an integer from -32768 to 32767 (i16), got `100000`",
    );
    assert_refuses::<Point>(
        "{x: 1}",
        "argument `value`: expected JSON for Point, got `{x: 1}` \
         (key must be a string at line 1 column 2)",
    );
}

#[test]
fn json_holds_all_arguments_in_order_or_by_name() {
    for arguments in [json!([2, 3]), json!({"y": 3, "x": 2}), json!(["0x2", "3"])] {
        assert_eq!(from_json(&add(), &arguments).unwrap(), [4, 6]);
    }
    for (arguments, complaint) in [
        (
            json!([2]),
            "argument `y` of calculator.add is missing: calculator.add(x: i32, y: i32)",
        ),
        (
            json!([1, 2, 3]),
            "calculator.add takes 2 arguments, and 3 were given: calculator.add(x: i32, y: i32)",
        ),
        (
            json!({"X": 1, "y": 2}),
            "calculator.add(x: i32, y: i32) has no argument `X`; did you mean `x`?",
        ),
        (
            json!({"x": null, "y": 2}),
            "argument `x`: expected an integer from -2147483648 to 2147483647 (i32), got `null`",
        ),
        (
            json!(5),
            "expected a list or an object with the arguments, got `5`: \
             calculator.add(x: i32, y: i32)",
        ),
    ] {
        assert_eq!(
            from_json(&add(), &arguments).unwrap_err().to_string(),
            complaint
        );
    }
}
