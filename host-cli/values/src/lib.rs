//! Converts values of a device, by its own description, between JSON, the words of a shell and the
//! bytes of the wire, and shows the bytes of a whole conversation in words.
//!
//! There is no I/O here and no thread, so that it also builds for a browser. The crate `serial-rpc`
//! re-exports these modules and makes calls with them.

pub mod arguments;
mod cursor;
pub mod description;
mod nearest;
pub mod safe;
pub mod seconds;
pub mod trace;
pub mod value;
