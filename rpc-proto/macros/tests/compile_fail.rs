//! The messages that the compiler prints for an invalid service. Each file in `compile_fail/` is a mistake,
//! and the `.stderr` beside it is the message.
//!
//! The words around ours are the compiler's and change with its version. After an update, or
//! after changing a message, write them anew with
//!
//! ```sh
//! TRYBUILD=overwrite cargo test -p rpc-proto-macros --test compile_fail
//! ```
//!
//! and read the difference as a user would. With another compiler than that which CI uses, the
//! test is ignored.

#[test]
#[rustversion::attr(
    not(stable(1.95)),
    ignore = "the messages written down are those of Rust 1.95"
)]
fn each_mistake_is_explained_where_it_was_made() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}

/// Some mistakes are found only when a program is built. That is done where one is to pass.
#[test]
#[rustversion::attr(
    not(stable(1.95)),
    ignore = "the messages written down are those of Rust 1.95"
)]
fn each_mistake_that_a_build_finds_is_explained_where_it_was_made() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile_fail/built/nothing_wrong.rs");
    cases.compile_fail("tests/compile_fail/built/frame_*.rs");
}
