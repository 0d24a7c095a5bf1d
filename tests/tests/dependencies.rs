//! Tests that the libraries depend on no more than their users need.

use std::process::Command;

/// Packages that only a program for a terminal needs, or only tests of a program.
const UNWANTED: [&str; 8] = [
    "anstream",
    "clap",
    "crossterm",
    "ctrlc",
    "firmware",
    "indicatif",
    "rustyline",
    "serial-rpc-simulator",
];

/// Returns the names of a package and all its dependencies, on every target.
fn tree(package: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", package, "--edges", "normal"])
        .args(["--prefix", "none", "--target", "all", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).expect("names are text");
    let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    lines.lines().map(name).collect()
}

#[test]
fn a_program_of_ones_own_gets_no_command_line_no_terminal_and_no_simulator() {
    let client = tree("serial-rpc");
    assert!(client.iter().any(|name| name == "serialport"), "{client:?}");
    for name in UNWANTED {
        assert!(!client.iter().any(|found| found == name), "{name}");
    }
}

#[test]
fn values_need_no_port_and_the_protocol_no_values() {
    assert!(
        !tree("serial-rpc-values")
            .iter()
            .any(|name| name == "serialport")
    );
    assert!(!tree("rpc-proto").iter().any(|name| name == "serde_json"));
}
