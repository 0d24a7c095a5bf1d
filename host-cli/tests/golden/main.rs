//! Tests the program's output, word for word, for every command and for failures.
//!
//! The files in `tests/cmd` hold command lines and their output. `TRYCMD=overwrite cargo test -p
//! host-cli --test golden` rewrites them; read them before you commit them. They need no serial
//! port: they use the simulated device, or one of the faulty [`devices`].
#![cfg(unix)]

mod devices;

use devices::{offer, offer_once};
use serial_rpc::cache::Cache;
use std::fs;
use tempfile::TempDir;
use trycmd::TestCases;

/// Returns cases with an empty cache of their own.
fn cases() -> (TempDir, TestCases) {
    let folder = tempfile::tempdir().expect("a folder for the cache");
    let cases = TestCases::new();
    cases.env("XDG_CACHE_HOME", folder.path().to_string_lossy());
    (folder, cases)
}

/// Runs a file's cases on a device that is reached over TCP.
fn on(address: String, file: &str) {
    let (_folder, cases) = cases();
    cases
        .env("SERIAL_RPC_PORT", &address)
        .env("SERIAL_RPC_TIMEOUT", "1")
        .insert_var("[PORT]", address)
        .expect("the name of a variable")
        .case(file);
}

#[test]
fn every_command_prints_what_it_should() {
    let (_folder, cases) = cases();
    cases.case("tests/cmd/*.trycmd").case("tests/cmd/*.toml");
}

#[test]
fn every_command_has_help_for_people() {
    let (_folder, cases) = cases();
    cases.case("tests/cmd/help/*.trycmd");
}

#[test]
fn the_readmes_show_what_the_program_prints() {
    let (_folder, cases) = cases();
    cases
        .env("SERIAL_RPC_PORT", "sim")
        .case("../README.md")
        .case("README.md");
}

#[test]
fn descriptions_are_at_hand_while_the_device_is_not() {
    let (folder, cases) = cases();
    let cache = folder.path().join("serial-rpc");
    let device = serial_rpc::Connection::to(serial_rpc_simulator::SimulatedDevice::new());
    let description = device.description_bytes().expect("it describes itself");
    Cache::in_folder(&cache)
        .put(&description)
        .expect("it can be kept");
    fs::write(cache.join("0badc0de.description"), "damaged").expect("a file can be written");
    cases
        .case("tests/cmd/devices/unplugged.trycmd")
        .case("tests/cmd/devices/completion.toml");
}

#[test]
fn a_device_that_says_nothing() {
    on(offer(devices::silent), "tests/cmd/devices/silent.trycmd");
}

#[test]
fn a_device_of_another_speed() {
    on(offer(devices::noisy), "tests/cmd/devices/noisy.trycmd");
}

#[test]
fn a_device_that_prints_text() {
    on(offer(devices::talking), "tests/cmd/devices/talking.trycmd");
}

#[test]
fn a_line_of_seven_bits() {
    let device = offer(devices::seven_bits);
    on(device, "tests/cmd/devices/seven_bits.trycmd");
}

#[test]
fn a_port_that_speaks_telnet() {
    on(offer(devices::telnet), "tests/cmd/devices/telnet.trycmd");
}

#[test]
fn a_port_that_is_taken() {
    on(offer(devices::taken), "tests/cmd/devices/taken.trycmd");
}

#[test]
fn a_device_that_gets_every_call_damaged() {
    let device = offer(devices::refusing);
    on(device, "tests/cmd/devices/refusing.trycmd");
}

#[test]
fn a_device_that_crashes_in_its_procedures() {
    let device = offer(devices::crashing);
    on(device, "tests/cmd/devices/crashing.trycmd");
}

#[test]
fn a_port_wired_to_itself() {
    on(offer(devices::echoing), "tests/cmd/devices/echoing.trycmd");
}

#[test]
fn a_device_of_another_version() {
    on(
        offer(devices::of_another_version),
        "tests/cmd/devices/version.trycmd",
    );
}

#[test]
fn a_device_that_hangs_in_its_procedures() {
    on(offer(devices::hanging), "tests/cmd/devices/hanging.trycmd");
}

#[test]
fn a_device_whose_firmware_can_be_replaced() {
    let device = offer(devices::updatable);
    on(device, "tests/cmd/devices/update.trycmd");
}

#[test]
fn a_device_that_goes_away() {
    on(
        offer(devices::vanishing),
        "tests/cmd/devices/vanishing.trycmd",
    );
}

#[test]
fn a_device_that_goes_away_for_good() {
    on(
        offer_once(devices::vanishing),
        "tests/cmd/devices/gone.trycmd",
    );
}

#[test]
fn a_device_without_a_description() {
    on(
        offer(devices::undescribed),
        "tests/cmd/devices/undescribed.trycmd",
    );
}
