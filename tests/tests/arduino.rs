//! Tests the C library on an AVR, the chip of an Arduino Mega: its example sketch, built as a person would who has put the
//! library into the sketchbook, and its values, where an `int` has 16 bits.
//!
//! If Arduino's builder, the compiler or the emulator is missing, these tests are ignored and say why; see
//! `tests::ignorable`.
#![cfg(unix)]

use libtest_mimic::{Arguments, Failed};
use serial_rpc::{Connection, Options, Port};
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tests::board::ARDUINO_MEGA;
use tests::c_program::Program;
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
        ignorable::trial(
            "values_are_the_same_where_an_int_has_16_bits_and_a_double_32",
            missing,
            values_are_the_same_where_an_int_has_16_bits_and_a_double_32,
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

/// A question to the program in `simavr/values.c`, and its answer.
fn asked(emulator: &Emulator, kind: u8, encoded: &[u8]) -> Result<Vec<u8>, Failed> {
    let mut uart = emulator.uart();
    uart.write_all(&[&[kind, encoded.len() as u8], encoded].concat())?;
    let mut length = [0];
    uart.read_exact(&mut length)?;
    let mut answer = vec![0; length[0].into()];
    uart.read_exact(&mut answer)?;
    Ok(answer)
}

fn values_are_the_same_where_an_int_has_16_bits_and_a_double_32() -> Result<(), Failed> {
    let interface =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/c/arduino/examples/Lamp/lamp.rs");
    let program = Program::of(&serial_rpc_source::description(interface)?);
    program.write("values.c", include_str!("../simavr/values.c"));
    let chip = ["-mmcu=atmega2560", "-Os"];
    let image = program.link("avr-gcc", &chip, &["values.c", serial_rpc_c::SOURCE_NAME])?;
    let emulator = Emulator::start_image(&ARDUINO_MEGA, &image)?;
    let mut values = Vec::new();
    for value in [0, 127, 128, u16::MAX] {
        values.push((b'h', postcard::to_stdvec(&value)?));
    }
    for value in [0, 0xFFFF, 0x1_0000, u32::MAX] {
        values.push((b'u', postcard::to_stdvec(&value)?));
        values.push((b'U', postcard::to_stdvec(&(u64::from(value) << 31))?));
        values.push((b'W', postcard::to_stdvec(&(u128::from(value) << 95))?));
    }
    for value in [-1, -0x8001, 0x8000, i32::MIN, i32::MAX] {
        values.push((b'i', postcard::to_stdvec(&value)?));
        values.push((b'I', postcard::to_stdvec(&(i64::from(value) << 31))?));
    }
    for value in [-0.0, 0.1, f32::MAX, f32::MIN_POSITIVE / 4.0, f32::INFINITY] {
        values.push((b'f', postcard::to_stdvec(&value)?));
        values.push((b'd', postcard::to_stdvec(&f64::from(value))?));
    }
    for value in ['a', 'ß', '€', '\u{10FFFF}'] {
        values.push((b'c', postcard::to_stdvec(&value)?));
    }
    values.push((b's', postcard::to_stdvec("Größe")?));
    values.push((b'b', postcard::to_stdvec(&[0_u8, 1, 255][..])?));
    for (kind, encoded) in values {
        let answer = asked(&emulator, kind, &encoded)?;
        assert_eq!(answer, encoded, "{}", char::from(kind));
    }
    // The nearest that it has.
    let nearest = postcard::to_stdvec(&f64::from(0.1_f32))?;
    assert_eq!(
        asked(&emulator, b'd', &postcard::to_stdvec(&0.1_f64)?)?,
        nearest
    );
    // More bytes than there are, by a length whose lowest 16 bits are those that there are.
    for kind in [b'b', b's'] {
        let encoded = [&postcard::to_stdvec(&0x1_0003_u32)?[..], b"abc"].concat();
        let answer = asked(&emulator, kind, &encoded)?;
        assert!(answer.is_empty(), "{}", char::from(kind));
    }
    Ok(())
}
