//! The firmware as it runs on a board, emulated by QEMU.
//!
//! Where QEMU or the board's Rust target is missing, these tests are ignored and say why; with
//! `SERIAL_RPC_REQUIRE_EMULATOR=1` they fail instead, so that no CI passes by skipping them.
#![cfg(unix)]

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use object::{Object, ObjectSymbol};
use std::env;
use std::fs;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;
use tests::board::{Board, LM3S6965};
use tests::emulator::Emulator;
use tests::pty::Pty;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        image_trial("the_image_has_no_panic_path", the_image_has_no_panic_path),
        emulator_trial(
            "64_kib_come_back_intact_over_a_serial_port",
            bytes_come_back_intact_over_a_serial_port,
        ),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A trial of the board's image, which needs only the compiler for it.
fn image_trial(name: &str, test: fn(&Board) -> Result<(), Failed>) -> Trial {
    Trial::ignorable_test(name, move || {
        unless_missing(LM3S6965.missing_target(), || test(&LM3S6965))
    })
}

/// A trial of a freshly booted board.
fn emulator_trial(name: &str, test: fn(&Emulator) -> Result<(), Failed>) -> Trial {
    Trial::ignorable_test(name, move || {
        let missing = LM3S6965
            .missing_target()
            .or_else(|| LM3S6965.missing_emulator());
        unless_missing(missing, || test(&Emulator::start(&LM3S6965)?))
    })
}

fn unless_missing(
    missing: Option<String>,
    test: impl FnOnce() -> Result<(), Failed>,
) -> Result<Completion, Failed> {
    let required = env::var_os("SERIAL_RPC_REQUIRE_EMULATOR").is_some_and(|value| value == "1");
    match missing {
        Some(reason) if required => Err(reason.into()),
        Some(reason) => Ok(Completion::ignored_with(reason)),
        None => test().map(|()| Completion::Completed),
    }
}

fn the_image_has_no_panic_path(board: &Board) -> Result<(), Failed> {
    let file = fs::read(board.image()?)?;
    let image = object::File::parse(&*file)?;
    let names: Vec<&str> = image
        .symbols()
        .map(|symbol| symbol.name())
        .collect::<Result<_, _>>()?;
    assert!(names.contains(&"Reset"), "the image has lost its symbols");
    // Every panic goes through `core::panicking`, whichever way its name is mangled.
    let panics: Vec<_> = names.iter().filter(|name| name.contains("panic")).collect();
    assert!(panics.is_empty(), "{panics:#?}");
    Ok(())
}

fn bytes_come_back_intact_over_a_serial_port(emulator: &Emulator) -> Result<(), Failed> {
    let pty = Pty::bridge(emulator.uart())?;
    let mut port = serialport::new(pty.path(), 115_200)
        .timeout(Duration::from_secs(10))
        .open()?;
    let bytes: Vec<u8> = (0..64 * 1024_u32)
        .map(|i| (i.wrapping_mul(0x9e37_79b1) >> 24) as u8)
        .collect();
    // No more at once than the board's receive buffer holds.
    for sent in bytes.chunks(256) {
        port.write_all(sent)?;
        let mut received = vec![0; sent.len()];
        port.read_exact(&mut received)?;
        assert_eq!(received, sent);
    }
    Ok(())
}
