//! The failures of this program: those of the library, and those of a command line.

use crate::words::Unclosed;
pub use serial_rpc::failure::{Class, Failure};

impl From<Unclosed> for Failure {
    fn from(unclosed: Unclosed) -> Self {
        Self::new(Class::Usage, unclosed.to_string())
    }
}

/// Returns the failure for a command line that clap refuses.
pub fn refused(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    match text.split_once("\n\n") {
        Some((message, usage)) => Failure::new(Class::Usage, message).hint(usage.trim_start()),
        None => Failure::new(Class::Usage, text),
    }
}
