//! Reads the Rust source of an interface, and returns the description that a device built from it has: the same bytes
//! that the compiler makes of `#[service]`, `#[derive(Schema)]` and `interface!`.
//!
//! Nothing is compiled. The traits are read by the macros' own parser, and the description is written by the code that
//! the compiler runs. The source may use types of `core`, `std`, `heapless` and its own, in as many files as its `mod`
//! declarations name; limits may be constants. What only a compiler could find out, such as a type of another crate, is
//! an error that tells the line.
//!
//! ```no_run
//! // The interface in a file, or the one of several that is named.
//! let description = serial_rpc_source::description("src/interface.rs")?;
//! let description = serial_rpc_source::description("src/interface.rs#BenchSupply")?;
//! # Ok::<(), serial_rpc_source::SourceError>(())
//! ```

mod constant;
mod error;
mod interface;
mod kept;
mod package;
mod resolve;
mod service;
mod tree;
mod types;

pub use error::SourceError;

use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

/// The stack of the thread that reads, in bytes.
const STACK: usize = 64 * 1024 * 1024;

/// Stands between the path of a file and the name of an interface in it.
const NAMED: char = '#';

/// Returns true if it is the path of Rust source, as [`description`] takes it.
///
/// ```
/// assert!(serial_rpc_source::is_source("src/interface.rs"));
/// assert!(serial_rpc_source::is_source("src/interface.rs#BenchSupply"));
/// assert!(!serial_rpc_source::is_source("released.description"));
/// ```
#[must_use]
pub fn is_source(path: impl AsRef<Path>) -> bool {
    let (file, _) = split(path.as_ref());
    file.extension().is_some_and(|extension| extension == "rs")
}

/// Returns the description of the interface in a file and the modules that it declares, as a device sends it.
///
/// It is that of the `interface!`, or of the only `#[service]` if there is none. If there are several, the name of
/// one follows the path behind a `#`.
///
/// # Errors
/// Fails if there is no such interface, or it takes a compiler to tell what its types are.
pub fn description(path: impl AsRef<Path>) -> Result<Vec<u8>, SourceError> {
    let (file, name) = split(path.as_ref());
    let describe = || {
        let (tree, module) = tree::Tree::load(file)?;
        interface::describe(&tree, module, name)
    };
    // The parser needs a stack as deep as what is nested in the source.
    thread::scope(|scope| {
        let reading = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, describe)
            .map_err(|error| SourceError::of_file(file, error))?;
        reading.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// Splits a path into that of a file and the name of the interface.
fn split(path: &Path) -> (&Path, Option<&str>) {
    let named = path.to_str().and_then(|path| path.rsplit_once(NAMED));
    match named {
        Some((file, name)) if file.ends_with(".rs") => (Path::new(file), Some(name)),
        _ => (path, None),
    }
}
