//! Tests that the cost of the protocol on a device matches `figures.txt`.
//!
//! `UPDATE_FIGURES=1 cargo test -p tests --test size` writes the measurements into that file.
#![cfg(unix)]

use libtest_mimic::{Arguments, Failed};
use std::env;
use std::error::Error;
use std::fs;
use std::process::ExitCode;
use tests::board::LM3S6965;
use tests::device_cost::{self, CALLER, Figure, IMAGES, MORE_IMAGES, PACKAGE};
use tests::stepped::SteppedDevice;
use tests::{c_images, growth, ignorable, image};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/figures.txt");
const WRITTEN: &str = include_str!("../figures.txt");

fn main() -> ExitCode {
    if env::var_os("UPDATE_FIGURES").is_some_and(|value| value == "1") {
        return match update() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("The figures cannot be measured: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let arguments = Arguments::from_args();
    let no_image = || PACKAGE.missing_target();
    let no_device = || LM3S6965.missing_target().or(LM3S6965.missing_emulator());
    let no_c = || c_images::missing_compiler().or(LM3S6965.missing_emulator());
    let trials = vec![
        ignorable::trial("the_sizes_are_those_written_down", no_image, || {
            the_figures_are_those_written_down(&device_cost::size_figures()?, &["flash", "ram"])
        }),
        ignorable::trial("the_calls_cost_what_is_written_down", no_device, || {
            let figures = device_cost::call_figures()?;
            the_figures_are_those_written_down(&figures, &["stack", "instructions"])
        }),
        ignorable::trial("the_c_library_costs_what_is_written_down", no_c, || {
            the_figures_are_those_written_down(&device_cost::c_figures()?, &["C"])
        }),
        ignorable::trial("one_more_costs_what_is_written_down", no_device, || {
            the_figures_are_those_written_down(&growth::figures()?, &["growth"])
        }),
        ignorable::trial("every_byte_of_an_echo_is_counted_alike", no_device, || {
            every_byte_of_an_echo_is_counted_alike()
        }),
        ignorable::trial("the_images_have_no_panic_and_no_memcpy", no_image, || {
            the_images_have_no_panic_and_no_memcpy()
        }),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Compares with the recorded figures whose first word is one of `of`.
fn the_figures_are_those_written_down(measured: &[Figure], of: &[&str]) -> Result<(), Failed> {
    let measured: Vec<String> = measured.iter().map(ToString::to_string).collect();
    let about = |line: &&str| {
        line.split(' ')
            .next()
            .is_some_and(|word| of.contains(&word))
    };
    let written: Vec<&str> = WRITTEN.lines().filter(about).collect();
    if written == measured {
        return Ok(());
    }
    let mut differences = String::from("- written down, + measured\n");
    let gone = written
        .iter()
        .filter(|line| !measured.contains(&line.to_string()));
    differences.extend(gone.map(|line| format!("- {line}\n")));
    let new = measured
        .iter()
        .filter(|line| !written.contains(&line.as_str()));
    differences.extend(new.map(|line| format!("+ {line}\n")));
    Err(differences.into())
}

/// Writes the measurements into the file, below the text at its beginning.
fn update() -> Result<(), Box<dyn Error>> {
    let is_word = |line: &&str| line.is_empty() || line.starts_with('#');
    let mut text: String = WRITTEN
        .split_inclusive('\n')
        .take_while(|line| is_word(&line.trim()))
        .collect();
    let figures = device_cost::size_figures()?
        .into_iter()
        .chain(device_cost::call_figures()?)
        .chain(device_cost::c_figures()?)
        .chain(growth::figures()?);
    text.extend(figures.map(|figure| format!("{figure}\n")));
    Ok(fs::write(PATH, text)?)
}

/// Tests the accuracy of the counts: waiting is not included, and nothing is lost between two
/// bytes.
fn every_byte_of_an_echo_is_counted_alike() -> Result<(), Failed> {
    let mut device = SteppedDevice::boot(&LM3S6965, &PACKAGE.image("echo")?)?;
    let one = device.answer(&[0])?.instructions;
    let five = device.answer(&[1, 1, 0xFF, 7, 0])?.instructions;
    assert_ne!(one, 0);
    assert_eq!(five, 5 * one);
    Ok(())
}

fn the_images_have_no_panic_and_no_memcpy() -> Result<(), Failed> {
    for binary in IMAGES {
        let found = image::symbols_with(&PACKAGE.image(binary)?, &["panic", "memcpy", "memmove"])?;
        // The handler is there because the language requires one; nothing calls it.
        assert!(found.is_empty(), "{binary}: {found:#?}");
    }
    for binary in MORE_IMAGES.into_iter().chain([CALLER]) {
        let found = image::symbols_with(&PACKAGE.image(binary)?, &["panic"])?;
        assert!(found.is_empty(), "{binary}: {found:#?}");
    }
    Ok(())
}
