//! Call procedures of a microcontroller from the host.

pub mod description;
pub mod value;

mod cursor;
mod nearest;
