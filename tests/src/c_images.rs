//! Builds firmware images in C: the same small calculator as that of `tests/size`, over the same UART.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler that the figures are those of, and its version: another makes other code.
const COMPILER: &str = "arm-none-eabi-gcc";
const VERSION: &str = "12.2.1";

/// The images whose calls are counted.
pub const IMAGES: [&str; 4] = ["bare", "undescribed", "full", "bare_large_table"];

/// Images that are `undescribed` with an addition: an event, a stream and a feed, and a block.
pub const MORE_IMAGES: [&str; 3] = ["events", "streams", "blocks"];

/// Returns the reason why the images cannot be built here as the figures want it, with a remedy.
#[must_use]
pub fn missing_compiler() -> Option<String> {
    let version = Command::new(COMPILER).arg("-dumpfullversion").output();
    match version {
        Err(_) => Some(format!(
            "{COMPILER} is not installed: sudo apt install gcc-arm-none-eabi"
        )),
        Ok(output) => {
            let version = String::from_utf8_lossy(&output.stdout);
            let version = version.trim();
            (version != VERSION).then(|| {
                format!("the figures are those of {COMPILER} {VERSION}, and this is {version}")
            })
        }
    }
}

/// Builds an image with the C library and returns its ELF file.
///
/// # Errors
/// Returns the compiler's output if it fails.
pub fn image(name: &str) -> Result<PathBuf, String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/images");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tests/c");
    let (main, flags): (_, &[&str]) = match name {
        "bare_large_table" => ("bare", &["-DSRPC_CRC_TABLE=256"]),
        name => (name, &[]),
    };
    let written = |error: std::io::Error| error.to_string();
    fs::create_dir_all(&folder).map_err(written)?;
    let library = folder.join(serial_rpc_c::SOURCE_NAME);
    fs::write(
        folder.join(serial_rpc_c::HEADER_NAME),
        serial_rpc_c::header(),
    )
    .map_err(written)?;
    fs::write(&library, serial_rpc_c::source()).map_err(written)?;
    let image = folder.join(format!("{name}.elf"));
    let of_images = ["start.c", "calculator.c", "checked.c"].map(|file| sources.join(file));
    let output = Command::new(COMPILER)
        .args(["-mcpu=cortex-m3", "-mthumb", "-std=c99", "-Os", "-flto"])
        .args([
            "-ffunction-sections",
            "-fdata-sections",
            "-Wl,--gc-sections",
        ])
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"])
        .args(["-nostartfiles", "-ffreestanding", "-specs=nano.specs", "-g"])
        .args(flags)
        // The frames are of 64 bytes.
        .arg("-DSRPC_MAX_FRAME=64")
        .arg("-I")
        .arg(&folder)
        .arg("-T")
        .arg(sources.join("image.ld"))
        .arg("-o")
        .arg(&image)
        .args(of_images)
        .arg(sources.join(format!("{main}.c")))
        .arg(library)
        .output()
        .map_err(|error| format!("{COMPILER} does not start: {error}"))?;
    if output.status.success() {
        Ok(image)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
