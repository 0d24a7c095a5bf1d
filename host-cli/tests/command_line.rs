//! Tests words on the command line that the files of golden sessions cannot hold.
#![cfg(unix)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

#[test]
fn words_that_are_not_unicode_are_refused() {
    let word = OsStr::from_bytes(b"calculator.\xff");
    for json in [&[][..], &["--json"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_serial-rpc"))
            .args(["--port", "sim", "call"])
            .arg(word)
            .args(json)
            .output()
            .expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("UTF-8"), "{said}");
    }
}
