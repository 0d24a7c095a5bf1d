//! Builds the example sketch of the Arduino library, as a person would who has put the library into their sketchbook:
//! with Arduino's own builder and core, and the compiler for AVR.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Arduino's builder.
const BUILDER: &str = "arduino-builder";

/// The folder of the builder's core for AVR.
const HARDWARE: &str = "/usr/share/arduino/hardware";

/// The folders of our own, whose sources must compile without a warning.
const OWN: [&str; 2] = ["serial_rpc", "Lamp"];

/// Builds the sketch for an Arduino Mega, below that folder, and returns the folder with the image.
///
/// # Errors
/// Returns the output of the builder if it fails or warns of our sources, or the reason why a file cannot be written.
pub fn build(library: &Path, folder: &Path) -> Result<PathBuf, String> {
    let sketchbook = folder.join("sketchbook");
    let images = folder.join("images");
    prepare(library, &sketchbook, &images).map_err(|error| error.to_string())?;
    let mut builder = Command::new(BUILDER);
    builder
        .arg("-compile")
        .args(["-hardware", "/usr/share/arduino-builder"])
        .args(["-hardware", HARDWARE])
        .args(["-tools", "/usr/bin"])
        .arg("-libraries")
        .arg(sketchbook.join("libraries"))
        .args(["-fqbn", "arduino:avr:mega:cpu=atmega2560"])
        .arg("-build-path")
        .arg(&images)
        .args(["-warnings", "all"])
        .arg("-prefs=runtime.tools.avr-gcc.path=/usr")
        // This core names it as a newer compiler does.
        .arg("-prefs=compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__")
        .arg(sketchbook.join("libraries/serial_rpc/examples/Lamp/Lamp.ino"));
    let output = builder
        .output()
        .map_err(|error| format!("{BUILDER} does not start: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let warns = |line: &str| line.contains("warning:") && OWN.iter().any(|own| line.contains(own));
    if !output.status.success() || said.lines().any(warns) {
        return Err(said.into_owned());
    }
    Ok(images)
}

/// Puts the library into an empty sketchbook, with its two files.
fn prepare(library: &Path, sketchbook: &Path, images: &Path) -> io::Result<()> {
    let copy = sketchbook.join("libraries/serial_rpc");
    match fs::remove_dir_all(&copy) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(copy.join("examples/Lamp"))?;
    fs::create_dir_all(copy.join("src"))?;
    fs::create_dir_all(images)?;
    for entry in fs::read_dir(library)? {
        let path = entry?.path();
        if path.is_file() {
            fs::copy(&path, copy.join(path.file_name().unwrap_or_default()))?;
        }
    }
    for entry in fs::read_dir(library.join("examples/Lamp"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        fs::copy(&path, copy.join("examples/Lamp").join(name))?;
    }
    let source = copy.join("src");
    fs::write(
        source.join(serial_rpc_c::HEADER_NAME),
        serial_rpc_c::header(),
    )?;
    fs::write(
        source.join(serial_rpc_c::SOURCE_NAME),
        serial_rpc_c::source(),
    )
}

/// Returns the reason why no sketch can be built here, with a remedy.
#[must_use]
pub fn missing() -> Option<String> {
    // It has no option that does nothing and succeeds.
    let starts = Command::new(BUILDER).arg("-version").output().is_ok();
    let compiles = Command::new("avr-gcc").arg("--version").output().is_ok();
    (!starts || !compiles || !Path::new(HARDWARE).is_dir()).then(|| {
        format!(
            "{BUILDER} is not installed: \
             sudo apt install arduino-builder arduino-core-avr gcc-avr avr-libc"
        )
    })
}
