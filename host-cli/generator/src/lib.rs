//! Writes C for an interface, from its description: a header with types, limits and the procedures to implement, a
//! source with codecs, dispatcher and description, and a typed client.
//!
//! The description may come from a device, so it is not trusted: whatever its names, docs and limits are, what is written is C
//! that means no more than the interface, and its size is bounded. The same description makes the same text.
//!
//! ```
//! use serial_rpc_generator::generate_c;
//!
//! let files = generate_c(b"\x04demo\x051.0.0\x00", true)?;
//! let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
//! assert_eq!(names, ["demo.h", "demo.c", "demo_client.h", "demo_client.c"]);
//! # Ok::<(), serial_rpc_generator::GenerateError>(())
//! ```

mod client;
mod codec;
mod device;
mod header;
mod model;
mod names;
mod signatures;
mod text;

use model::Interface;
use serial_rpc_values::description::ReadError;
use thiserror::Error;

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The reason why there is no C for an interface.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GenerateError {
    /// The bytes are not a description.
    #[error("{0}")]
    Description(#[from] ReadError),
    /// A value would take too much memory.
    #[error(
        "a value of `{path}` would take {size} bytes in C, and at most {most} are supported: give its types lower limits"
    )]
    TooLarge {
        /// The procedure.
        path: String,
        /// The bytes that it would take.
        size: u64,
        /// The most that are supported.
        most: u64,
    },
    /// A type has no counterpart in C.
    #[error("`{path}` has a description of a type as a value, which C code cannot take")]
    Unsupported {
        /// The procedure.
        path: String,
    },
}

/// Returns the files for an interface, by its description as a device sends it: those for the device, and those for callers
/// if they are wanted.
///
/// # Errors
/// Fails if it is no description, or has a type that C cannot have.
pub fn generate_c(description: &[u8], client: bool) -> Result<Vec<File>, GenerateError> {
    let interface = Interface::new(description)?;
    let mut files = vec![
        File {
            name: format!("{}.h", interface.name),
            text: header::write(&interface),
        },
        File {
            name: format!("{}.c", interface.name),
            text: device::write(&interface),
        },
    ];
    if client {
        files.push(File {
            name: format!("{}_client.h", interface.name),
            text: client::header(&interface),
        });
        files.push(File {
            name: format!("{}_client.c", interface.name),
            text: client::source(&interface),
        });
    }
    Ok(files)
}
