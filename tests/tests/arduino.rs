//! Tests the example sketch of the C library, built as a person would who has put the library into the sketchbook, on the
//! AVR of an Arduino Mega.
//!
//! If Arduino's builder, the compiler or the emulator is missing, these tests are ignored and say why; see
//! `tests::ignorable`.
#![cfg(unix)]

use libtest_mimic::{Arguments, Failed};
use serial_rpc::{Connection, Options, Port};
use std::process::ExitCode;
use std::time::Duration;
use tests::board::ARDUINO_MEGA;
use tests::emulator::Emulator;
use tests::program::serial_rpc;
use tests::pty::Pty;
use tests::{ignorable, image};

/// The interface of the example sketch.
#[allow(dead_code, reason = "only its client is used")]
#[path = "../../firmware/c/arduino/examples/Lamp/lamp.rs"]
mod lamp;

/// The image of the example sketch.
const SKETCH: &str = "Lamp.ino.elf";

fn main() -> ExitCode {
    let missing = || {
        let compiler = ARDUINO_MEGA.missing_target();
        compiler.or_else(|| ARDUINO_MEGA.missing_emulator())
    };
    let trials = vec![
        ignorable::trial(
            "the_example_sketch_is_built_without_an_allocator",
            || ARDUINO_MEGA.missing_target(),
            the_example_sketch_is_built_without_an_allocator,
        ),
        ignorable::trial(
            "the_lamp_of_the_example_sketch_can_be_dimmed",
            missing,
            the_lamp_of_the_example_sketch_can_be_dimmed,
        ),
        ignorable::trial(
            "the_example_sketch_answers_a_thousand_calls_and_loses_no_byte",
            missing,
            the_example_sketch_answers_a_thousand_calls_and_loses_no_byte,
        ),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn the_example_sketch_is_built_without_an_allocator() -> Result<(), Failed> {
    let images = ARDUINO_MEGA.images();
    let found = image::symbols_with(&images.image(SKETCH)?, images.allocator())?;
    assert!(found.is_empty(), "{found:#?}");
    Ok(())
}

fn the_lamp_of_the_example_sketch_can_be_dimmed() -> Result<(), Failed> {
    let emulator = Emulator::start_binary(&ARDUINO_MEGA, SKETCH)?;
    let pty = Pty::bridge(emulator.uart())?;
    let see = |command: &[&str]| {
        let outcome = serial_rpc(pty.path(), &[&["--timeout", "60"], command].concat());
        (outcome.code, outcome.stdout, outcome.stderr)
    };
    let answered = |printed: &str| (Some(0), printed.to_owned(), String::new());
    assert_eq!(see(&["call", "lamp.dim", "50"]), answered(""));
    assert_eq!(see(&["call", "lamp.brightness"]), answered("50\n"));
    let too_bright = "error: lamp.dim failed: too bright (TooBright)\n";
    assert_eq!(
        see(&["call", "lamp.dim", "101"]),
        (Some(6), String::new(), too_bright.to_owned())
    );
    let watch = [
        "watch",
        "lamp.dimmed",
        "--count",
        "1",
        "--timestamps",
        "none",
    ];
    let (code, seen, _) = see(&[&watch[..], &["--json", "--call", "lamp.dim 20"]].concat());
    assert_eq!(code, Some(0));
    assert!(seen.contains("{\"percent\":20}"), "{seen}");
    Ok(())
}

fn the_example_sketch_answers_a_thousand_calls_and_loses_no_byte() -> Result<(), Failed> {
    let emulator = Emulator::start_binary(&ARDUINO_MEGA, SKETCH)?;
    let pty = Pty::bridge(emulator.uart())?;
    let patient = Options {
        timeout: Duration::from_secs(60),
        ..Options::default()
    };
    let device = Connection::open_with(Port::Serial(pty.path().to_owned()), patient)?;
    let mut lamp = lamp::LampClient::new(&device);
    for call in 0..500_u16 {
        let percent = (call % 101) as u8;
        lamp.dim(percent).map_err(|error| format!("{error:?}"))?;
        assert_eq!(lamp.brightness(), Ok(percent));
    }
    let device = device.statistics()?.device;
    assert_eq!((device.corrupt, device.overruns), (0, 0), "{device:?}");
    Ok(())
}
