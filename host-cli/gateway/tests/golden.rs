//! Tests the program's help and its failures to start, word for word.
//!
//! `TRYCMD=overwrite cargo test -p serial-rpc-gateway --test golden` rewrites the files in `tests/cmd`;
//! read them before you commit them.
#![cfg(unix)]

use trycmd::TestCases;

#[test]
fn the_program_has_help_for_people() {
    TestCases::new().case("tests/cmd/help.trycmd");
}

#[test]
fn a_failure_to_start_is_a_sentence_with_a_hint_and_an_exit_code() {
    TestCases::new().case("tests/cmd/failures.trycmd");
}
