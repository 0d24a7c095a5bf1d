//! Call procedures of a microcontroller from the host.

pub mod arguments;
pub mod description;
pub mod value;

mod cursor;
mod nearest;
