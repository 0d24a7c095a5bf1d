//! Tests that the program leaves nothing in the folder where it is started, whatever the home of the user.
#![cfg(unix)]

use std::process::Command;

#[test]
fn without_a_proper_home_there_is_no_cache() {
    for home in [Some("relative"), Some(""), None] {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_serial-rpc"));
        program
            .args(["--port", "sim", "call", "calculator.add", "2", "3"])
            .current_dir(folder.path())
            .env_remove("XDG_CACHE_HOME")
            .env_remove("SERIAL_RPC_NO_CACHE");
        match home {
            Some(home) => program.env("HOME", home),
            // The system may know another home, where a cache does no harm.
            None => program.env_remove("HOME"),
        };
        let output = program.output().unwrap();
        assert_eq!(output.stdout, b"5\n");
        let left: Vec<_> = folder.path().read_dir().unwrap().collect();
        assert!(left.is_empty(), "{home:?}: {left:?}");
    }
}
