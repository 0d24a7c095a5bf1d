//! What is read from source is what the compiler makes of it, byte for byte; what only a compiler could tell is an
//! error with its line.

#![allow(dead_code, reason = "descriptions are all that is used here")]
#![allow(unused_qualifications, reason = "paths are found in every way")]

mod mistakes;
mod parts;
mod shapes;
mod told;

use rpc_proto::service::StaticInterface;
use serial_rpc_source::{description, is_source};
use std::path::{Path, PathBuf};

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/source")
        .join(file)
}

#[track_caller]
fn assert_described<I: StaticInterface>(path: impl AsRef<Path>) {
    let read = description(path).unwrap_or_else(|error| panic!("{error}"));
    let compiled = I::DESCRIPTION.concat();
    // As text first, which shows where they differ.
    assert_eq!(
        String::from_utf8_lossy(&read),
        String::from_utf8_lossy(&compiled)
    );
    assert_eq!(read, compiled);
}

#[test]
fn every_shape_of_type_is_described_as_the_compiler_does() {
    assert_described::<shapes::ShapesService<()>>(here("shapes.rs"));
}

#[test]
fn every_way_to_write_docs_and_limits_is_understood() {
    assert_described::<told::ToldService<()>>(here("told/mod.rs"));
}

#[test]
fn names_are_found_in_other_modules_and_files() {
    assert_described::<parts::Station<()>>(here("parts.rs"));
}

#[test]
fn one_of_several_interfaces_is_chosen_by_name() {
    assert_described::<parts::PumpService<()>>(here("parts.rs#Pump"));
    assert_described::<parts::valves::ValvesService<()>>(here("parts.rs#Valves"));
    assert_described::<parts::valves::ValvesService<()>>(here("parts/valves.rs"));
}

#[test]
fn the_demonstration_is_described_as_it_describes_itself() {
    let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../firmware/src");
    assert_described::<firmware::calculator::CalculatorService<()>>(firmware.join("interface.rs"));
    assert_described::<firmware::Demonstration<&firmware::DemonstrationEvents>>(
        firmware.join("demonstration.rs"),
    );
    assert_described::<firmware::Demonstration<&firmware::DemonstrationEvents>>(
        firmware.join("lib.rs#Demonstration"),
    );
}

#[test]
fn source_that_nobody_compiles_need_not_import_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = |types: &str, interface: &str| {
        let file = folder.path().join("lamp.rs");
        let source = format!(
            "#[service] trait Lamp {{ fn set(&mut self, {types}) -> Result<Moving<impl Iterator<Item = u8>>, Duration>; }}\n\
             {interface}! {{ struct Desk(\"desk\", \"1.0.0\") {{ lamp: LampService }} }}"
        );
        std::fs::write(&file, source).expect("there is room");
        description(file).unwrap_or_else(|error| panic!("{error}"))
    };
    let imported = "a: heapless::Vec<u8, 4>, b: heapless::String<5>, c: core::num::NonZeroU8, d: std::time::Duration";
    assert_eq!(
        told(
            "a: Vec<u8, 4>, b: String<5>, c: NonZeroU8, d: Duration",
            "interface"
        ),
        told(imported, "rpc_proto::interface"),
    );
}

#[test]
fn source_is_told_by_its_name() {
    for (path, is) in [
        ("a.rs", true),
        ("a.rs#B", true),
        ("a.json", false),
        ("rs", false),
        ("a#b", false),
    ] {
        assert_eq!(is_source(path), is, "{path}");
    }
}
