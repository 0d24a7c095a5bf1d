//! Tests that values by description hold for all types and values, and never panic on any input.

mod generate;
mod real_types;

use proptest::prelude::*;
use serial_rpc_values::arguments::{ArgumentsError, from_json};
use serial_rpc_values::description::{
    Argument, Description, Procedure, ProcedureKind, Shape, Type,
};
use serial_rpc_values::safe::is_hidden;
use serial_rpc_values::value::{decode, decode_all, encode, error_in_words, plain};

use generate::{any_json, any_type, any_type_and_value, any_word, schema_of};

fn from_words(procedure: &Procedure, words: &[impl AsRef<str>]) -> Result<Vec<u8>, ArgumentsError> {
    let read_file = |file: &str| std::fs::read(file);
    serial_rpc_values::arguments::from_words(procedure, words, &read_file)
}

fn encoded(ty: &Type, value: &serde_json::Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(ty, value, &mut bytes).unwrap_or_else(|error| panic!("{value} as {ty}: {error}"));
    bytes
}

fn parts(value: &serde_json::Value) -> usize {
    1 + match value {
        serde_json::Value::Array(values) => values.iter().map(parts).sum(),
        serde_json::Value::Object(values) => values.values().map(parts).sum(),
        _ => 0,
    }
}

fn procedure(arguments: Vec<Type>) -> Procedure {
    let name = |index| format!("a{index}");
    Procedure {
        number: 8,
        key: 0,
        path: "demo.set".to_owned(),
        doc: String::new(),
        arguments: (0..)
            .zip(arguments)
            .map(|(index, ty)| Argument {
                name: name(index),
                ty,
            })
            .collect(),
        value: Type::new("()", Shape::Unit),
        error: None,
        kind: ProcedureKind::Call,
        idempotent: false,
    }
}

proptest! {
    #[test]
    fn a_value_comes_back_from_its_bytes((ty, value) in any_type_and_value()) {
        prop_assert_eq!(decode_all(&ty, &encoded(&ty, &value)).unwrap(), value);
    }

    #[test]
    fn a_value_takes_its_own_bytes_and_no_more(
        (ty, value) in any_type_and_value(),
        next in any::<[u8; 3]>(),
    ) {
        let mut bytes = encoded(&ty, &value);
        bytes.extend(next);
        let mut rest = bytes.as_slice();
        prop_assert_eq!(decode(&ty, &mut rest).unwrap(), value);
        prop_assert_eq!(rest, next);
        prop_assert!(decode_all(&ty, &bytes).is_err());
    }

    #[test]
    fn a_cut_value_is_an_error((ty, value) in any_type_and_value(), cut in any::<prop::sample::Index>()) {
        let bytes = encoded(&ty, &value);
        prop_assume!(!bytes.is_empty());
        prop_assert!(decode_all(&ty, &bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn any_bytes_are_an_error_or_a_value_of_the_type(ty in any_type(), bytes: Vec<u8>) {
        if let Ok(value) = decode_all(&ty, &bytes) {
            prop_assert_eq!(decode_all(&ty, &encoded(&ty, &value)).unwrap(), value);
        }
    }

    #[test]
    fn any_json_is_an_error_or_a_value_of_the_type(ty in any_type(), json in any_json()) {
        let mut bytes = Vec::new();
        if encode(&ty, &json, &mut bytes).is_ok() {
            prop_assert!(decode_all(&ty, &bytes).is_ok());
        } else {
            prop_assert!(bytes.is_empty());
        }
    }

    #[test]
    fn a_value_has_no_more_parts_than_its_bytes_account_for(ty in any_type(), bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = decode(&ty, &mut &bytes[..]) {
            prop_assert!(parts(&value) <= 2 * (64 + 17 * bytes.len()), "{} from {bytes:?}", parts(&value));
        }
    }

    #[test]
    fn an_error_in_words_is_one_printable_line((ty, value) in any_type_and_value(), other in any_json()) {
        for value in [value, other] {
            let words = error_in_words(&ty, &value);
            prop_assert!(!words.chars().any(is_hidden), "{words:?}");
        }
    }

    #[test]
    fn arguments_in_json_are_the_tuple_of_their_values(
        given in prop::collection::vec(any_type_and_value(), 0..4),
    ) {
        let expected: Vec<u8> = given.iter().flat_map(|(ty, value)| encoded(ty, value)).collect();
        let (types, values): (Vec<_>, Vec<_>) = given.into_iter().unzip();
        let procedure = procedure(types);
        let by_name = procedure.arguments.iter().zip(&values).rev();
        let by_name = by_name.map(|(argument, value)| (argument.name.clone(), value.clone()));
        let by_name = serde_json::Value::Object(by_name.collect());
        prop_assert_eq!(&from_json(&procedure, &by_name).unwrap(), &expected);
        prop_assert_eq!(&from_json(&procedure, &values.into()).unwrap(), &expected);
    }

    #[test]
    fn a_value_as_it_is_shown_is_a_word_for_itself((ty, value) in any_type_and_value()) {
        // The one exception that the documentation names.
        let is_text = |ty: &Type| matches!(ty.shape, Shape::String | Shape::Char);
        prop_assume!(!matches!(&ty.shape, Shape::Option(inner) if is_text(inner)));
        let expected = encoded(&ty, &value);
        let procedure = procedure(vec![ty]);
        let word = format!("a0={}", plain(&value));
        prop_assert_eq!(from_words(&procedure, &[word]).unwrap(), expected);
    }

    #[test]
    fn any_words_are_arguments_or_an_error(
        types in prop::collection::vec(any_type(), 0..3),
        words in prop::collection::vec(any_word(), 0..4),
    ) {
        let procedure = procedure(types);
        let is_needed = |argument: &&Argument| !matches!(argument.ty.shape, Shape::Option(_));
        let needed = procedure.arguments.iter().filter(is_needed).count();
        match from_words(&procedure, &words) {
            Ok(_) => prop_assert!((needed..=procedure.arguments.len()).contains(&words.len())),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn a_type_reads_as_postcard_schema_writes_it(ty in any_type()) {
        let bytes = postcard::to_stdvec(&schema_of(&ty)).unwrap();
        prop_assert_eq!(Type::read(&bytes), Ok(ty));
    }

    #[test]
    fn a_damaged_description_is_a_description_or_an_error(
        ty in any_type(),
        at in any::<prop::sample::Index>(),
        byte: u8,
    ) {
        let procedures = [("p", "", [("a", schema_of(&ty))], schema_of(&ty), Some(schema_of(&ty)), true)];
        let services = [("s", "doc", &procedures[..])];
        let mut bytes = postcard::to_stdvec(&("device", "1.0.0", &services[..])).unwrap();
        let at = at.index(bytes.len());
        prop_assert!(Description::read(&bytes[..at]).is_err());
        bytes[at] = byte;
        if let Ok(description) = Description::read(&bytes) {
            for procedure in description.procedures() {
                prop_assert!(!procedure.signature().to_string().is_empty());
            }
        }
    }

    #[test]
    fn any_bytes_are_a_description_or_an_error(bytes: Vec<u8>) {
        if let Ok(description) = Description::read(&bytes) {
            prop_assert!(description.procedures().count() <= bytes.len());
        }
    }
}
