//! Tests the files that `get` writes: large ones, and those that cannot be written.
#![cfg(unix)]

use rpc_proto::services::blocks::{BlocksService, Stored};
use serial_rpc_simulator::SimulatedDevice;
use std::fs;
use std::process::Command;
use tests::offered::Offered;
use tests::program::{program, serial_rpc};
use tests::shelf::{Shelf, ShelfService, pattern};
use tests::test_device::TestDevice;

const BYTES: usize = 50_000;

fn shelf() -> Offered<TestDevice<ShelfService>> {
    Offered::new(SimulatedDevice::with(BlocksService(Stored::new(
        Shelf::with(BYTES),
    ))))
}

#[test]
fn a_block_goes_to_a_file_and_to_stdout_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    let device = shelf();
    let outcome = serial_rpc(&device.port(), &["get", "data", file.to_str().unwrap()]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(fs::read(&file).unwrap() == pattern(BYTES));

    let output = Command::new(program())
        .args(["--no-cache", "--port", &device.port(), "get", "data", "-"])
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    assert!(output.stdout == pattern(BYTES));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_full_disk_does_not_cost_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    fs::write(&file, "old").unwrap();
    let device = shelf();
    // Files may have 4,096 bytes at most. A write beyond fails, as one to a full disk.
    let line = format!(
        "trap '' XFSZ; ulimit -f 8; '{}' --no-cache --port {} get data '{}'",
        program().display(),
        device.port(),
        file.display()
    );
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = format!("error: cannot write {}: File too large", file.display());
    assert!(said.starts_with(&expected), "{said}");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_block_that_is_not_there_does_not_cost_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    fs::write(&file, "old").unwrap();
    let outcome = serial_rpc(&shelf().port(), &["get", "nothing", file.to_str().unwrap()]);
    assert_eq!(outcome.code, Some(6));
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
}
