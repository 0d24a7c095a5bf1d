//! `serial-rpc batch`: what a file of calls comes to.

use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use tests::program::{Outcome, serial_rpc};

const CALLS: &str = "\
# Comments and empty lines are no calls.

calculator.add 2 3    # nor is this
calculator.div 1 0
calculator.statistics [1, 3]
calculator.clear
calculator.add '2
calculator.ad 2 3
";

const FIRST_TWO: &str = r#"{"line":3,"procedure":"calculator.add","value":5}
{"line":4,"procedure":"calculator.div","failure":{"class":"procedure","code":6,"message":"calculator.div failed: divide by zero (MathError::DivideByZero)","error":"DivideByZero"}}
"#;

const OTHERS: &str = r#"{"line":5,"procedure":"calculator.statistics","value":{"count":2,"min":1.0,"max":3.0,"mean":2.0,"deviation":1.0}}
{"line":6,"procedure":"calculator.clear","value":null}
{"line":7,"procedure":null,"failure":{"class":"usage","code":2,"message":"a quotation mark is not closed"}}
{"line":8,"procedure":"calculator.ad","failure":{"class":"usage","code":2,"message":"the device has no procedure `calculator.ad`; did you mean `calculator.add`?","hint":"`serial-rpc list` shows what there is"}}
"#;

fn batch(option: &[&str]) -> Outcome {
    let (_folder, calls) = file("calls.txt", CALLS);
    let path = calls.to_str().expect("the path is text");
    serial_rpc("sim", &[&["batch", path], option].concat())
}

fn file(name: &str, content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn the_first_failure_ends_it_and_gives_the_exit_code() {
    let outcome = batch(&[]);
    assert_eq!(outcome.stdout, FIRST_TWO);
    assert_eq!(outcome.code, Some(6));
    assert_eq!(
        outcome.stderr,
        "error: line 4: calculator.div failed: divide by zero (MathError::DivideByZero)\n"
    );
}

#[test]
fn with_keep_going_every_line_is_called_and_the_first_failure_gives_the_exit_code() {
    let outcome = batch(&["--keep-going"]);
    assert_eq!(outcome.stdout, [FIRST_TWO, OTHERS].concat());
    assert_eq!(outcome.code, Some(6));
}

#[test]
fn a_file_that_is_not_there_is_a_mistake_of_usage() {
    let outcome = serial_rpc("sim", &["batch", "no-such-file"]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome
            .stderr
            .starts_with("error: cannot read no-such-file: ")
    );
}
