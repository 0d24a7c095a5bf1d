//! Writes measured tables and pictures: to `tests/measured`, and into sections of the README of
//! rpc-proto.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Returns the path of a file of `tests/measured`.
pub fn measured(file: &str) -> PathBuf {
    Path::new(REPOSITORY).join("tests/measured").join(file)
}

/// Replaces the text between the two marks of that section in the README of rpc-proto.
///
/// # Errors
/// Fails if the file cannot be read or written, or has lost its marks.
pub fn write_section(section: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let begin = format!("<!-- {section} -->\n");
    let end = format!("<!-- end of {section} -->");
    let path = Path::new(REPOSITORY).join("rpc-proto/README.md");
    let readme = fs::read_to_string(&path)?;
    let (before, rest) = readme
        .split_once(&begin)
        .ok_or("the README has lost its marks")?;
    let (_, after) = rest
        .split_once(&end)
        .ok_or("the README has lost its marks")?;
    Ok(fs::write(
        path,
        format!("{before}{begin}{text}{end}{after}"),
    )?)
}
