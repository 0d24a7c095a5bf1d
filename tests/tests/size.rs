//! What the protocol costs on a device is what `figures.txt` says.

use libtest_mimic::{Arguments, Failed};
use std::process::ExitCode;
use tests::ignorable;
use tests::image::{self, Images};

static IMAGES: Images = Images::of("tests/size", "thumbv7m-none-eabi");

const FIGURES: &str = include_str!("../figures.txt");

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let missing = || IMAGES.missing_target();
    let trials = vec![
        ignorable::trial("the_figures_are_those_written_down", missing, || {
            the_figures_are_those_written_down()
        }),
        ignorable::trial("the_images_have_no_panic_and_no_memcpy", missing, || {
            the_images_have_no_panic_and_no_memcpy()
        }),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn the_figures_are_those_written_down() -> Result<(), Failed> {
    let echo = image::size(&IMAGES.image("echo")?)?;
    let mut differences = Vec::new();
    for line in FIGURES.lines() {
        let Some((figure, written)) = line.split_once(": ") else {
            continue;
        };
        let (what, image) = figure.split_once(' ').ok_or("a figure has two words")?;
        let size = image::size(&IMAGES.image(image)?)?;
        let measured = match what {
            "flash" => size.flash - echo.flash,
            "ram" => size.ram - echo.ram,
            _ => return Err(format!("nobody knows how to measure {figure}").into()),
        };
        if written.parse() != Ok(measured) {
            differences.push(format!(
                "{figure}: {written} is written, {measured} measured"
            ));
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

fn the_images_have_no_panic_and_no_memcpy() -> Result<(), Failed> {
    for binary in ["full", "undescribed", "bare"] {
        let found = image::symbols_with(&IMAGES.image(binary)?, &["panic", "memcpy", "memmove"])?;
        // The handler is there because the language asks for one; nothing calls it.
        assert!(found.is_empty(), "{binary}: {found:#?}");
    }
    Ok(())
}
