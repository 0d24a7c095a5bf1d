//! Call procedures of a microcontroller from the host.

pub mod description;

mod cursor;
mod nearest;
