//! Mistakes in source: each is an error with its line, and a way out if there is one.

use serial_rpc_source::{SourceError, description};
use std::fs;

/// Returns the error for source that has a mistake.
fn mistake(source: &str) -> SourceError {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("lamp.rs");
    fs::write(&file, source).expect("there is room");
    let error = description(&file).expect_err("it has a mistake");
    assert_eq!(error.file, file);
    error
}

/// Checks the line, the message and the hint.
#[track_caller]
fn assert_mistake(source: &str, line: usize, message: &str, hint: &str) {
    let error = mistake(source);
    assert_eq!((error.line, &*error.message), (line, message), "{source}");
    let given = error.hint.unwrap_or_default();
    assert!(
        given.contains(hint) && given.is_empty() == hint.is_empty(),
        "{given}"
    );
}

/// Returns a service of one procedure, on line 3.
fn lamp(procedure: &str, more: &str) -> String {
    format!(
        "#[rpc_proto::service]\ntrait Lamp {{\n    {procedure}\n}}\n\
         rpc_proto::interface! {{ struct Desk(\"desk\", \"1.0.0\") {{ lamp: LampService<()> }} }}\n{more}"
    )
}

#[test]
fn what_the_macro_refuses_is_refused_in_its_words() {
    let message = "a procedure takes `&mut self` or `&self` first, unless it is an `#[event]`";
    assert_mistake(&lamp("fn set(on: bool);", ""), 3, message, "");
    let message = "`usize` and `isize` differ between device and host: use `u32`, `i32` or another type of fixed size";
    assert_mistake(&lamp("fn set(&mut self, to: usize);", ""), 3, message, "");
    let source = lamp(
        "fn set(&mut self, to: State);",
        "#[derive(Schema)]\nstruct State {\n#[serde(skip)]\non: bool }",
    );
    let message = "with this, serde encodes something else than `Schema` describes: leave it out, or implement \
                   `Schema` by hand and let a test `rpc_proto::schema::verify` it";
    assert_mistake(&source, 8, message, "");
}

#[test]
fn what_only_a_compiler_can_tell_is_said_with_its_line() {
    let source = lamp("fn set(&mut self, to: embassy_time::Instant);", "");
    let message = "it takes a compiler to tell what `embassy_time::Instant` is";
    assert_mistake(&source, 3, message, "what other crates define");
    let source = lamp("fn set(&mut self, to: State);", "");
    assert_mistake(
        &source,
        3,
        "it takes a compiler to tell what `State` is",
        "types are those of this source",
    );
    let source = lamp("fn set(&mut self, to: heapless::Vec<u8, { most() }>);", "");
    assert_mistake(
        &source,
        3,
        "it takes a compiler to tell the number `most()`",
        "as a constant",
    );
    let source = lamp("fn set(&mut self, to: State);", "struct State;");
    assert_mistake(&source, 6, "`State` does not derive Schema", "#[derive(");
    let source = lamp(
        "fn set(&mut self, to: State);",
        "#[derive(Schema)]\nstruct State {\n#[cfg(x)] on: bool }",
    );
    assert_mistake(
        &source,
        8,
        "it takes a compiler to tell if this is there",
        "",
    );
}

#[test]
fn types_and_constants_without_an_end_are_found() {
    let source = lamp(
        "fn set(&mut self, to: State);",
        "#[derive(Schema)]\nstruct State(Option<State>);",
    );
    assert_mistake(
        &source,
        7,
        "a type cannot contain itself: it would have no end",
        "",
    );
    let source = lamp("fn set(&mut self, to: A);", "type A = B;\ntype B = A;");
    assert_mistake(
        &source,
        7,
        "a type cannot contain itself: it would have no end",
        "",
    );
    let source = lamp(
        "fn set(&mut self, to: [u8; N]);",
        "const N: usize = M;\nconst M: usize = N;",
    );
    assert!(
        mistake(&source)
            .message
            .starts_with("it takes a compiler to tell the number")
    );
    let deep = format!(
        "fn set(&mut self, to: {}u8{});",
        "Option<".repeat(70),
        ">".repeat(70)
    );
    assert_mistake(&lamp(&deep, ""), 3, "types nest deeper than 64 here", "");
    let around = lamp(
        "fn set(&mut self, to: State);",
        "use self::a::*;\nmod a { pub use super::*; pub use super::b::*; }\nmod b { pub use super::a::*; }",
    );
    assert_mistake(
        &around,
        3,
        "it takes a compiler to tell what `State` is",
        "types are",
    );
}

#[test]
fn a_file_without_an_interface_says_what_one_is() {
    assert_mistake(
        "fn main() {}",
        0,
        "there is no interface here",
        "rpc_proto::service",
    );
    assert_eq!(
        mistake(
            "fn main() {
+ }"
        )
        .line,
        2
    );
    let two = "#[service] trait A { fn a(&self); }\n#[service] trait B { fn b(&self); }";
    assert_mistake(
        two,
        0,
        "there are several interfaces here: A, B",
        "lamp.rs#NAME",
    );
    assert_mistake(
        "#[service] trait A { fn a(&self); }",
        0,
        "there is no Cargo.toml that tells the version of the interface",
        "interface!",
    );
    let error = description("nowhere.rs").expect_err("it is not there");
    assert!(
        error.to_string().starts_with("nowhere.rs: cannot be read"),
        "{error}"
    );
}

#[test]
fn a_module_that_is_missing_is_an_error_if_it_is_needed() {
    let source = lamp("fn set(&mut self, to: u8);", "mod board;");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("lamp.rs");
    fs::write(
        &file,
        lamp("fn set(&mut self, to: board::State);", "mod board;"),
    )
    .expect("there is room");
    let error = description(&file).expect_err("board is missing");
    assert!(
        error.to_string().contains("board.rs: cannot be read"),
        "{error}"
    );
    fs::write(&file, source).expect("there is room");
    // What a module offers cannot be known before it is read.
    assert!(description(&file).is_err());
}

#[test]
fn what_two_services_may_not_share_is_refused() {
    let source = "mod a { #[service] pub trait Lamp { fn a(&self); } }\n\
                  mod b { #[service] pub trait Lamp { fn b(&self); } }\n\
                  interface! { struct Desk(\"desk\", \"1.0.0\") { a: a::LampService<()>, b: b::LampService<()> } }";
    assert_mistake(
        source,
        3,
        "two services have the same name, `lamp`: rename one of the traits",
        "",
    );
    let source = "interface! { struct Desk(\"desk\", \"1.0.0\") { a: other::LampService<()> } }";
    assert_mistake(
        source,
        1,
        "this is no service that the source shows",
        "other crates are not read",
    );
}
