//! Tests that `serial-rpc gateway` starts the gateway that is installed, with all that it was given.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// Says what it was given.
const STAND_IN: &str = "#!/bin/sh
echo \"$0:\" \"$@\"
echo $SERIAL_RPC_PORT, $SERIAL_RPC_BAUD, $SERIAL_RPC_TIMEOUT, $SERIAL_RPC_RETRIES, $SERIAL_RPC_NO_CACHE
exit 3
";

fn put_stand_in(folder: &Path) {
    let file = folder.join("serial-rpc-gateway");
    fs::write(&file, STAND_IN).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs a copy of the program in `folder`, which is also its current folder.
fn run(folder: &Path, path: &Path, words: &[&str]) -> Output {
    let program = folder.join("serial-rpc");
    if !program.exists() {
        fs::hard_link(env!("CARGO_BIN_EXE_serial-rpc"), &program)
            .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_serial-rpc"), &program).map(drop))
            .unwrap();
    }
    let mut command = Command::new(program);
    for name in ["PORT", "BAUD", "TIMEOUT", "RETRIES", "NO_CACHE"] {
        command.env_remove(format!("SERIAL_RPC_{name}"));
    }
    let command = command.current_dir(folder).env("PATH", path).args(words);
    command.output().unwrap()
}

#[test]
fn the_gateway_gets_all_that_follows_and_its_exit_code_is_that_of_the_program() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, elsewhere) = (folder.path(), elsewhere.path());
    put_stand_in(elsewhere);
    for (words, arguments, environment) in [
        (
            &["gateway", "sim", "--listen", "8000", "-5"][..],
            "sim --listen 8000 -5",
            ", , , ,",
        ),
        (&["gateway", "--help"], "--help", ", , , ,"),
        (
            &["gateway", "sim", "--baud", "9600"],
            "sim --baud 9600",
            ", , , ,",
        ),
        (
            &[
                "--port",
                "id:E661",
                "--retries",
                "1",
                "--timeout",
                "0.5",
                "--no-cache",
                "gateway",
            ],
            "",
            "id:E661, , 0.5, 1, 1",
        ),
    ] {
        let output = run(folder, elsewhere, words);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let expected = format!(
            "{}/serial-rpc-gateway: {arguments}\n{environment}\n",
            elsewhere.display()
        );
        assert_eq!(said, expected.replace(": \n", ":\n"), "{words:?}");
        assert_eq!(output.status.code(), Some(3), "{words:?}");
    }
    // The one beside the program comes first.
    put_stand_in(folder);
    let output = run(folder, elsewhere, &["gateway"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.starts_with(&folder.display().to_string()), "{said}");
}

#[test]
fn without_a_gateway_there_is_a_hint_how_to_install_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), folder.path(), &["gateway", "sim"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: serial-rpc-gateway is neither beside this program nor in PATH\n\
         hint: `cargo install --path host-cli/gateway`, in a clone, installs it\n"
    );
}
